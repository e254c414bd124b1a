"""Columns that hold the time in parts, joined: dates and times of day, or years to seconds."""

from functools import cached_property

import polars as pl

from anomaly_app.core.roles.column_names import plain_name, suggested
from anomaly_app.core.roles.roles import Roles

LOOKED_AT = 2_000
"""Number of rows to check."""

CLOCK = r"^\s*\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*$"
JOINED = "date_time"
"""Name of the joined column."""

RANGES = {
    "year": (1900, 2100),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
"""Names and ranges of columns of whole numbers that hold parts of the time; the first three are
required."""

NEEDED = 3


class DateAndTime:
    """The columns that hold parts of the time, if any.

    Parameters
    ----------
    frame
        The table.
    roles
        The roles that the user set.
    """

    def __init__(self, frame: pl.DataFrame, roles: Roles) -> None:
        self._frame = frame
        said = {*roles.named_features, *roles.without}
        open_part = roles.time is None and "time" not in roles.absent
        self._columns = [one for one in frame.columns if one not in said] if open_part else []

    @cached_property
    def pair(self) -> tuple[str, str] | None:
        """Names of the columns of dates and of times of day."""
        names = {plain_name(column): column for column in self._columns}
        for plain, date in names.items():
            time = names.get(f"{plain.removesuffix('date')}time")
            if plain.endswith("date") and time is not None and JOINED not in self._frame.columns:
                return date, time
        return None

    def join(self) -> tuple[pl.DataFrame, list[str]]:
        """Replace the columns by one, and tell the user."""
        if self.pair is None:
            return self._join_hour() or self._join_numbers()
        date, time = self.pair
        if not (self._is_dates(date) and self._is_clock(time)):
            return self._frame, []
        joined = pl.concat_str(
            pl.col(date).cast(pl.String).str.strip_chars(),
            pl.col(time)
            .cast(pl.String)
            .str.strip_chars()
            .str.replace(r"^(\d{1,2})\.(\d\d)", "$1:$2")
            .str.replace(r"^(\d{1,2}:\d\d)\.(\d\d)", "$1:$2"),
            separator=" ",
        )
        return self._with(joined, [date, time])

    def _with(self, joined: pl.Expr, columns: list[str]) -> tuple[pl.DataFrame, list[str]]:
        line = (
            f"{', '.join(columns[:-1])} and {columns[-1]} were joined as the time, {JOINED}; send "
            f"one field {JOINED} to the topic"
        )
        return self._frame.with_columns(joined.alias(JOINED)).drop(columns), [line]

    def _join_hour(self) -> tuple[pl.DataFrame, list[str]] | None:
        names = {plain_name(column): column for column in reversed(self._columns)}
        date, hour = names.get("date"), names.get("hour")
        if date is None or hour is None or JOINED in self._frame.columns:
            return None
        if not (self._is_dates(date) and self._is_in_range("hour", hour)):
            return None
        texts = [pl.col(one).cast(pl.String).str.strip_chars() for one in (date, hour)]
        clock = pl.concat_str(texts[1].str.zfill(2), pl.lit(":00"))
        return self._with(pl.concat_str(texts[0], clock, separator=" "), [date, hour])

    def _join_numbers(self) -> tuple[pl.DataFrame, list[str]]:
        columns = self._numbers()
        if len(columns) < NEEDED:
            return self._frame, []
        parts = [pl.col(one).cast(pl.String).str.zfill(2) for one in columns]
        clock = [*parts[NEEDED:], *[pl.lit("00")] * (len(RANGES) - len(parts))]
        date = pl.concat_str(parts[:NEEDED], separator="-")
        joined = pl.concat_str(date, pl.concat_str(clock, separator=":"), separator=" ")
        return self._with(joined if len(columns) > NEEDED else date, columns)

    def _numbers(self) -> list[str]:
        """Return the columns of years, months, days and so on, up to the first that is missing."""
        if suggested("time", self._frame.columns) or JOINED in self._frame.columns:
            return []
        names = {plain_name(column): column for column in reversed(self._columns)}
        found: list[str] = []
        for name in RANGES:
            column = names.get(name)
            if column is None or not self._is_in_range(name, column):
                break
            found.append(column)
        return found

    def _is_in_range(self, name: str, column: str) -> bool:
        values = self._frame[column]
        return values.dtype.is_integer() and bool(
            values.drop_nulls().is_between(*RANGES[name]).all()
        )

    def _is_dates(self, column: str) -> bool:
        values = self._frame[column]
        if values.dtype == pl.Date:
            return True
        few = values.drop_nulls().head(LOOKED_AT)
        whole = values.dtype.is_integer() and few.cast(pl.String).str.len_bytes().eq(8).all()
        texts = values.dtype == pl.String and not few.str.contains(":").any()
        return bool(len(few)) and (whole or texts)

    def _is_clock(self, column: str) -> bool:
        values = self._frame[column]
        if values.dtype == pl.Time:
            return True
        few = values.drop_nulls().head(LOOKED_AT)
        return values.dtype == pl.String and 2 * few.str.contains(CLOCK).sum() > len(few)
