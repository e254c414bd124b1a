"""The time of a table whose columns' names do not tell it, by what the columns hold."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.column_names import words_of
from anomaly_app.core.roles import Roles
from training.column_kinds import says_identifier
from training.tables.times import AmbiguousTimeError, Times, read_times

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

BEGINNINGS = frozenset(
    {
        *("created", "start", "started", "begin", "began", "beginning", "occurred", "happened"),
        *("timestamp", "event", "posted", "booked", "received", "recorded", "measured", "pickup"),
    }
)
MOMENTS = frozenset(
    {
        *("date", "time", "datetime", "at", "ts", "day", "when", "moment", "datum", "zeit", "am"),
        *("epoch", "unix", "utc", "fecha", "data", "heure", "hora"),
    }
)
ENDS = frozenset(
    {
        *("end", "ended", "updated", "modified", "changed", "closed", "finished", "dropoff"),
        *("completed", "resolved", "due", "expires", "expiry", "expiration", "valid", "until"),
        *("deleted", "last", "ende", "processed"),
    }
)
ATTRIBUTES = frozenset(
    {
        *("birth", "birthday", "birthdate", "dob", "born", "hire", "hired", "joined", "signup"),
        *("registration", "registered", "opened", "since", "founded", "built", "installed"),
        *("manufactured", "production", "issued"),
    }
)
"""Words of names of times: of the beginning of what a row tells, of any moment, of what comes
after it, and of what describes its entity."""

COUNTED = frozenset({"t", "sec", "secs", "second", "seconds", "s", "ms", "millis", "us", "micros"})
"""Words of names of numbers that count from the epoch, beside those of moments."""


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
    read = {column: times for column in free if (times := _times_in(frame[column], roles))}
    spans = {column: _span(one) for column, one in read.items()}
    least = min((span for span in spans.values() if span > 0.0), default=0.0)
    found = [
        _Candidate(
            column,
            (_rank(column), spans[column] > WIDER * least, not _has_clock(times), place),
            _rank(column) < _ATTRIBUTE
            and frame[column].dtype != pl.Time
            and len(np.unique(times.seconds)) >= SEVERAL
            and not _describes(frame, column, roles.key),
        )
        for place, (column, times) in enumerate(read.items())
    ]
    # A span that is far wider counts before words do.
    able = sorted(
        (one for one in found if one.may_be_time), key=lambda one: (one.rank[1], *one.rank)
    )
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


_ATTRIBUTE = 4


def _rank(column: str) -> int:
    words = {*words_of(column)}
    if words & ATTRIBUTES:
        return _ATTRIBUTE
    if words & ENDS:
        return 3
    if words & BEGINNINGS:
        return 0
    return 1 if words & MOMENTS else 2


def _times_in(values: pl.Series, roles: Roles) -> Times | None:
    """Read some rows of a column of times; None if it is none."""
    places = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(int))
    some = values.gather(places).drop_nulls()
    if len(some) == 0:
        return None
    if values.dtype == pl.Time:
        return Times(np.zeros(1))
    if values.dtype == pl.String:
        return _of_texts(some, roles)
    numbers = values.dtype.is_numeric() and _from_the_epoch(some) and _from_the_epoch(values)
    if numbers or values.dtype in (pl.Date, pl.Datetime):
        return read_times(some, zone=roles.timezone)
    return None


def _of_texts(some: pl.Series, roles: Roles) -> Times | None:
    if 2 * some.cast(pl.Float64, strict=False).count() > len(some):
        return None
    try:
        times = read_times(some, zone=roles.timezone, time_format=roles.time_format)
    except AmbiguousTimeError:
        # Whichever comes first: its span and its clock are much the same.
        either = some.str.replace_all("/", ".", literal=True).str.replace_all("-", ".")
        times = read_times(either, zone=roles.timezone)
    different = some.n_unique()
    return times if times.readable >= NEARLY_ALL and different >= SEVERAL else None


def _from_the_epoch(values: pl.Series) -> bool:
    """Tell whether numbers are seconds or the like since 1970, or days such as 20260105."""
    numbers = values.cast(pl.Float64, strict=False).fill_nan(None).drop_nulls()
    if len(numbers) == 0 or not (numbers == numbers.round()).all():
        return False
    low, high = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    words = {*words_of(values.name)}
    named = bool(words) and words <= BEGINNINGS | MOMENTS | COUNTED | ENDS
    if named and CALENDAR[0] <= low and high <= CALENDAR[1]:
        return True
    if not any(EPOCH[0] * unit <= low and high <= EPOCH[1] * unit for unit in UNITS):
        return False
    return named or _go_up(numbers, values.name)


def _go_up(numbers: pl.Series, name: str) -> bool:
    steps = np.diff(numbers.to_numpy())
    # Numbers that have been dealt out one by one go up as well.
    if says_identifier(name) or numbers.n_unique() < MANY or bool((steps == 1.0).all()):
        return False
    return float(np.mean(steps >= 0.0)) >= GOES_UP


def _span(times: Times) -> float:
    present = times.seconds[~np.isnan(times.seconds)]
    return float(np.subtract(*np.quantile(present, [0.95, 0.05]))) if len(present) else 0.0


def _has_clock(times: Times) -> bool:
    present = times.seconds[~np.isnan(times.seconds)]
    return len(np.unique(present % 86_400.0)) > 2  # noqa: PLR2004  # a zone has two offsets


def _describes(frame: pl.DataFrame, column: str, key: str | None) -> bool:
    """Tell whether a time hardly ever changes within an entity that has many rows."""
    if key is None or key not in frame.columns or key == column:
        return False
    pairs = frame.select(pl.col(key).alias("key"), pl.col(column).alias("time")).drop_nulls()
    entities = pairs["key"].n_unique()
    if entities < 2 or len(pairs) < ROWS_EACH * entities:  # noqa: PLR2004
        return False
    return len(pairs.unique()) == entities
