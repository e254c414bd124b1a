"""What people say about incidents."""

import msgspec

from anomaly_app.core.alerts.silence import Silence


class Press(msgspec.Struct, frozen=True, kw_only=True, tag="press"):
    """A person has answered an incident with a click."""

    id: str
    """The same for each delivery of the same click: answers are idempotent by it."""
    incident: str
    """As it was in the button: hostile, like every text from outside."""
    action: str
    """``fraud``, ``expected`` or ``take``."""
    user: str
    """The name that is shown."""
    user_id: str = ""
    """The channel's own id of the person."""
    receiver: str = ""
    """The receiver whose message it was, and where that message is."""
    reference: str = ""
    note: str = ""
    at: float
    """Seconds since the epoch."""


class AddSilence(msgspec.Struct, frozen=True, kw_only=True, tag="silence"):
    """A person has asked for a silence."""

    id: str
    silence: Silence
    incident: str = ""
    """If it is for an incident: its entity or group, if the silence has no matchers."""
    at: float


class ExpireSilence(msgspec.Struct, frozen=True, kw_only=True, tag="expire"):
    """A person has ended a silence."""

    id: str
    silence: str
    user: str
    at: float
