"""Keeping what people say: it is on the feedback topic before anybody is answered."""

import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from anomaly_app.core.alerts.feedback import Feedback
from anomaly_app.core.alerts.intake import feedback_key, write_feedback
from anomaly_app.kafka.sending import Outgoing
from anomaly_app.settings import Settings

Accept: TypeAlias = Callable[[Feedback], Awaitable[None]]
"""Keeps feedback; when it returns, the broker has it."""


def feedback_message(said: Feedback, settings: Settings) -> Outgoing:
    """Return the message of the feedback topic."""
    value = write_feedback(said, settings.group)
    return Outgoing(settings.feedback_topic, feedback_key(said), value, {})


def new_id() -> str:
    """Return an id for a silence, or for something that is said."""
    return f"s-{secrets.token_hex(6)}"
