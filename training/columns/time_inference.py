"""Infer the time from column names and values."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.roles.column_names import words_of
from anomaly_app.core.roles.roles import Roles
from training.columns.column_kinds import says_identifier
from training.columns.inferred_column import InferredColumn, is_open, used_as
from training.columns.time_column_names import ATTRIBUTE, END, OF_NUMBERS, rank_of
from training.tables.datetime_parsing import parse_datetimes
from training.tables.datetime_patterns import order_of
from training.tables.time_zones import Seconds
from training.tables.times import read_times

LOOKED_AT = 2_000
"""Number of rows, spread over the table, to check."""

NEARLY_ALL = 0.95
"""Minimum share of values that are times in a column of times."""

SEVERAL = 3
"""Minimum number of different values of the time column."""

GOES_UP = 0.95
"""Minimum share of increasing steps in epoch numbers whose name does not suggest a time."""

MANY = 20
"""Minimum number of different values of such a column."""

EPOCH = (946_684_800, 2_051_222_400)
"""The years 2000 and 2035, in seconds since 1970."""

UNITS = (1, 1_000, 1_000_000)

CALENDAR = (19_700_101, 21_000_101)
"""Days written as whole numbers."""

WIDER = 5.0
"""Ratio of the span of a column to the usual span above which the column describes an entity: the
start dates of policies, beside the dates of claims."""

ROWS_EACH = 5
"""Mean number of rows per entity from which a time that never changes within it describes it."""


class _Candidate(NamedTuple):
    column: str
    rank: tuple[float, ...]
    may_be_time: bool


def infer_time(frame: pl.DataFrame, roles: Roles, taken: set[str]) -> InferredColumn:
    """Infer the time if it is open, and find other columns of times.

    Parameters
    ----------
    frame
        The table.
    roles
        The roles known so far.
    taken
        Columns that have another role, or that the user named as features.
    """
    wanted = is_open(roles, "time")
    free = [column for column in frame.columns if column not in taken | {roles.time}]
    read = {
        column: times for column in free if (times := _times_in(frame[column], roles)) is not None
    }
    usual = _usual_span(read)
    found = [
        _Candidate(
            column,
            (_span(times) > WIDER * usual, rank_of(column), not _has_clock(times), index),
            rank_of(column) < ATTRIBUTE
            and frame[column].dtype != pl.Time
            and len(np.unique(times[times >= 0.0])) >= SEVERAL
            and float(np.mean(times >= 0.0)) >= NEARLY_ALL
            and not _describes(frame, column, roles.key),
        )
        for index, (column, times) in enumerate(read.items())
    ]
    able = sorted((one for one in found if one.may_be_time), key=lambda one: one.rank)
    time = able[0].column if wanted and able else None
    others = [one.column for one in found if one.column != time]
    lines = []
    if time is not None:
        lines.append(used_as("time", time, "its values are times"))
    if others:
        one = len(others) == 1
        lines.append(
            f"{', '.join(others)} {'has' if one else 'have'} times and "
            f"{'is not a feature' if one else 'are not features'}; to use one as the time, set "
            "time=COLUMN"
        )
    return InferredColumn(time, tuple(others), tuple(lines))


def _times_in(values: pl.Series, roles: Roles) -> Seconds | None:
    """Read a sample of a column of times; None if it has no times."""
    indices = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
    some = values.gather(indices).drop_nulls()
    if len(some) == 0:
        return None
    if values.dtype == pl.Time:
        return np.zeros(1)
    if values.dtype in (pl.Date, pl.Datetime):
        return _seconds(some)
    if values.dtype == pl.String:
        return _of_texts(some, roles)
    if values.dtype.is_numeric() and _from_the_epoch(some) and _from_the_epoch(values):
        return read_times(some, zone=roles.timezone).seconds
    return None


def _seconds(moments_read: pl.Series) -> Seconds:
    """Return seconds since 1970; negative before, as for dates of birth."""
    return moments_read.cast(pl.Datetime("us")).cast(pl.Int64).to_numpy() / 1e6


def _of_texts(some: pl.Series, roles: Roles) -> Seconds | None:
    if 2 * some.cast(pl.Float64, strict=False).count() > len(some) or some.n_unique() < SEVERAL:
        return None
    # If day and month are ambiguous, the span and the time of day hardly depend on the order.
    found = _seconds(parse_datetimes(some, order_of(some) or "day")["naive"].drop_nulls())
    if len(found) < NEARLY_ALL * len(some) and roles.time_format is not None:
        read = read_times(some, zone=roles.timezone, time_format=roles.time_format).seconds
        found = read[~np.isnan(read)]
    return found if len(found) >= NEARLY_ALL * len(some) else None


def _from_the_epoch(values: pl.Series) -> bool:
    """Return whether numbers are epoch times in some unit, or days such as 20260105."""
    numbers = values.cast(pl.Float64, strict=False).fill_nan(None).drop_nulls()
    if len(numbers) == 0 or not (numbers == numbers.round()).all():
        return False
    low, high = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    words = {*words_of(values.name)}
    named = bool(words) and words <= OF_NUMBERS
    if words & OF_NUMBERS and CALENDAR[0] <= low and high <= CALENDAR[1]:
        days = numbers.cast(pl.Int64).cast(pl.String).str.to_date("%Y%m%d", strict=False)
        return not days.has_nulls()
    if not any(EPOCH[0] * unit <= low and high <= EPOCH[1] * unit for unit in UNITS):
        return False
    return named or _go_up(numbers, values.name)


def _go_up(numbers: pl.Series, name: str) -> bool:
    steps = np.diff(numbers.to_numpy())
    # Serial numbers increase as well.
    if says_identifier(name) or numbers.n_unique() < MANY or bool((steps == 1.0).all()):
        return False
    return float(np.mean(steps >= 0.0)) >= GOES_UP


def _usual_span(read: dict[str, Seconds]) -> float:
    """Return the shortest span among columns with many different times; infinity without any."""
    spans = [
        _span(times)
        for column, times in read.items()
        if rank_of(column) < END and len(np.unique(times)) >= MANY
    ]
    return min((span for span in spans if span > 0.0), default=np.inf)


def _span(times: Seconds) -> float:
    return float(np.subtract(*np.quantile(times, [0.95, 0.05])))


def _has_clock(times: Seconds) -> bool:
    return len(np.unique(times % 86_400.0)) > 2  # noqa: PLR2004  # summer time gives two


def _describes(frame: pl.DataFrame, column: str, key: str | None) -> bool:
    """Return whether a time never changes within entities that have many rows."""
    if key is None or key not in frame.columns or key == column:
        return False
    pairs = frame.select(pl.col(key).alias("key"), pl.col(column).alias("time")).drop_nulls()
    entities = pairs["key"].n_unique()
    if entities < 2 or len(pairs) < ROWS_EACH * entities:  # noqa: PLR2004
        return False
    return len(pairs.unique()) == entities
