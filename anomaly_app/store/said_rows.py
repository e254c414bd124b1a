"""From what people say to rows: of labels, of silences, and of the audit trail."""

import re
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.feedback.action import Action
from anomaly_app.core.feedback.messages import Feedback, read_feedback
from anomaly_app.core.learning.label import About, Basis, Label, Undo, Verdict
from anomaly_app.errors import FeedbackUnreadable
from anomaly_app.store import values
from anomaly_app.store.digests import Mark

INCIDENT = "incident"
"""What the answer to an incident is about; the others are those of `About`."""

UNDO, EXPIRE = "undo", "expire"
"""Actions that take something back."""

ERASE = "erase"
"""The action that erases an entity; its subject is a mark."""

ANSWERS = frozenset(Verdict)

SAID = re.compile(r"[!-~]{1,300}")
"""What the id of something said looks like."""


class Entry(NamedTuple):
    """What the audit trail has of something said."""

    said: str
    at: float
    action: str
    subject: str
    user: str
    via: str


def feedback_rows(topic: str, value: bytes | None, group: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows that something said makes, each with the name of its table.

    Raises
    ------
    FeedbackUnreadable
        It is nothing that people say.
    """
    said = read_feedback(value, group)
    if said is None:
        return []
    if not SAID.fullmatch(said.id):
        raise FeedbackUnreadable("its id has not 1 to 300 letters, digits and signs")
    made = [("audit", audit_row(topic, said))]
    match said:
        case Label():
            made.append(("labels", label_row(said)))
        case Press() if said.action in ANSWERS:
            made.append(("labels", answer_row(said)))
        case AddSilence():
            made.append(("silences", silence_row(said)))
        case Action() if said.action == ERASE and (mark := Mark.parse(said.subject)):
            made.append(("erased", {"mark": mark.text, "until": values.moment(said.at)}))
    return made


def audit_row(topic: str, said: Feedback) -> dict[str, Any]:
    """Return the row of the audit trail."""
    entry = _entry(said)
    return {
        "kafka_topic": topic,
        "at": values.moment(entry.at),
        "action": values.name(entry.action, 64),
        "subject": values.name(entry.subject),
        "user_name": values.name(entry.user),
        "via": values.name(entry.via),
        "said": entry.said,
        "detail_json": values.plain(msgspec.json.encode(said).decode()),
    }


def _entry(said: Feedback) -> Entry:
    match said:
        case Press():
            via = said.receiver
            return Entry(said.id, said.at, said.action, said.incident, said.user, via)
        case AddSilence():
            silence = said.silence
            return Entry(said.id, said.at, "silence", silence.id, silence.user, "")
        case ExpireSilence():
            return Entry(said.id, said.at, EXPIRE, said.silence, said.user, "")
        case Label():
            return Entry(said.id, said.at, "label", said.name, said.user, said.via)
        case Undo():
            return Entry(said.id, said.at, UNDO, said.said, said.user, "")
        case Action():
            return Entry(said.id, said.at, said.action, said.subject, said.user, said.via)


def label_row(label: Label) -> dict[str, Any]:
    """Return the row of a label."""
    since, until = _time_of(label)
    return _label(
        id=label.id,
        about=str(label.about),
        name=values.name(label.name),
        verdict=str(label.verdict),
        basis=str(label.basis),
        user_name=values.name(label.user),
        via=values.name(label.via),
        note=values.plain(label.note),
        since=since,
        until=until,
        at=values.moment(label.at),
    )


def answer_row(press: Press) -> dict[str, Any]:
    """Return the row of the answer to an incident, which labels its anomalies."""
    return _label(
        id=press.id,
        about=INCIDENT,
        name=press.incident,
        verdict=press.action,
        basis=str(Basis.OPINION),
        user_name=values.name(press.user),
        via=values.name(press.receiver),
        note=values.plain(press.note),
        since=None,
        until=None,
        at=values.moment(press.at),
    )


def silence_row(said: AddSilence) -> dict[str, Any]:
    """Return the row of a silence."""
    silence = said.silence
    return {
        "id": silence.id,
        "matchers_json": values.plain(msgspec.json.encode(silence.matchers).decode()),
        "incident": values.name(silence.incident or said.incident),
        "begins": values.moment(silence.begins),
        "ends": values.moment(silence.ends),
        "note": values.plain(silence.note),
        "user_name": values.name(silence.user),
        "at": values.moment(said.at),
        "ended_at": None,
        "ended_by": None,
    }


def _label(**columns: Any) -> dict[str, Any]:
    return {**columns, "undone_at": None, "undone_by": None}


def _time_of(label: Label) -> tuple[datetime | None, datetime | None]:
    """Return the time to which the label of an entity applies; None: from the beginning."""
    if label.about != About.ENTITY:
        return None, None
    until = label.at if label.until is None else min(label.until, label.at)
    since = None if label.since is None else values.moment(label.since)
    return since, values.moment(until)
