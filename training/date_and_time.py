"""A column of dates and one of times of the day, joined."""

from functools import cached_property

import polars as pl

from anomaly_app.core.column_names import plain_name
from anomaly_app.core.roles import Roles

LOOKED_AT = 2_000
"""Rows that tell."""

CLOCK = r"^\s*\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*$"
JOINED = "date_time"
"""Column that one of dates and one of times of the day become."""


class DateAndTime:
    """Two columns that say the time together, if there are any.

    Parameters
    ----------
    frame
        The table.
    roles
        What was said.
    """

    def __init__(self, frame: pl.DataFrame, roles: Roles) -> None:
        self._frame = frame
        said = {*roles.features, *roles.categories, *roles.renamed.values()}
        open_part = roles.time is None and "time" not in roles.absent
        self._columns = [one for one in frame.columns if one not in said] if open_part else []

    @cached_property
    def pair(self) -> tuple[str, str] | None:
        """Names of the columns of dates and of times of the day."""
        names = {plain_name(column): column for column in self._columns}
        for plain, date in names.items():
            time = names.get(f"{plain.removesuffix('date')}time")
            if plain.endswith("date") and time is not None and JOINED not in self._frame.columns:
                return date, time
        return None

    def join(self) -> tuple[pl.DataFrame, list[str]]:
        """Give the table with one column in place of the two, and what is to be said of it."""
        if self.pair is None:
            return self._frame, []
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
        frame = self._frame.with_columns(joined.alias(JOINED)).drop(date, time)
        line = (
            f"{date} and {time} were joined as the time, {JOINED}: on the wire, send one field "
            f"{JOINED}"
        )
        return frame, [line]

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
