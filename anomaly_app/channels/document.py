"""A notice as JSON for programs: what webhooks get, and the lines of a log file.

The structure is that of Standard Webhooks: ``type``, ``timestamp`` and ``data``. It is part of the
interface: fields are added, but neither removed nor given another meaning.
"""

from typing import Literal

import msgspec

from anomaly_app.channels.wording import iso
from anomaly_app.core.alerts.notice import Digest, IncidentView, Note, Notice

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


class DigestLine(msgspec.Struct, frozen=True):
    """An incident that had no message of its own."""

    incident: str
    title: str
    severity: str
    anomalies: int
    why: str


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


def document_of(notice: Notice) -> bytes:
    """Return a notice as one line of JSON in UTF-8.

    Half of a pair of surrogates, which is no text, is replaced.
    """
    made = Document(
        type=_type(notice),
        timestamp=iso(notice.at),
        id=notice.id,
        version=notice.version,
        changes=list(notice.changes),
        data=_data(notice.subject),
    )
    return _encode(made)


def incident_document(view: IncidentView) -> bytes:
    """Return an incident as it is now, as one line of JSON in UTF-8; see `document_of`."""
    return _encode(_data(view))


def _encode(made: msgspec.Struct) -> bytes:
    try:
        return msgspec.json.encode(made)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sound(msgspec.to_builtins(made)))


def _type(notice: Notice) -> Type:
    match notice.subject:
        case Digest():
            return "digest"
        case Note():
            return "note"
    return f"incident.{notice.event}"  # type: ignore[return-value]  # one of the four


def _data(subject: IncidentView | Digest | Note) -> IncidentData | DigestData | NoteData:
    match subject:
        case Note(title=title, text=text):
            return NoteData(title=title, text=text)
        case Digest() as digest:
            return DigestData(
                begins=iso(digest.begins),
                ends=iso(digest.ends),
                incidents=digest.incidents,
                anomalies=digest.anomalies,
                lines=[DigestLine(*msgspec.structs.astuple(line)) for line in digest.lines],
            )
    view = subject
    return IncidentData(
        id=view.id,
        title=view.title,
        severity=view.severity,
        status="open" if view.is_open else "resolved",
        grouped_by=view.grouped_by,
        opened=iso(view.opened),
        last=iso(view.last),
        resolved=None if view.resolved is None else iso(view.resolved),
        anomalies=view.members,
        entities=view.entities,
        entity=view.entity,
        sample=[
            Anomaly(one.anomaly_id, one.entity, iso(one.time), one.p_value, one.severity, one.value)
            for one in view.sample
        ],
        reasons=[Reason(*msgspec.structs.astuple(row)) for row in view.rows],
        rarity=view.rarity,
        model=view.model,
        first_source=view.first_source,
        last_source=view.last_source,
        charted=view.charted,
        expected=view.expected,
        taken_by=view.taken_by,
        answers=[Answer(one.action, one.user, iso(one.at)) for one in view.answers],
        labels=view.labels,
    )


def _sound(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {str(_sound(name)): _sound(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    return value
