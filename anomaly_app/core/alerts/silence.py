"""Silences: which incidents nobody needs to be told of for a while, and why."""

import msgspec


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """For a while, incidents that match are not told."""

    id: str
    """At most 64 ASCII letters, digits and ``-``; given by whoever adds it."""
    matchers: tuple[str, ...] = ()
    """All of them must hold; see `matchers.Matcher`."""
    incident: str = ""
    """The only incident that is silenced, instead of matchers."""
    begins: float
    ends: float
    """Seconds since the epoch."""
    note: str
    user: str
    """Who added it."""
