"""What a receiver is told: an incident as it is now, a digest, or a note about a silence.

Texts come from the stream and from people: they are short and printable, but no markup of any
channel is escaped.
"""

from enum import StrEnum

import msgspec


class Event(StrEnum):
    """Why a notice is sent."""

    OPENED = "opened"
    """The first message of an incident."""
    CHANGED = "changed"
    """Its members, its severity, or what people answered."""
    REPEATED = "repeated"
    """It is still open, and nothing was said for long."""
    RESOLVED = "resolved"
    """Nothing has joined it for a while."""


class Status(StrEnum):
    """Whether an incident goes on."""

    OPEN = "open"
    RESOLVED = "resolved"


class Member(msgspec.Struct, frozen=True, array_like=True):
    """One anomaly of an incident."""

    anomaly_id: str
    """Topic, partition and offset of the transaction: ``transactions-3-1042``."""
    entity: str
    time: float
    """Of the transaction, in seconds since the epoch."""
    p_value: float
    severity: str
    value: float | None = None
    """Of the feature of `IncidentView.charted`, if it is a number."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A line of the table of reasons, in words."""

    feature: str
    actual: str
    """A value, or a range if members differ."""
    expected: str
    share: float
    """Mean share of the surprise, 0 to 1."""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a person has said about an incident."""

    action: str
    """``fraud``, ``expected``, ``take`` or ``silence``."""
    user: str
    """The person's name, as it is shown."""
    at: float
    """Seconds since the epoch."""
    id: str = ""
    """Of the press."""
    undone_by: str = ""
    """Who has taken it back; empty if nobody has."""


class IncidentView(msgspec.Struct, frozen=True, kw_only=True, tag="incident"):
    """An incident, as people see it."""

    id: str
    """Opaque, of ASCII letters, digits, ``-``; at most 64 characters."""
    title: str
    """What it is about: ``card-0042``, or ``200 cards: amount far above, terminal T-17``."""
    severity: str
    status: Status
    grouped_by: str
    """Why its members are one incident, in words: ``the same entity``."""
    opened: float
    last: float
    """When its last member came; both in seconds since the epoch."""
    resolved: float | None = None
    members: int
    entities: int
    sample: tuple[Member, ...]
    """The strongest and the latest members, in order of time; at most `MOST_MEMBERS`."""
    rows: tuple[Row, ...]
    """The strongest first."""
    rarity: str
    """In words: ``about 1 in 1,250 transactions is this unusual``."""
    model: str
    """Name and version of the model of the last member."""
    first_source: str
    last_source: str
    """Topic, partition and offset of the first and the last member's transaction, in words."""
    entity: str | None = None
    """If all members have the same."""
    charted: str | None = None
    """The feature whose values the members have; None if it has no numbers."""
    expected: float | None = None
    """What it usually is."""
    taken_by: str | None = None
    answers: tuple[Answer, ...] = ()
    merged_into: str | None = None
    """The incident of which it is a part by now; that one may have been merged in turn."""
    labels: dict[str, str] = {}
    """For channels that route by themselves: entity, severity, feature, and shared fields."""

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.status == Status.OPEN


MOST_MEMBERS = 40
"""Members that a view has, of however many."""


class DigestLine(msgspec.Struct, frozen=True, array_like=True):
    """An incident that has no message of its own, or several that are alike."""

    incident: str
    title: str
    severity: str
    members: int
    why: str
    """Why it has none: ``the budget of 20 messages an hour was spent``."""
    incidents: int = 1
    """Incidents that the line is about: if there are several, it has no `incident`."""


class Digest(msgspec.Struct, frozen=True, kw_only=True, tag="digest"):
    """What happened without a message of its own."""

    begins: float
    ends: float
    """Seconds since the epoch."""
    lines: tuple[DigestLine, ...]
    """The most severe first; at most `MOST_LINES`."""
    incidents: int
    """Number of incidents: the sum of those of the lines."""
    anomalies: int


MOST_LINES = 30
"""Lines of a digest."""


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """A line that is about no incident, such as a silence that is about to end."""

    title: str
    text: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver is told.

    All notices about one thing have the same id. A channel that can do so shows them as one
    message: the first one is posted, and later ones edit it.
    """

    id: str
    """Of the incident, the digest or the note; at most 64 ASCII letters, digits and ``-``."""
    version: int
    """Grows with each notice of the same id, from 1 on."""
    event: Event
    at: float
    """When it became due, in seconds since the epoch."""
    subject: IncidentView | Digest | Note
    changes: tuple[str, ...] = ()
    """What people have to be told since the last notice; if empty, an edit is enough."""
