"""Words in the names of time columns."""

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
"""Words in names of times: of the start of an event, of any time, of the end of an event, and of
times that describe an entity or are in the future."""

_COUNTED = frozenset({"t", "sec", "secs", "second", "seconds", "s", "ms", "millis", "us", "micros"})
OF_NUMBERS = BEGINNINGS | MOMENTS | ENDS | _COUNTED
"""Words in names of epoch numbers."""

END, ATTRIBUTE = 3, 4
"""Ranks of names of ends and of attributes."""


def rank_of(column: str) -> int:
    """Rank how well a column's name fits the time; lower is better. See `END`."""
    words = {*words_of(column)}
    if words & ATTRIBUTES:
        return ATTRIBUTE
    if words & ENDS:
        return END
    if words & BEGINNINGS:
        return 0
    return 1 if words & MOMENTS else 2
