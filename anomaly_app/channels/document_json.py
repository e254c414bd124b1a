"""Write a notice as JSON for programs."""

from math import isfinite

import msgspec

from anomaly_app.channels.document import (
    Anomaly,
    Answer,
    DigestData,
    DigestLine,
    Document,
    IncidentData,
    NoteData,
    Reason,
    Type,
)
from anomaly_app.channels.wording import iso
from anomaly_app.core.alerts.notice import Digest, IncidentView, Note, Notice


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
            Anomaly(
                one.anomaly_id,
                one.entity,
                iso(one.time),
                _finite(one.p_value),
                one.severity,
                one.value,
            )
            for one in view.sample
        ],
        reasons=[
            Reason(row.feature, row.actual, row.expected, _finite(row.share)) for row in view.rows
        ],
        rarity=view.rarity,
        model=view.model,
        first_source=view.first_source,
        last_source=view.last_source,
        charted=view.charted,
        expected=view.expected,
        taken_by=view.taken_by,
        answers=[Answer(one.action, one.user, iso(one.at)) for one in view.answers],
        labels=view.labels,
        merged_into=view.merged_into,
    )


def _finite(number: float) -> float:
    """JSON knows no other numbers."""
    return number if isfinite(number) else 0.0


def _sound(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {str(_sound(name)): _sound(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    return value
