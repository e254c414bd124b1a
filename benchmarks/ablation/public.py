"""Public streams, read from a folder that the user has: none of them is part of the project."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from anomaly_app.core.roles.roles import Roles
from benchmarks.ablation.stream import Part, first_part
from training.history import History, read_history

SPARKOV = "sparkov_dev_100c.csv.gz"
SPARKOV_ROLES = Roles(key="cust", time="unix_time", label="is_fraud", features=("amt", "category"))

LEARNT = 0.4
"""Share of the time that is learnt from."""

SKAB_ROWS = 400
"""Readings of each run that are learnt from: they are before its anomaly."""


def sparkov(folder: Path) -> Sequence[Part]:
    """Read payments with 100 cards: <https://github.com/namebrandon/Sparkov_Data_Generation>."""
    return [first_part(read_history(folder / SPARKOV, SPARKOV_ROLES), LEARNT)]


def skab(folder: Path, half: int) -> Sequence[Part]:
    """Read every other run of a water circuit: <https://github.com/waico/SKAB>, ``valve1``.

    Parameters
    ----------
    folder
        It has the folder ``skab``.
    half
        0 for the runs of even number, 1 for the others.
    """
    runs = []
    for file in sorted((folder / "skab" / "valve1").glob("*.csv")):
        if int(file.stem) % 2 == half:
            read = pl.read_csv(file, separator=";")
            runs.append(
                read.with_columns(
                    time=_seconds(read["datetime"]),
                    entity=pl.lit(file.stem),
                    row=pl.int_range(pl.len()),
                )
            )
    frame = pl.concat(runs).sort("time", maintain_order=True)
    others = ("datetime", "changepoint", "anomaly", "time", "entity", "row")
    history = History(
        source="skab",
        frame=frame.drop(others),
        entities=frame["entity"].alias(""),
        times=frame["time"].to_numpy(),
        labels=(frame["anomaly"] == 1.0).to_numpy(),
        roles=Roles(key="run", time="datetime", label="anomaly"),
    )
    return [Part(history, (frame["row"] < SKAB_ROWS).to_numpy())]


def nab(folder: Path) -> Sequence[Part]:
    """Read seven series, each for a model of its own: <https://github.com/numenta/NAB>."""
    windows = msgspec.json.decode((folder / "nab" / "combined_windows.json").read_bytes())
    return [
        _series(file, windows[f"realKnownCause/{file.name}"])
        for file in sorted((folder / "nab" / "realKnownCause").glob("*.csv"))
    ]


def _series(file: Path, windows: Sequence[Sequence[str]]) -> Part:
    read = pl.read_csv(file)
    frame = read.with_columns(time=_seconds(read["timestamp"])).sort("time", maintain_order=True)
    inside = pl.Series([False]).new_from_index(0, len(frame))
    for window in windows:
        begin, end = _seconds(pl.Series(window))
        inside |= frame["time"].is_between(begin, end)
    history = History(
        source=file.stem,
        frame=frame.select("value"),
        entities=pl.Series("", [file.stem]).new_from_index(0, len(frame)),
        times=frame["time"].to_numpy(),
        labels=inside.to_numpy(),
        roles=Roles(key="series", time="timestamp", label="anomaly"),
    )
    return first_part(history, LEARNT)


def _seconds(texts: pl.Series) -> pl.Series:
    return texts.str.to_datetime().dt.epoch("ms").cast(pl.Float64) / 1_000.0
