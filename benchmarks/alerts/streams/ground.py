"""The records of a stream while causes are planted among them: records are changed or added."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.alerts.stream import Cause, CauseKind
from benchmarks.alerts.streams.episodes import NONE
from benchmarks.alerts.streams.families.family import Family, Oddity

SOON = 3_600.0
"""Seconds after a record with a cause within which anything odd of the same entity is due to it."""

LATER = 86_400.0
"""Seconds within which what is left over of it in the entity's memory is due to it."""

Values: TypeAlias = Mapping[str, str | float]
"""Attributes and their values."""

Mask: TypeAlias = npt.NDArray[np.bool_]


class Ground:
    """Records, and the causes among them.

    Parameters
    ----------
    family
        The family of the stream.
    frame
        Its records, in the order of time, with the columns ``entity``, ``time`` and ``kind``.
    rng
        Source of all that is random.
    """

    def __init__(self, family: Family, frame: pl.DataFrame, rng: np.random.Generator) -> None:
        self.family = family
        self.rng = rng
        self.frame = frame.with_columns(cause=pl.lit(NONE, dtype=pl.Int32))
        self._ordinary = self.frame.filter(pl.col("kind") == "")
        self._added: list[pl.DataFrame] = []
        self._causes: list[Cause] = []
        self.rolled_out: set[str] = set()
        """Entities that got a new value of an attribute: they get no other."""

    def new_cause(
        self, kind: CauseKind, oddity: str, shared: Values | None = None, twin: int | None = None
    ) -> int:
        """Return the number of a new cause; its extent is known once all is planted."""
        number = len(self._causes)
        name = f"{kind}-{1 + sum(cause.kind == kind for cause in self._causes)}"
        with_ = None if twin is None else self._causes[twin].name
        self._causes.append(Cause(name, kind, 0.0, 0.0, 0, 0, dict(shared or {}), oddity, with_))
        return number

    def values(self, number: int) -> Iterable[tuple[str, str | float]]:
        """Return the attributes that a cause shares, and their values."""
        return self._causes[number].attributes.items()

    def label(self, rows: Mask, number: int) -> None:
        """Say that records have a cause."""
        of = pl.when(pl.Series(rows)).then(pl.lit(number, dtype=pl.Int32))
        self.frame = self.frame.with_columns(cause=of.otherwise(pl.col("cause")))

    def change(self, rows: Mask, number: int, oddity: Oddity, strength: float) -> None:
        """Make records odd that come anyway; those of another cause stay as they are."""
        free = (self.frame["cause"] == NONE) & (self.frame["kind"] == "")
        rows = rows & free.to_numpy()
        self.label(rows, number)
        at = np.flatnonzero(rows)
        changed = oddity.change(self.rng, self.frame[at], strength)
        parts = [self.frame.filter(~pl.Series(rows)), changed]
        self.frame = pl.concat(parts).sort("time", maintain_order=True)

    def add(
        self, rows: pl.DataFrame, number: int, oddity: Oddity, strength: float, odd: Mask
    ) -> None:
        """Add records, some of them odd."""
        rows = rows.with_columns(cause=pl.lit(number, dtype=pl.Int32))
        self._added.append(oddity.change(self.rng, rows.filter(pl.Series(odd)), strength))
        self._added.append(rows.filter(~pl.Series(odd)))

    def copies(
        self, entities: npt.NDArray[np.str_], times: npt.NDArray[np.float64]
    ) -> pl.DataFrame:
        """Return copies of ordinary records of entities, at other times: the nearest of each."""
        wanted = pl.DataFrame({"entity": entities, "at": times})
        found = wanted.sort("at").join_asof(
            self._ordinary,
            left_on="at",
            right_on="time",
            by="entity",
            strategy="nearest",
            check_sortedness=False,
        )
        found = found.filter(pl.col("unit").is_not_null())
        return found.with_columns(time=pl.col("at").round(3)).select(self.frame.columns)

    def with_value(self, name: str, value: str, has: pl.Expr) -> None:
        """Give an attribute another value in some records, those of the copies included."""
        new = pl.when(has).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        self.frame, self._ordinary = (
            frame.with_columns(new) for frame in (self.frame, self._ordinary)
        )

    def finish(self) -> tuple[pl.DataFrame, list[Cause]]:
        """Return all records in the order of time, and the causes that have some."""
        frame = pl.concat([self.frame, *self._added]).sort("time", maintain_order=True)
        extents = frame.filter(pl.col("cause") != NONE).group_by("cause").agg(
            pl.col("time").min().alias("begin"),
            pl.col("time").max().alias("end"),
            pl.len().alias("records"),
            pl.col("entity").n_unique().alias("entities"),
        )  # fmt: skip
        found = [
            Cause(
                name=cause.name,
                kind=cause.kind,
                begin=row["begin"],
                end=row["end"],
                records=row["records"],
                entities=row["entities"],
                attributes=cause.attributes,
                oddity=cause.oddity,
                twin=cause.twin,
            )
            for row in extents.sort("begin", "cause").iter_rows(named=True)
            for cause in [self._causes[row["cause"]]]
        ]
        names = {number: cause.name for number, cause in enumerate(self._causes)} | {NONE: None}
        oddities = {number: cause.oddity for number, cause in enumerate(self._causes)}
        return _with_later(frame).with_columns(
            cause=pl.col("cause").replace_strict(names, return_dtype=pl.String),
            later_cause=pl.col("later").replace_strict(names, return_dtype=pl.String),
            later_oddity=pl.col("later").replace_strict(
                oddities | {NONE: None}, return_dtype=pl.String
            ),
        ).drop("later"), found


def _with_later(frame: pl.DataFrame) -> pl.DataFrame:
    """Label ordinary records of an entity `SOON` after one that has a cause, and those `LATER`."""
    caused = frame.filter(pl.col("cause") != NONE)
    caused = caused.select("entity", "time", later="cause", before="time")
    near = frame.join_asof(caused, on="time", by="entity", tolerance=LATER, check_sortedness=False)
    is_soon = (pl.col("cause") == NONE) & (pl.col("time") - pl.col("before") < SOON)
    return near.with_columns(
        pl.col("later").fill_null(NONE),
        cause=pl.when(is_soon).then(pl.col("later")).otherwise(pl.col("cause")),
    ).drop("before")
