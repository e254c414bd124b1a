"""The messages of the feedback topic: read, written, and checked, as anybody may write to it."""

from typing import TypeAlias

import msgspec

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.wish import NAME, check_silence
from anomaly_app.core.feedback.action import Action, check_action
from anomaly_app.core.learning.label import (
    ID,
    LONGEST_NOTE,
    Label,
    Undo,
    check_label,
    check_undo,
    is_time,
)
from anomaly_app.core.scoring.anomaly import READING_FAULTS, write_json
from anomaly_app.errors import AlertsRefused, FeedbackUnreadable, LabelRefused, describe

MOST_BYTES = 65_536
"""Of a message; what people say is short."""

Feedback: TypeAlias = Press | AddSilence | ExpireSilence | Label | Undo | Action


class _Addressed(msgspec.Struct):
    group: str = ""


_read_feedback = msgspec.json.Decoder(Feedback).decode
_read_group = msgspec.json.Decoder(_Addressed).decode


def write_feedback(said: Feedback, group: str) -> bytes:
    """Return what somebody says as a message of the feedback topic.

    Parameters
    ----------
    said
        It is about incidents, silences or anomalies of the group.
    group
        Groups may share the topic: their incidents may have the same ids.
    """
    return write_json({"group": group, **msgspec.to_builtins(said)})


def feedback_key(said: Feedback) -> bytes:
    """Return the key of a message: what is said, and that it is taken back, stay in order."""
    match said:
        case Press() | Label() | Action():
            key = said.id
        case AddSilence():
            key = said.silence.id
        case ExpireSilence():
            key = said.silence
        case Undo():
            key = said.said
    return key.encode(errors="replace")


def read_feedback(value: bytes | None, group: str) -> Feedback | None:
    """Read a message of the feedback topic; None if it is for another group.

    Raises
    ------
    FeedbackUnreadable
        It is none; anybody may have written it.
    """
    if len(value or b"") > MOST_BYTES:
        raise FeedbackUnreadable(f"it has more than {MOST_BYTES:,} bytes")
    try:
        said, addressed = _read_feedback(value or b""), _read_group(value or b"")
        check_feedback(said)
    except (*READING_FAULTS, msgspec.DecodeError, AlertsRefused, LabelRefused) as fault:
        raise FeedbackUnreadable(describe(fault)) from None
    return said if addressed.group in {"", group} else None


def check_feedback(said: Feedback) -> None:
    """Check what anybody may have written to the feedback topic.

    Raises
    ------
    AlertsRefused
        It is nothing that a person can have said of incidents.
    LabelRefused
        It is no label.
    """
    if not is_time(said.at):
        raise AlertsRefused("its time is not in seconds since the epoch, from 1970 to 2100")
    match said:
        case Press():
            _check_press(said)
        case AddSilence():
            check_silence(said.silence)
        case ExpireSilence():
            if not NAME.fullmatch(said.silence):
                raise AlertsRefused("it names no silence")
        case Label():
            check_label(said)
        case Undo():
            check_undo(said)
        case Action():
            check_action(said)


def _check_press(said: Press) -> None:
    if not ID.fullmatch(said.id):
        raise AlertsRefused("the id of an answer has 1 to 64 letters, digits and -")
    if not NAME.fullmatch(said.incident):
        raise AlertsRefused("it names no incident")
    if len(said.note) > LONGEST_NOTE:
        raise AlertsRefused(f"its note has more than {LONGEST_NOTE} characters")
