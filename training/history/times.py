"""The times of history, and what is said of rows without one."""

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
        Most of its cells are no times, or nothing tells the day from the month.
    """
    try:
        read = read_times(column, zone=roles.timezone, time_format=roles.time_format)
    except AmbiguousTimeError as fault:
        raise DataError(f"{fault}, or time=none") from None
    if read.readable < READABLE:
        places = np.flatnonzero(np.isnan(read.seconds) & column.is_not_null().to_numpy())
        if len(places) == 0:
            raise DataError(f"column {column.name!r} lacks a time in most rows: say another time=")
        place = int(places[0])
        if read.unfit is not None:
            raise DataError(
                f"the time format {read.unfit!r} fits no value of column {column.name!r}, such as "
                f"{str(column[place])[:40]!r} ({table.where(place)}): mend the format, or say "
                "time=none"
            )
        raise DataError(
            f"column {column.name!r} holds no times that can be read: {str(column[place])[:40]!r} "
            f"({table.where(place)}); name their format, such as --time-format '%d/%m/%Y %H:%M', "
            "or say time=none"
        )
    return read


def about_times(column: pl.Series, read: Times, table: Table) -> list[str]:
    """Say which rows have no time, and that numbers are no moments."""
    lines = []
    if read.unfit is not None:
        example = str(column.drop_nulls()[0])[:40]
        lines.append(
            f"the time format {read.unfit!r} fits no value of {column.name}, such as {example!r}: "
            "its times were read in the usual ways"
        )
    if len(places := np.flatnonzero(np.isnan(read.seconds))):
        place = int(places[0])
        found = "empty" if column[place] is None else repr(str(column[place])[:40])
        lines.append(
            f"{len(places):,} of {len(column):,} rows have no time that can be read and were left "
            f"out, such as {found} ({table.where(place)})"
        )
    if read.own_clock:
        lines.append(
            f"{column.name} counts from a start of its own: its numbers were read as seconds since "
            "1970, and hours of the day mean nothing"
        )
    return lines
