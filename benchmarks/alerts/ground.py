"""The records of a stream while causes are planted among them: records are changed or added."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.alerts.episodes import NONE
from benchmarks.alerts.families.family import Family, Oddity
from benchmarks.alerts.stream import Cause, CauseKind

AFTER = 3_600.0
"""Seconds after a record with a cause within which an anomaly of the same entity is due to it: the
memory of the entity still has it."""

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

    def new_cause(
        self, kind: CauseKind, oddity: str, shared: Values | None = None, twin: int | None = None
    ) -> int:
        """Return the number of a new cause; its extent is known once all is planted."""
        number = len(self._causes)
        name = f"{kind}-{1 + sum(cause.kind == kind for cause in self._causes)}"
        with_ = None if twin is None else self._causes[twin].name
        self._causes.append(Cause(name, kind, 0.0, 0.0, 0, 0, dict(shared or {}), oddity, with_))
        return number

    def label(self, rows: Mask, number: int) -> None:
        """Say that records have a cause."""
        of = pl.when(pl.Series(rows)).then(pl.lit(number, dtype=pl.Int32))
        self.frame = self.frame.with_columns(cause=of.otherwise(pl.col("cause")))

    def change(self, rows: Mask, number: int, oddity: Oddity, strength: float) -> None:
        """Make records odd that come anyway; those of another cause stay as they are."""
        rows = rows & (self.frame["cause"] == NONE).to_numpy() & (self.frame["kind"] == "").to_numpy()  # fmt: skip
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
        frame = _with_later(frame)
        return frame.with_columns(
            cause=pl.col("cause").replace_strict(names, return_dtype=pl.String)
        ), found


def _with_later(frame: pl.DataFrame) -> pl.DataFrame:
    """Label the ordinary records of an entity within `AFTER` of one that has a cause."""
    caused = frame.filter(pl.col("cause") != NONE).select("entity", "time", before="cause")
    near = frame.join_asof(caused, on="time", by="entity", tolerance=AFTER, check_sortedness=False)
    is_none = pl.col("cause") == NONE
    return near.with_columns(
        cause=pl.when(is_none).then(pl.col("before").fill_null(NONE)).otherwise(pl.col("cause"))
    ).drop("before")
