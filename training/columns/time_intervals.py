"""Columns of time intervals, which are replaced by their starts."""

import numpy as np
import polars as pl

from anomaly_app.core.roles.roles import Roles
from training.tables.times import AmbiguousTimeError, read_times

INTERVAL = (
    r"^\s*(\d[\d\s.:/T-]*?\d(?::\d{2}Z?)?)\s+(?:-|\x{2013}|\x{2014}|to|bis)\s+(\d[\d\s.:/TZ-]*\d)"
    r"\s*Z?\s*(?:\((?:UTC|GMT)\))?\s*$"
)
"""Matches ``01.01.2020 00:00 - 01.01.2020 00:15 (UTC)``."""

LOOKED_AT = 2_000
NEARLY_ALL = 0.95


def interval_starts(frame: pl.DataFrame, said: Roles) -> tuple[pl.DataFrame, list[str]]:
    """Replace intervals by their starts, and tell the user.

    Parameters
    ----------
    frame
        The table.
    said
        The roles that the user set.
    """
    named = {said.key, said.id, *said.named_features, *said.without}
    lines = []
    for column in frame.columns:
        if column in named or not _are_intervals(frame[column], said):
            continue
        first = frame[column].str.extract(INTERVAL, 1)
        frame = frame.with_columns(first.alias(column))
        lines.append(
            f"{column} has intervals, which were replaced by their starts; send the start to the "
            "topic"
        )
    return frame, lines


def _are_intervals(values: pl.Series, said: Roles) -> bool:
    if values.dtype != pl.String or values.null_count() == len(values):
        return False
    indices = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
    some = values.gather(indices).drop_nulls()
    found = some.str.extract(INTERVAL, 1).drop_nulls()
    if not len(some) or len(found) < NEARLY_ALL * len(some):
        return False
    try:
        read = read_times(found, zone=said.timezone, time_format=said.time_format)
    except AmbiguousTimeError:
        return True
    # "31 to 35" is an age, not an hour.
    written = found.str.contains(r"[-./:]").mean()
    return read.readable >= NEARLY_ALL and not read.own_clock and written == 1.0
