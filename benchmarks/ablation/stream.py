"""A stream of the ablation: labelled rows in time order, and what they are for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Flags
from anomaly_app.core.roles.roles import Roles
from training.history import History

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

START = 1_767_225_600.0
"""2026-01-01 in UTC: the first second of made streams."""


Column: TypeAlias = npt.NDArray[Any]
"""A made column: numbers or texts, one for each row."""


class Rows(NamedTuple):
    """Made rows: ``entity``, ``time`` and ``kind`` ("" is ordinary); other columns are features."""

    frame: pl.DataFrame
    source: str
    key: str


@dataclass(frozen=True)
class Part:
    """Rows that one model judges: it learns from some, and the others are judged."""

    history: History
    learnt: Flags
    """Whether each row is learnt from."""


@dataclass(frozen=True)
class Stream:
    """A stream that memories are judged on.

    Parameters
    ----------
    name
        Its name in tables.
    preset
        The preset that suits it.
    parts
        Makes its parts, given a seed and a share of its usual size.
    held_out
        Whether it is only reported: features are not chosen by it.
    """

    name: str
    preset: str
    parts: Callable[[int, float], Sequence[Part]]
    held_out: bool = False


def history_of(rows: Rows) -> History:
    """Join made rows to a history in time order."""
    frame = rows.frame.sort("time", maintain_order=True)
    return History(
        source=rows.source,
        frame=frame.drop("entity", "time", "kind"),
        entities=frame["entity"].alias(""),
        times=frame["time"].to_numpy(),
        labels=(frame["kind"] != "").to_numpy(),
        roles=Roles(key=rows.key, time="time", label="kind"),
    )


def first_part(history: History, share: float) -> Part:
    """Learn from the rows of the first part of the time."""
    times = history.times
    assert times is not None  # noqa: S101
    return Part(history, times < times[0] + share * (times[-1] - times[0]))
