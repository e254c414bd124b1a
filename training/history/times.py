"""Times of history, and warnings about rows without one."""

import numpy as np
import polars as pl

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.columns.role_inference import READABLE
from training.tables.table import Table
from training.tables.times import AmbiguousTimeError, Times, read_times


def times_of(column: pl.Series, roles: Roles, table: Table) -> Times:
    """Read the column of times.

    Raises
    ------
    DataError
        Most cells are not times, or day and month are ambiguous.
    """
    try:
        read = read_times(column, zone=roles.timezone, time_format=roles.time_format)
    except AmbiguousTimeError as fault:
        raise DataError(f"{fault}, or time=none") from None
    if read.readable < READABLE:
        indices = np.flatnonzero(np.isnan(read.seconds) & column.is_not_null().to_numpy())
        if len(indices) == 0:
            raise DataError(f"column {column.name!r} is empty in most rows: set another time=")
        index = int(indices[0])
        if read.unfit is not None:
            raise DataError(
                f"the time format {read.unfit!r} fits no value of column {column.name!r}, such as "
                f"{str(column[index])[:40]!r} ({table.where(index)}): fix the format, or set "
                "time=none"
            )
        raise DataError(
            f"cannot read the times in column {column.name!r}: {str(column[index])[:40]!r} "
            f"({table.where(index)}); set their format, such as --time-format '%d/%m/%Y %H:%M', "
            "or time=none"
        )
    return read


def about_times(column: pl.Series, read: Times, table: Table) -> list[str]:
    """Warn about rows without a time, and about relative times."""
    lines = []
    if read.unfit is not None:
        example = str(column.drop_nulls()[0])[:40]
        lines.append(
            f"the time format {read.unfit!r} fits no value of {column.name}, such as {example!r}: "
            "its times were read in common formats instead"
        )
    if len(indices := np.flatnonzero(np.isnan(read.seconds))):
        index = int(indices[0])
        found = "empty" if column[index] is None else repr(str(column[index])[:40])
        lines.append(
            f"{len(indices):,} of {len(column):,} rows have no readable time and were left out, "
            f"such as {found} ({table.where(index)})"
        )
    if read.own_clock:
        lines.append(
            f"{column.name} has relative times: its numbers were read as seconds since 1970, so "
            "the hour of the day has no meaning"
        )
    return lines
