"""Words of names of columns that hold times."""

from anomaly_app.core.roles.column_names import words_of

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
        *("completed", "resolved"),
        *("deleted", "last", "ende", "processed"),
    }
)
ATTRIBUTES = frozenset(
    {
        *("birth", "birthday", "birthdate", "dob", "born", "hire", "hired", "joined", "signup"),
        *("registration", "registered", "opened", "since", "founded", "built", "installed"),
        *("manufactured", "production", "issued", "due", "expires", "expiry", "expiration"),
        *("valid", "until"),
    }
)
"""Words of names of times: of the beginning of what a row tells, of any moment, of what comes
after it, and of what describes its entity or is yet to come."""

_COUNTED = frozenset({"t", "sec", "secs", "second", "seconds", "s", "ms", "millis", "us", "micros"})
OF_NUMBERS = BEGINNINGS | MOMENTS | ENDS | _COUNTED
"""Words of names of numbers that count from the epoch."""

END, ATTRIBUTE = 3, 4
"""Ranks from which on a name is that of an end, and of an attribute."""


def rank_of(column: str) -> int:
    """Say how well a column's name suits the time: the less, the better; see `END`."""
    words = {*words_of(column)}
    if words & ATTRIBUTES:
        return ATTRIBUTE
    if words & ENDS:
        return END
    if words & BEGINNINGS:
        return 0
    return 1 if words & MOMENTS else 2
