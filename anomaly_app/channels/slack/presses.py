"""What Slack says of a press or of a submitted form, as feedback or as an answer to Slack.

Pure: bytes and a time in, what is to be done out. The bytes are Slack's, but what is in them comes
from people, and from buttons that anybody may have made.
"""

import hashlib
import re
from typing import NamedTuple

import msgspec

from anomaly_app.channels.slack.buttons import EXPECTED, FRAUD, SILENCE, TAKE
from anomaly_app.channels.slack.elements import Block, literal
from anomaly_app.channels.slack.silence_form import (
    CALLBACK,
    NOTE,
    CheckMatcher,
    Wish,
    check_form_of_matcher,
    read_form,
    silence_form,
)
from anomaly_app.core.alerts.feedback import AddSilence, Press
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.feedback.messages import Feedback

INCIDENT = re.compile(r"[A-Za-z0-9-]{1,64}")

LONGEST_NAME = 80

STRANGE_BUTTON = "This button does not belong to an incident of this app."
STRANGE_FORM = "This form does not belong to an incident of this app."


class Take(NamedTuple):
    """Feedback, to be kept before the press is acknowledged."""

    feedback: Feedback


class OpenForm(NamedTuple):
    """A form that Slack shall show."""

    trigger: str
    """Slack's permission to do so; it lasts for three seconds."""
    form: Block


class Tell(NamedTuple):
    """Words that only the person who pressed shall see."""

    channel: str
    user: str
    text: str


class Correct(NamedTuple):
    """What is wrong in a form, by the name of the input."""

    errors: dict[str, str]


class Ignore(NamedTuple):
    """Nothing of ours: it is only acknowledged."""


Reaction = Take | OpenForm | Tell | Correct | Ignore


class _User(msgspec.Struct):
    id: str
    name: str = ""
    username: str = ""


class _Action(msgspec.Struct):
    action_id: str
    value: str = ""
    action_ts: str = ""


class _Container(msgspec.Struct):
    channel_id: str = ""
    message_ts: str = ""


class _BlockActions(msgspec.Struct, tag="block_actions", tag_field="type"):
    user: _User
    actions: list[_Action]
    container: _Container = msgspec.field(default_factory=_Container)
    trigger_id: str = ""


class _Option(msgspec.Struct):
    value: str = ""


class _Input(msgspec.Struct):
    value: str | None = None
    selected_option: _Option | None = None


class _State(msgspec.Struct):
    values: dict[str, dict[str, _Input]] = msgspec.field(default_factory=dict)


class _View(msgspec.Struct):
    id: str
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = msgspec.field(default_factory=_State)


class _ViewSubmission(msgspec.Struct, tag="view_submission", tag_field="type"):
    user: _User
    view: _View


_DECODER = msgspec.json.Decoder(_BlockActions | _ViewSubmission)


def read_payload(
    data: bytes,
    *,
    now: float,
    receiver: str = "slack",
    check_matcher: CheckMatcher = check_form_of_matcher,
) -> Reaction:
    """Read one payload of Slack.

    Parameters
    ----------
    data
        JSON.
    now
        Seconds since the epoch.
    receiver
        Name of the receiver whose messages have the buttons.
    check_matcher
        Says what is wrong with a matcher.
    """
    try:
        payload = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Ignore()
    if isinstance(payload, _ViewSubmission):
        return _submitted(payload, now, check_matcher)
    ours = [a for a in payload.actions if a.action_id in {FRAUD, EXPECTED, TAKE, SILENCE}]
    return _pressed(payload, ours[0], now, receiver) if ours else Ignore()


def _pressed(payload: _BlockActions, action: _Action, now: float, receiver: str) -> Reaction:
    place, user = payload.container, payload.user
    incident, *matchers = action.value.split("\n")
    if INCIDENT.fullmatch(incident) is None:
        return Tell(place.channel_id, user.id, STRANGE_BUTTON)
    if action.action_id == SILENCE:
        return OpenForm(payload.trigger_id, silence_form(incident, matchers))
    return Take(
        Press(
            id=_digest("press", incident, user.id, action.action_id, action.action_ts),
            incident=incident,
            action=action.action_id,
            user=_name(user),
            user_id=literal(user.id, LONGEST_NAME),
            receiver=receiver,
            reference=literal(f"{place.channel_id}:{place.message_ts}", LONGEST_NAME),
            at=now,
        )
    )


def _submitted(payload: _ViewSubmission, now: float, check_matcher: CheckMatcher) -> Reaction:
    view, user = payload.view, payload.user
    if view.callback_id != CALLBACK:
        return Ignore()
    incident = view.private_metadata
    if INCIDENT.fullmatch(incident) is None:
        return Correct({NOTE: STRANGE_FORM})
    wish = read_form(
        {name: _value(block) for name, block in view.state.values.items()}, check_matcher
    )
    if not isinstance(wish, Wish):
        return Correct(wish)
    # A form that is submitted again after a failure is the same wish.
    name = _digest("silence", incident, user.id, view.id)
    silence = Silence(
        id=name,
        matchers=wish.matchers,
        incident="" if wish.matchers else incident,
        begins=now,
        ends=now + wish.seconds,
        note=wish.note,
        user=_name(user),
    )
    return Take(AddSilence(id=name, silence=silence, incident=incident, at=now))


def _value(block: dict[str, _Input]) -> str | None:
    for given in block.values():
        return given.value if given.selected_option is None else given.selected_option.value
    return None


def _name(user: _User) -> str:
    return literal(user.username or user.name or user.id, LONGEST_NAME)


def _digest(*parts: str) -> str:
    """Give the same id for the same parts: 32 letters and digits."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]
