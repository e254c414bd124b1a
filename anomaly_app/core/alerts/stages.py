"""The stages between an incident and a message: each lets it pass, holds it, or drops it.

`STAGES` is the whole policy, in order. What is dropped, and what is held until the next digest, has
a line there: nothing that happens stays untold.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from anomaly_app.core.alerts.evidence import level_of, strength
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.labels import labels_of
from anomaly_app.core.alerts.ledger import Ledger
from anomaly_app.core.alerts.maintenance import end_of_window
from anomaly_app.core.alerts.matchers import first_mismatch
from anomaly_app.core.alerts.notice import Event
from anomaly_app.core.alerts.policy import CRITICAL, LEVELS, Policy
from anomaly_app.core.alerts.recent import PATIENCE
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.told import Told


class Pass(NamedTuple):
    """It goes on."""


class Hold(NamedTuple):
    """It is looked at again later."""

    until: float
    """Seconds since the epoch."""
    why: str


class Drop(NamedTuple):
    """There is no message: an earlier one is edited, or the digest has a line."""

    because: str


Answer: TypeAlias = Pass | Hold | Drop

PASS = Pass()


class Case(NamedTuple):
    """What could be told to a receiver."""

    incident: Incident
    event: Event
    told: Told
    receiver: str
    minimum: int
    """The lowest level that the route lets through."""
    ledger: Ledger
    policy: Policy
    silences: tuple[ActiveSilence, ...]
    now: float
    is_in_storm: bool = False
    """Whether many entities are odd for the same reason, and people were told of one of them."""

    @property
    def level(self) -> int:
        """The level of the incident."""
        return level_of(self.incident.peak)

    @property
    def is_new(self) -> bool:
        """Whether the receiver has heard nothing of the incident."""
        return self.told.version == 0

    @property
    def is_worse(self) -> bool:
        """Whether the incident is more severe than the receiver was told."""
        return self.level > self.told.level


def waits_for_others(case: Case) -> Answer:
    """Wait a moment after the first anomaly: others may join it."""
    until = case.incident.opened + case.policy.wait
    if case.is_new and case.now < until:
        return Hold(until, f"others may join it within {case.policy.wait:g} s")
    return PASS


def waits_for_the_storm(case: Case) -> Answer:
    """Wait longer if many entities are odd for one reason, and people were told of one of them.

    They may turn out to be one incident.
    """
    until = case.incident.grew_at + PATIENCE
    if case.is_new and case.is_in_storm and case.now < until:
        return Hold(until, "many others are odd for the same reason: they may be one incident")
    return PASS


def is_maintained(case: Case) -> Answer:
    """Hold what happens in a window of maintenance until the window ends."""
    labels = labels_of(case.incident)
    for window in case.policy.maintenance:
        end = end_of_window(window.calendar, window.seconds, window.zone, case.now)
        if end is not None and first_mismatch(window.matchers, labels) is None:
            return Hold(end, f"maintenance: {window.name}")
    return PASS


def is_silenced(case: Case) -> Answer:
    """Hold what a silence covers until the silence ends."""
    for active in case.silences:
        if active.covers(case.incident, case.now):
            silence = active.silence
            return Hold(silence.ends, f"silenced by {silence.user}: {silence.note}")
    return PASS


def is_severe_enough(case: Case) -> Answer:
    """Drop what is below the lowest severity of the route."""
    if case.level < case.minimum:
        return Drop(f"{LEVELS[case.level]} is below the route's {LEVELS[case.minimum]}")
    return PASS


def is_unanswered(case: Case) -> Answer:
    """Drop what somebody has answered or taken, unless it gets worse or ends."""
    answers = case.incident.standing
    if case.is_new or case.is_worse or case.event == Event.RESOLVED or not answers:
        return PASS
    return Drop(f"{answers[-1].user} has answered it")


def is_steady(case: Case) -> Answer:
    """Drop what comes and goes all the time, unless it gets worse."""
    flapping = case.policy.flapping
    flips = [at for at in case.incident.flips if at > case.now - flapping.within]
    if len(flips) >= flapping.changes and not case.is_new and not case.is_worse:
        return Drop(f"flapping: {len(flips)} changes in {flapping.within / 3600:g} h")
    return PASS


def is_spaced(case: Case) -> Answer:
    """Hold what changes soon after the last message, unless it gets worse."""
    until = case.told.made_at + case.policy.interval
    if case.event == Event.CHANGED and not case.is_worse and case.now < until:
        return Hold(until, f"the last message was less than {case.policy.interval:g} s ago")
    return PASS


def is_affordable(case: Case) -> Answer:
    """Hold what is not among the strongest that the budget has room for; critical ones pass."""
    if case.event not in {Event.OPENED, Event.REPEATED}:
        return PASS
    ledger, budget, incident = case.ledger, case.policy.receivers[case.receiver], case.incident
    if case.event == Event.OPENED:
        ledger.note(incident.id, incident.opened, strength(incident), case.now)
        if case.level == CRITICAL:
            return PASS
        if not ledger.is_among_strongest(strength(incident), budget, case.now):
            return Hold(case.now + case.policy.interval, "others of the last day are stronger")
    # A repetition is worth as little as the least severe incident.
    level = case.level if case.event == Event.OPENED else 0
    if wait := ledger.until_affordable(level, budget, case.now):
        return Hold(
            case.now + max(wait, case.policy.wait),
            f"the budget of {budget.messages} messages in {budget.per / 3600:g} h is spent",
        )
    return PASS


STAGES: tuple[Callable[[Case], Answer], ...] = (
    waits_for_others,
    waits_for_the_storm,
    is_maintained,
    is_silenced,
    is_severe_enough,
    is_unanswered,
    is_steady,
    is_spaced,
    is_affordable,
)
"""In the order in which they are asked; the first that does not let a case pass counts."""


def decide(case: Case) -> tuple[str, Answer]:
    """Ask the stages; return the one that decided and its answer, or that all let it pass."""
    for stage in STAGES:
        answer = stage(case)
        if not isinstance(answer, Pass):
            return stage.__name__, answer
    return "", PASS
