"""Silences as they work: each remembers what it covers, and ends where something else begins."""

import math

import msgspec

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.labels import labels_of
from anomaly_app.core.alerts.matchers import matcher_of
from anomaly_app.core.alerts.ranges import Range
from anomaly_app.core.alerts.silence import Silence

RARER = 0.1
"""An anomaly that is so many times rarer than those that were silenced is a worse one."""

BEYOND = 0.5
"""A value is worse if it is outside of the range by more than this part of the range, or of the
values themselves."""

MORE = 4
"""So many times the members are worse."""

FEW = 5
"""So few are no more than before."""

LEARNING = 600.0
"""Seconds from the first anomaly that a silence covers in which everything is covered, unless there
was an incident when it was added."""

NOTABLE = 0.2
"""Mean share of a reason that is told as another one."""


class Shape(msgspec.Struct):
    """What a silence covers of an incident: reasons, ranges of values, and the sum so far."""

    ranges: dict[str, Range]
    rarest: float
    members: int


class ActiveSilence(msgspec.Struct):
    """A silence, and what it has done."""

    silence: Silence
    shape: Shape | None = None
    """What it covers; None until something was covered."""
    learns_until: float = 0.0
    """Until then the shape grows with what is covered."""
    broken: dict[str, str] = {}
    """Why it does not cover an incident any more."""
    is_warned: bool = False
    """Whether its end was told before."""

    def covers(self, incident: Incident, now: float) -> bool:
        """Whether nobody is told of an incident now."""
        silence = self.silence
        if not silence.begins <= now < silence.ends or incident.id in self.broken:
            return False
        if silence.incident:
            return silence.incident == incident.id
        labels = labels_of(incident)
        return all(matcher_of(text).matches(labels) for text in silence.matchers)

    def look(self, incident: Incident, now: float) -> str | None:
        """Compare an incident with what is covered; return why it is covered no more."""
        if self.shape is None:
            self.learns_until = now + LEARNING
        if self.shape is None or now < self.learns_until:
            self.learn(incident, now)
            return None
        why = worse(incident, self.shape)
        if why is not None:
            self.broken[incident.id] = why
        return why

    def learn(self, incident: Incident, now: float) -> None:
        """Cover what there is of an incident now."""
        self.learns_until = self.learns_until or now
        shape = shape_of(incident)
        if self.shape is not None:
            shape.rarest = min(shape.rarest, self.shape.rarest)
            shape.members = max(shape.members, self.shape.members)
            for name, known in self.shape.ranges.items():
                shape.ranges.setdefault(name, Range()).join(known)
        self.shape = shape

    def warn_at(self, before: float) -> float:
        """When its end has to be told; never if it is short."""
        silence = self.silence
        is_short = silence.ends - silence.begins < 2 * before
        return math.inf if is_short else silence.ends - before

    def next_look(self, before: float) -> float:
        """When something becomes of it."""
        at = self.silence.ends if self.is_warned else self.warn_at(before)
        return min(at, self.silence.ends)


def shape_of(incident: Incident) -> Shape:
    """Return what there is of an incident now."""
    ranges = {
        name: Range(found.members, found.share, found.lowest, found.highest)
        for name, found in incident.ranges.items()
    }
    return Shape(ranges, incident.rarest, incident.members)


def worse(incident: Incident, shape: Shape) -> str | None:
    """Return what is new or worse in an incident, in words; None if nothing is."""
    for name, found in incident.ranges.items():
        known = shape.ranges.get(name)
        if known is None:
            if found.share >= NOTABLE * found.members:
                return f"another reason: {name}"
        elif _is_beyond(found, known):
            return f"further than before: {name}"
    if incident.rarest < RARER * shape.rarest:
        return "rarer than before"
    if incident.members > max(MORE * shape.members, FEW):
        return f"{incident.members} anomalies instead of {shape.members}"
    return None


def _is_beyond(found: Range, known: Range) -> bool:
    if found.lowest is None or found.highest is None:
        return False
    if known.lowest is None or known.highest is None:
        return False
    width = max(known.highest - known.lowest, abs(known.highest), abs(known.lowest))
    return (
        found.highest > known.highest + BEYOND * width
        or found.lowest < known.lowest - BEYOND * width
    )
