"""A notice as JSON for programs: what webhooks get, and the lines of a log file.

The structure is that of Standard Webhooks: ``type``, ``timestamp`` and ``data``. It is part of the
interface: fields are added, but neither removed nor given another meaning.
"""

from typing import Literal

import msgspec

Type = Literal[
    "incident.opened",
    "incident.changed",
    "incident.repeated",
    "incident.resolved",
    "digest",
    "note",
]


class Anomaly(msgspec.Struct, frozen=True):
    """One anomaly of an incident."""

    id: str
    """Topic, partition and offset of the transaction: ``transactions-3-1042``."""
    entity: str
    time: str
    p_value: float
    severity: str
    value: float | None
    """Of the feature that ``charted`` names."""


class Reason(msgspec.Struct, frozen=True):
    """Why the anomalies are unusual: values in words."""

    feature: str
    actual: str
    expected: str
    share: float
    """Of the surprise, 0 to 1."""


class Answer(msgspec.Struct, frozen=True):
    """What a person has said."""

    action: str
    user: str
    at: str


class IncidentData(msgspec.Struct, frozen=True, tag="incident", tag_field="kind", kw_only=True):
    """An incident as it is now."""

    id: str
    title: str
    severity: str
    status: Literal["open", "resolved"]
    grouped_by: str
    opened: str
    last: str
    """Time of the last anomaly."""
    resolved: str | None
    anomalies: int
    entities: int
    entity: str | None
    """If all anomalies have the same."""
    sample: list[Anomaly]
    """Some of the anomalies, in order of time."""
    reasons: list[Reason]
    """The strongest first."""
    rarity: str
    model: str
    first_source: str
    last_source: str
    charted: str | None
    expected: float | None
    taken_by: str | None
    answers: list[Answer]
    labels: dict[str, str]
    merged_into: str | None
    """The incident of which it is a part by now; null if it is one of its own."""


class DigestLine(msgspec.Struct, frozen=True):
    """An incident that had no message of its own, or several that are alike."""

    incident: str
    """Empty if the line is about several."""
    title: str
    severity: str
    anomalies: int
    why: str
    incidents: int
    """Incidents that the line is about: if there are several, it has no `incident`."""


class DigestData(msgspec.Struct, frozen=True, tag="digest", tag_field="kind", kw_only=True):
    """What happened without a message of its own."""

    begins: str
    ends: str
    incidents: int
    anomalies: int
    lines: list[DigestLine]


class NoteData(msgspec.Struct, frozen=True, tag="note", tag_field="kind", kw_only=True):
    """A line that is about no incident."""

    title: str
    text: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A notice."""

    type: Type
    timestamp: str
    """When the notice became due; times are ISO 8601 in UTC."""
    id: str
    """The same for all notices about one thing."""
    version: int
    """Grows with each of them: with ``id`` it is the same for each delivery of one notice."""
    changes: list[str]
    """What is new, in words."""
    data: IncidentData | DigestData | NoteData
