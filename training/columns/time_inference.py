"""The time of a table whose columns' names do not tell it, by what the columns hold."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.roles.column_names import words_of
from anomaly_app.core.roles.roles import Roles
from training.columns.column_kinds import says_identifier
from training.columns.time_column_names import ATTRIBUTE, END, OF_NUMBERS, rank_of
from training.tables.datetime_parsing import moments
from training.tables.datetime_patterns import order_of
from training.tables.time_zones import Seconds
from training.tables.times import read_times

LOOKED_AT = 2_000
"""Rows, spread over the table, that tell whether a column is one of times."""

NEARLY_ALL = 0.95
"""Share of the texts that are times, from which on a column is one of times."""

SEVERAL = 3
"""Different times, at least, of a column that is taken for the time."""

GOES_UP = 0.95
"""Share of the steps that go up in numbers that count from the epoch and are not named so."""

MANY = 20
"""Different numbers of such a column, at least."""

EPOCH = (946_684_800, 2_051_222_400)
"""2000 and 2035, in seconds since 1970."""

UNITS = (1, 1_000, 1_000_000)

CALENDAR = (19_700_101, 21_000_101)
"""Days that are written as whole numbers."""

WIDER = 5.0
"""How many times as long as another one's a column's span is where it describes something: the
days on which policies began, beside those of the claims."""

ROWS_EACH = 5
"""Rows of an entity, on average, from which on a time that never changes within it describes it."""


class Found(NamedTuple):
    """The columns of times of a table."""

    time: str | None
    """The one that is taken for the time; None: no other than was known before."""
    others: list[str]
    """They are no features."""
    lines: list[str]


class _Candidate(NamedTuple):
    column: str
    rank: tuple[float, ...]
    may_be_time: bool


def times_by_values(frame: pl.DataFrame, roles: Roles, taken: set[str]) -> Found:
    """Find the columns of times, and among them the time where it is still unknown.

    Parameters
    ----------
    frame
        The table.
    roles
        As far as they are known.
    taken
        Columns that have another part, or were named as features.
    """
    wanted = roles.time is None and "time" not in roles.absent
    free = [column for column in frame.columns if column not in taken | {roles.time}]
    read = {
        column: times for column in free if (times := _times_in(frame[column], roles)) is not None
    }
    usual = _usual_span(read)
    found = [
        _Candidate(
            column,
            (_span(times) > WIDER * usual, rank_of(column), not _has_clock(times), place),
            rank_of(column) < ATTRIBUTE
            and frame[column].dtype != pl.Time
            and len(np.unique(times[times >= 0.0])) >= SEVERAL
            and float(np.mean(times >= 0.0)) >= NEARLY_ALL
            and not _describes(frame, column, roles.key),
        )
        for place, (column, times) in enumerate(read.items())
    ]
    able = sorted((one for one in found if one.may_be_time), key=lambda one: one.rank)
    time = able[0].column if wanted and able else None
    others = [one.column for one in found if one.column != time]
    lines = []
    if time is not None:
        lines.append(
            f"{time} was taken for the time: its values are times; say time=COLUMN or time=none "
            "if it is not"
        )
    if others:
        one = len(others) == 1
        lines.append(
            f"{', '.join(others)} {'holds' if one else 'hold'} times and "
            f"{'is no feature' if one else 'are no features'}; time=COLUMN takes one for the time"
        )
    return Found(time, others, lines)


def _times_in(values: pl.Series, roles: Roles) -> Seconds | None:
    """Read some rows of a column of times; None if it is none."""
    places = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
    some = values.gather(places).drop_nulls()
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
    """Count seconds since 1970, below 0 before: people are older."""
    return moments_read.cast(pl.Datetime("us")).cast(pl.Int64).to_numpy() / 1e6


def _of_texts(some: pl.Series, roles: Roles) -> Seconds | None:
    if 2 * some.cast(pl.Float64, strict=False).count() > len(some) or some.n_unique() < SEVERAL:
        return None
    # Where nothing tells the day from the month, the span and the clock are much the same.
    found = _seconds(moments(some, order_of(some) or "day")["naive"].drop_nulls())
    if len(found) < NEARLY_ALL * len(some) and roles.time_format is not None:
        read = read_times(some, zone=roles.timezone, time_format=roles.time_format).seconds
        found = read[~np.isnan(read)]
    return found if len(found) >= NEARLY_ALL * len(some) else None


def _from_the_epoch(values: pl.Series) -> bool:
    """Tell whether numbers are seconds or the like since 1970, or days such as 20260105."""
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
    # Numbers that have been dealt out one by one go up as well.
    if says_identifier(name) or numbers.n_unique() < MANY or bool((steps == 1.0).all()):
        return False
    return float(np.mean(steps >= 0.0)) >= GOES_UP


def _usual_span(read: dict[str, Seconds]) -> float:
    """Give the shortest span of many different times; no end without any."""
    spans = [
        _span(times)
        for column, times in read.items()
        if rank_of(column) < END and len(np.unique(times)) >= MANY
    ]
    return min((span for span in spans if span > 0.0), default=np.inf)


def _span(times: Seconds) -> float:
    return float(np.subtract(*np.quantile(times, [0.95, 0.05])))


def _has_clock(times: Seconds) -> bool:
    return len(np.unique(times % 86_400.0)) > 2  # noqa: PLR2004  # a zone has two offsets


def _describes(frame: pl.DataFrame, column: str, key: str | None) -> bool:
    """Tell whether a time hardly ever changes within an entity that has many rows."""
    if key is None or key not in frame.columns or key == column:
        return False
    pairs = frame.select(pl.col(key).alias("key"), pl.col(column).alias("time")).drop_nulls()
    entities = pairs["key"].n_unique()
    if entities < 2 or len(pairs) < ROWS_EACH * entities:  # noqa: PLR2004
        return False
    return len(pairs.unique()) == entities
