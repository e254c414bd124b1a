"""The structure of ``alerting.yml``: who is told what, and how much."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from anomaly_app.core.alerts.maintenance import Calendar
from anomaly_app.core.alerts.matchers import Matcher, first_mismatch
from anomaly_app.core.memory.durations import DAY, SECOND
from anomaly_app.core.scoring.severity import Severity
from anomaly_app.core.times import zone_of
from anomaly_app.errors import DataError
from anomaly_app.settings.alerting.quantities import Duration, Rate, duration, rate
from anomaly_app.settings.alerting.receivers import Receiver

LONGEST_WINDOW = 31 * DAY // SECOND
"""Seconds of a window of maintenance."""

AtLeastTwo = Annotated[int, msgspec.Meta(ge=2, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of which incidents."""

    receivers: tuple[str, ...]
    """Names of receivers; at least one."""
    match: tuple[Matcher, ...] = ()
    """Conditions on the incident, all of which must hold; without any, it is for all."""
    minimum_severity: Severity = Severity.MEDIUM
    """Incidents below are in the digest of these receivers only."""
    goes_on: bool = msgspec.field(name="continue", default=False)
    """Whether the routes after this one count as well."""

    def __post_init__(self) -> None:
        if not self.receivers:
            raise ValueError("receivers: name at least one")

    def mismatch(self, labels: Mapping[str, str]) -> Matcher | None:
        """Return the condition that keeps an incident from this route; None if it is for it."""
        return first_mismatch(self.match, labels)


class Grouping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is one incident, and when it is told; the names are Alertmanager's."""

    by: tuple[str, ...] = ("entity",)
    """What anomalies of one incident have in common: ``entity``, ``counterpart``, or fields."""
    reason: bool = True
    """Whether anomalies of many entities for one reason are one incident."""
    wait: Duration = duration("30s")
    """From the first anomaly to the first message."""
    interval: Duration = duration("5m")
    """Between two messages about changes, at least."""
    repeat: Duration = duration("4h")
    """After which an open incident is told again."""
    resolve_after: Duration = duration("30m")
    """Without another anomaly, after which it is over."""

    def __post_init__(self) -> None:
        if not self.by or not all(self.by):
            raise ValueError("by: name entity, counterpart, or fields")
        if "reason" in self.by:
            raise ValueError("by: reason has a line of its own: write reason: true")
        _above_zero(self, "interval", "repeat", "resolve_after")


class Flapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an incident comes and goes so often that only its end is told."""

    changes: AtLeastTwo = 4
    """Openings and ends."""
    within: Duration = duration("2h")
    """Time in which there are that many."""

    def __post_init__(self) -> None:
        _above_zero(self, "within")


class Regime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the stream itself has changed: one incident instead of many."""

    share: Share = 0.2
    """Part of all entities that are odd at once, above 0, at most 1."""
    entities: Count = 20
    """Entities that have to be odd, at least."""


class Maintenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Windows of time in which incidents are not told, by the calendar."""

    name: str
    """What it is, for those who ask why there was no message."""
    when: Calendar
    """When windows begin, as in cron: minute, hour, day of the month, month, day of the week."""
    lasts: Duration = msgspec.field(name="for")
    """How long each is open, at most 31 days."""
    timezone: str = "UTC"
    """IANA time zone of the calendar."""
    match: tuple[Matcher, ...] = ()
    """Conditions on the incident, all of which must hold; without any, it is for all."""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name: say what it is")
        if not 0 < self.lasts <= LONGEST_WINDOW:
            raise ValueError("for: a window is open for some time, and at most for 31d")
        try:
            zone_of(self.timezone)
        except DataError as fault:
            raise ValueError(f"timezone: {fault}") from None


class Alerting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told what, and how much."""

    receivers: tuple[Receiver, ...] = ()
    """Those who can be told; by default Slack if there is a token, and the worker's log if not."""
    routes: tuple[Route, ...] = ()
    """The first that matches counts; by default one for everything, to all receivers."""
    group: Grouping = msgspec.field(default_factory=Grouping)
    """What is one incident, and when it is told."""
    budget: Rate = rate("20/h")
    """Messages that a receiver without a budget of its own gets at most, critical ones aside."""
    digest: Duration = duration("1h")
    """How often there is a digest, at most."""
    flapping: Flapping = msgspec.field(default_factory=Flapping)
    """When an incident comes and goes too often."""
    regime: Regime = msgspec.field(default_factory=Regime)
    """When the stream itself has changed."""
    maintenance: tuple[Maintenance, ...] = ()
    """Windows of time in which incidents are not told."""

    def __post_init__(self) -> None:
        _above_zero(self, "digest")

    def receiver(self, name: str) -> Receiver:
        """Return a receiver by its name, which is one of theirs."""
        return next(one for one in self.receivers if one.name == name)

    def budget_of(self, receiver: Receiver) -> Rate:
        """Return how many messages a receiver gets at most."""
        return receiver.budget or self.budget

    def routes_of(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """Return the routes that an incident takes, in the order of the file; at least one."""
        taken = []
        for route in self.routes:
            if route.mismatch(labels) is None:
                taken.append(route)
                if not route.goes_on:
                    break
        return tuple(taken)


def _above_zero(one: Grouping | Flapping | Alerting, *names: str) -> None:
    for name in names:
        if getattr(one, name) <= 0:
            raise ValueError(f"{name} has to be above 0")
