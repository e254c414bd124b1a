"""What somebody has done that is no label, answer or silence: for the audit trail alone."""

import re

import msgspec

from anomaly_app.core.learning.label import ID, LONGEST_USER
from anomaly_app.errors import AlertsRefused

NAME = re.compile(r"[a-z][a-z-]{0,63}")

LONGEST_SUBJECT = 500


class Action(msgspec.Struct, frozen=True, kw_only=True, tag="action"):
    """Somebody has done something."""

    id: str
    action: str
    """Such as ``export``."""
    subject: str
    """What it was done to, such as the terms of a search."""
    user: str
    via: str = ""
    """Where, as for a label."""
    at: float
    """Seconds since the epoch."""


def check_action(said: Action) -> None:
    """Check an action that anybody may have written.

    Raises
    ------
    AlertsRefused
        It names nothing that was done, or nobody.
    """
    if not ID.fullmatch(said.id) or not NAME.fullmatch(said.action):
        raise AlertsRefused("an action has an id and a name, of letters, digits and -")
    if len(said.subject) > LONGEST_SUBJECT:
        raise AlertsRefused(f"the subject of an action has at most {LONGEST_SUBJECT} characters")
    if not 0 < len(said.user.strip()) <= LONGEST_USER:
        raise AlertsRefused(f"an action needs a user, of at most {LONGEST_USER} characters")
