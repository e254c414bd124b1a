"""An incident: anomalies that have one cause, as far as can be told."""

import math
from enum import StrEnum

import msgspec

from anomaly_app.core.alerts.keys import Key, subject_of
from anomaly_app.core.alerts.notice import MOST_MEMBERS, Answer, Member
from anomaly_app.core.alerts.ranges import Range
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.told import Told


class Kind(StrEnum):
    """What the members of an incident have in common."""

    ENTITY = "entity"
    """The entity, or the fields that anomalies are grouped by."""
    SHARED = "shared"
    """A reason and a value of a field."""
    REGIME = "regime"
    """The time: a large part of all entities turned odd at once."""


MOST_RANGES = 12
"""Reasons that an incident remembers."""

MOST_ENTITIES = 2_000
"""Entities that an incident counts one by one."""

MOST_ANSWERS = 20

USUAL_AFTER = 4 * 3_600.0
"""Seconds after which what goes on is usual."""


class Incident(msgspec.Struct, kw_only=True):
    """An incident and what was told of it."""

    id: str
    kind: Kind
    key: tuple[str, ...]
    """What its members share; see `Key` and `group_key`."""
    keys: list[tuple[str, ...]] = []
    """Whoever has one of these in common with the members belongs to it; see `Key`."""
    reason: tuple[str, str] = ("", "")
    """The first reason of the last member: what it is about, and its direction."""
    opened: float
    last: float
    opened_at: int
    """Offset of its first anomaly on the log."""
    members: int = 0
    entities: dict[str, int] = {}
    """Members of each."""
    beyond: int = 0
    """Members of entities that are not counted one by one."""
    rarest: float = 1.0
    """The smallest `Sighting.rarity`, and the smallest p-value."""
    p_value: float = 1.0
    surprise: float = 0.0
    """Of what its members share; see `Recent.surprise`."""
    peak: float = 0.0
    """The highest evidence so far; see `evidence`."""
    ranges: dict[str, Range] = {}
    """By feature and direction."""
    sample: list[Member] = []
    fields: dict[str, str] = {}
    """Fields that all members share."""
    model: str = ""
    first: str = ""
    latest: str = ""
    resolved: float | None = None
    flips: list[float] = []
    """When it was resolved or opened again."""
    told: dict[str, Told] = {}
    """By receiver."""
    shared_at: float = 0.0
    """When it became one of many entities, or was opened again as one."""
    grew_at: float = 0.0
    """When its evidence rose last to another level."""
    answers: list[Answer] = []
    """The last ones, with those that were taken back: a press may come twice."""
    said: int = 0
    """How often somebody has answered, or has taken it back."""
    merged_into: str = ""
    due: float = math.inf
    """When it is looked at again; in seconds since the epoch."""

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.resolved is None and not self.merged_into

    @property
    def shared_key(self) -> Key:
        """What its members share, if it is of that kind."""
        return Key(*self.key)

    @property
    def charted(self) -> str:
        """The feature whose values the sample has; empty if there is none."""
        return next(iter(self.ranges), "").partition(" ")[2]

    @property
    def is_of_value(self) -> bool:
        """Whether its members share the value of a field: that explains them."""
        return self.kind == Kind.SHARED and bool(self.shared_key.field)

    @property
    def taken_by(self) -> str | None:
        """Who has taken it last."""
        return next((one.user for one in reversed(self.standing) if one.action == "take"), None)

    @property
    def standing(self) -> list[Answer]:
        """The answers that nobody has taken back."""
        return [one for one in self.answers if not one.undone_by]

    def is_usual(self, now: float) -> bool:
        """Whether it goes on for so long that its members are a part of what chance gives."""
        return now - self.shared_at > USUAL_AFTER

    def reopen(self, now: float) -> None:
        """Go on after the end."""
        self.resolved = None
        self.shared_at = now
        self.flips.append(now)

    def add(self, sighting: Sighting, now: float) -> None:
        """Add a member."""
        self.members += 1
        self._count(sighting.entity, 1)
        self.rarest = min(self.rarest, sighting.rarity)
        self.p_value = min(self.p_value, sighting.p_value)
        self.last = now
        self.latest = sighting.id
        if self.members == 1:
            self.first, self.fields = sighting.id, dict(sighting.fields)
        else:
            _keep_shared(self.fields, sighting.fields)
        self.model = sighting.model
        if sighting.causes:
            self.reason = subject_of(sighting.causes[0].feature), sighting.causes[0].direction
        for cause in sighting.causes:
            name = f"{cause.direction} {cause.feature}"
            if name in self.ranges or len(self.ranges) < MOST_RANGES:
                found = self.ranges.setdefault(name, Range())
                found.add(cause.actual, cause.expected, cause.share)
        self._add_to_sample(sighting)

    def absorb(self, other: "Incident") -> None:
        """Take over the members of another incident of the same cause."""
        self.members += other.members
        self.beyond += other.beyond
        for entity, count in other.entities.items():
            self._count(entity, count)
        self.rarest = min(self.rarest, other.rarest)
        self.p_value = min(self.p_value, other.p_value)
        self.opened = min(self.opened, other.opened)
        self.last = max(self.last, other.last)
        _keep_shared(self.fields, other.fields)
        for name, found in other.ranges.items():
            if name in self.ranges or len(self.ranges) < MOST_RANGES:
                self.ranges.setdefault(name, Range()).join(found)
        theirs = other.sample
        if other.charted != self.charted:
            theirs = [msgspec.structs.replace(member, value=None) for member in theirs]
        self.sample = sorted([*self.sample, *theirs], key=lambda member: member.time)
        self._trim()
        self.add_answers(*other.answers)
        self.said += other.said

    def add_answers(self, *answers: Answer) -> None:
        """Add answers in the order in which they were given; the oldest are forgotten."""
        known = sorted([*self.answers, *answers], key=lambda one: one.at)
        self.answers = known[-MOST_ANSWERS:]

    def _count(self, entity: str, members: int) -> None:
        if entity in self.entities or len(self.entities) < MOST_ENTITIES:
            self.entities[entity] = self.entities.get(entity, 0) + members
        else:
            self.beyond += members

    def _add_to_sample(self, sighting: Sighting) -> None:
        values = [cause.actual for cause in sighting.causes if cause.feature == self.charted]
        value = values[0] if values and isinstance(values[0], float) else None
        member = Member(
            sighting.id, sighting.entity, sighting.time, sighting.p_value, sighting.severity, value
        )
        self.sample.append(member)
        self._trim()

    def _trim(self) -> None:
        """Keep the latest half, and the rarest of the others."""
        while len(self.sample) > MOST_MEMBERS:
            older = self.sample[: MOST_MEMBERS // 2]
            worst = max(range(len(older)), key=lambda place: older[place].p_value)
            del self.sample[worst]


def _keep_shared(fields: dict[str, str], others: dict[str, str]) -> None:
    for name in [name for name, value in fields.items() if others.get(name) != value]:
        del fields[name]
