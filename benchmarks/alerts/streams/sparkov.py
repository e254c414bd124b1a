"""The card file: its later part, laid over itself so that many cards pay in the same two days.

It has 100 cards and 265 payments a day, with frauds among them:
<https://github.com/namebrandon/Sparkov_Data_Generation>. A model learns from the first part of it.
The rest is cut into pieces of two days, which all happen at once; the cards of each piece have
names of their own, and each has its own past in the memory. A cause is one episode of fraud of one
card: frauds less than a day apart.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from benchmarks.ablation.public import LEARNT, SPARKOV, SPARKOV_ROLES
from benchmarks.alerts.stream import DAY, Cause, Stream
from benchmarks.alerts.streams.judging import judge, learn, sample
from benchmarks.errors import BenchmarkError
from training.history import History

NAME = "sparkov"
DATA = "BENCH_STREAMS"
"""Environment variable: the folder that has the file."""

DAYS = 2
PAST = 30 * DAY
"""Seconds before a piece that its cards' memories know."""

KEPT = 0.9
"""Share of the pieces that a seed takes."""

ALERT_RATE = 0.02

BEGIN = 1_767_225_600.0
"""2026-01-01 in UTC: the second at which all pieces begin."""

UNUSED = ("entity", "time", "episode", "cause", "is_fraud")


class Pieces(NamedTuple):
    """What happens in the pieces, and before them; both in the order of time."""

    now: pl.DataFrame
    past: pl.DataFrame


def card_file() -> Path | None:
    """Return the file, if the user has it and says where."""
    folder = os.environ.get(DATA)
    file = Path(folder) / SPARKOV if folder else None
    return file if file is not None and file.exists() else None


def make_sparkov(seed: int) -> Stream:
    """Make a stream of the card file; seeds differ in where the pieces begin.

    Raises
    ------
    BenchmarkError
        The user has not said where the file is.
    """
    file = card_file()
    if file is None:
        raise BenchmarkError(f"set {DATA} to the folder that has {SPARKOV}")
    rng = np.random.default_rng([2, seed])
    whole = pl.read_csv(file).sort("unix_time", maintain_order=True)
    times = whole["unix_time"].to_numpy()
    cut = times[0] + LEARNT * (times[-1] - times[0])
    learnt = whole.filter(pl.col("unix_time") < cut)
    pieces = _pieces(whole, float(cut), rng)
    by = learn(
        _history(learnt, learnt["cust"].cast(pl.String), learnt["unix_time"]),
        "card-transactions",
        topic=NAME,
        alert_rate=ALERT_RATE,
        seed=seed,
        past=_history(pieces.past, pieces.past["entity"], pieces.past["time"]),
    )
    frame, causes = _with_causes(pieces.now)
    values = [*_records(frame)]
    arrivals = judge(by, frame, values, NAME, rng)
    return Stream(
        family=NAME,
        seed=seed,
        begin=BEGIN,
        days=DAYS,
        records=len(frame),
        arrivals=tuple(arrivals),
        causes=tuple(causes),
        samples=sample(frame, values),
    )


def _pieces(whole: pl.DataFrame, cut: float, rng: np.random.Generator) -> Pieces:
    """Cut what is after the first part, and lay the pieces over each other."""
    first = np.ceil(cut / DAY) * DAY + DAY * int(rng.integers(DAYS))
    last = float(whole["unix_time"][-1])
    begins = np.arange(first, last - DAYS * DAY, DAYS * DAY)
    begins = np.sort(rng.permutation(begins)[: round(KEPT * len(begins))])
    now, past = [], []
    for number, begin in enumerate(begins.tolist()):
        moved = whole.filter(
            pl.col("unix_time").is_between(begin - PAST, begin + DAYS * DAY, closed="left")
        ).with_columns(
            entity=pl.col("cust").cast(pl.String) + f"-{number:02d}",
            time=pl.col("unix_time") - begin + BEGIN,
        )
        now.append(moved.filter(pl.col("time") >= BEGIN))
        past.append(moved.filter(pl.col("time") < BEGIN))
    ordered = [pl.concat(parts).sort("time", maintain_order=True) for parts in (now, past)]
    return Pieces(*ordered)


def _history(frame: pl.DataFrame, entities: pl.Series, times: pl.Series) -> History:
    return History(
        source=SPARKOV,
        frame=frame.select("amt", "category"),
        entities=entities.alias(""),
        times=times.cast(pl.Float64).to_numpy(),
        roles=SPARKOV_ROLES,
    )


def _with_causes(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Cause]]:
    """Name the cause of each fraud, and leave other records without one."""
    frauds = frame.with_row_index("row").filter(pl.col("is_fraud") == 1).sort("entity", "time")
    new = (pl.col("entity") != pl.col("entity").shift()) | (pl.col("time").diff() > DAY)
    named = "episode-" + (new.fill_null(value=True).cum_sum()).cast(pl.String)
    frauds = frauds.with_columns(cause=named)
    rows = frame.with_row_index("row").join(
        frauds.select("row", "cause"), on="row", how="left", maintain_order="left"
    )
    extents = frauds.group_by("cause", maintain_order=True).agg(
        pl.col("time").min().alias("begin"),
        pl.col("time").max().alias("end"),
        pl.len().alias("records"),
    )
    causes = [
        Cause(row["cause"], "episode", row["begin"], row["end"], row["records"], 1, oddity="fraud")
        for row in extents.sort("begin").iter_rows(named=True)
    ]
    return rows.drop("row"), causes


def _records(frame: pl.DataFrame) -> Iterator[bytes]:
    """Write the payments with the file's own names, without their labels."""
    encode = msgspec.json.Encoder().encode
    shown = frame.with_columns(cust="entity", unix_time="time")
    for row in shown.drop(UNUSED, strict=False).iter_rows(named=True):
        yield encode(row)
