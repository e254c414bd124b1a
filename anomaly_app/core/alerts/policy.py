"""How much people are told, and who: the settings of ``alerting.yml`` as the core needs them."""

import msgspec

from anomaly_app.core.alerts.maintenance import Calendar
from anomaly_app.core.alerts.matchers import Matcher

MEDIUM, HIGH, CRITICAL = 0, 1, 2
"""Levels of severity."""

LEVELS = ("medium", "high", "critical")

HOUR, DAY = 3_600.0, 86_400.0


class Budget(msgspec.Struct, frozen=True):
    """How many messages a receiver gets at most; critical incidents are told anyway."""

    messages: int = 20
    per: float = HOUR
    """Seconds."""

    @property
    def pause(self) -> float:
        """Seconds for one message."""
        return self.per / max(self.messages, 1)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents go to which receivers."""

    matchers: tuple[Matcher, ...] = ()
    """All must hold."""
    receivers: tuple[str, ...]
    minimum: int = MEDIUM
    """The lowest level that gets a message of its own; others are in the digest."""
    goes_on: bool = False
    """Whether the routes after it are looked at as well."""


class Regime(msgspec.Struct, frozen=True):
    """When so many entities are odd that it is one incident."""

    share: float = 0.2
    """Share of all entities, 0 to 1, weighted by their traffic."""
    entities: int = 20
    """Odd entities, at least."""


class Flapping(msgspec.Struct, frozen=True):
    """When an incident comes and goes so often that it is not told each time."""

    changes: int = 4
    within: float = 2 * HOUR


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window of maintenance."""

    name: str
    calendar: Calendar
    seconds: float
    zone: str = "UTC"
    matchers: tuple[Matcher, ...] = ()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How much people are told; times are in seconds."""

    wait: float = 30.0
    """Before the first message of an incident: others may join it."""
    interval: float = 300.0
    """Between two changes of an incident that people are told."""
    repeat: float = 4 * HOUR
    """After which an open incident is told again, if it grows and nobody has taken it."""
    resolve_after: float = 1_800.0
    """Without a new member."""
    reopen_within: float = 2 * HOUR
    """After its end, in which a new anomaly opens an incident again rather than another one."""
    by: tuple[str, ...] = ("entity",)
    """``entity``, ``counterpart``, or fields of the transaction."""
    reason: bool = True
    """Whether anomalies of many entities for one reason are one incident."""
    receivers: dict[str, Budget] = {}
    """All receivers, with their budgets."""
    routes: tuple[Route, ...] = ()
    digest_every: float = HOUR
    """At most this often."""
    flapping: Flapping = Flapping()
    regime: Regime = Regime()
    maintenance: tuple[Window, ...] = ()
    warn_before: float = 600.0
    """The end of a silence, so that whoever added it may add another one."""
    give_up_after: float = HOUR
    """Undelivered messages are then told in the digest."""
