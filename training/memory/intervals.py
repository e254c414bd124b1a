"""Windows in usual intervals of the history: ``60i`` is sixty readings, however often they come."""

import re

import polars as pl

from anomaly_app.core.memory.durations import DAY, ROUND_HOPS, SECOND, duration_text
from anomaly_app.core.memory.features import LONGEST
from training.history import History

INTERVALS = re.compile(r"(?<=:)(\d{1,4})i(?=:|$)")
"""A number of intervals, as a part of a feature's name."""

UNKNOWN = 60 * SECOND
"""The interval of a history without times or without entities that come again, in milliseconds."""


def usual_interval(history: History) -> int:
    """Return the median over entities of the median time between two rows, rounded.

    Returns
    -------
    int
        Milliseconds: a round duration, from a second to a day.
    """
    if history.times is None:
        return UNKNOWN
    entities = pl.Series([None] * len(history)) if history.entities is None else history.entities
    rows = pl.DataFrame({"entity": entities, "time": history.times})
    apart = rows.with_columns(pl.col("time").diff().over("entity").alias("apart"))
    medians = apart.filter(pl.col("apart") > 0.0).group_by("entity").agg(pl.col("apart").median())
    found = medians["apart"].median()
    if not isinstance(found, float):
        return UNKNOWN
    rounds = (*ROUND_HOPS, DAY)
    return min(rounds, key=lambda one: (max(one, found * SECOND) / min(one, found * SECOND), one))


def in_durations(feature: str, interval: int) -> str:
    """Write the intervals in a feature's name as durations.

    Parameters
    ----------
    feature
        A name such as ``mean:flow:60i``.
    interval
        Milliseconds.
    """
    return INTERVALS.sub(
        lambda found: duration_text(min(max(int(found[1]), 1) * interval, LONGEST)), feature
    )
