"""A label: what somebody says an anomaly, a transaction or an entity was."""

import re
from enum import StrEnum

import msgspec

from anomaly_app.core.times import EARLIEST, LATEST
from anomaly_app.core.visible import quoted
from anomaly_app.errors import LabelRefused

ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""What the id of a label looks like."""

ANOMALY = re.compile(r"[A-Za-z0-9._-]{1,249}-\d{1,10}-\d{1,19}")
"""What the id of an anomaly looks like: topic, partition and offset."""

SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half a character: bytes of a command line that are no text have some."""

LONGEST_NAME, LONGEST_USER, LONGEST_NOTE = 300, 80, 500


class About(StrEnum):
    """What a label is about; an incident is labelled by answering it."""

    ANOMALY = "anomaly"
    """One transaction, by its topic, partition and offset, whether it was an anomaly or not."""
    TRANSACTION = "transaction"
    """One transaction, by its own id: that of the role ``id``."""
    ENTITY = "entity"
    """All transactions of an entity in a time, which ends at the latest when it is given."""


class Verdict(StrEnum):
    """What it was."""

    FRAUD = "fraud"
    """What one wants to be told of."""
    EXPECTED = "expected"
    """What is ordinary, or does not matter."""


class Basis(StrEnum):
    """How it is known."""

    OPINION = "opinion"
    """A person has looked."""
    OUTCOME = "outcome"
    """It has turned out so, as in a chargeback; this outweighs opinions."""


class Label(msgspec.Struct, frozen=True, kw_only=True, tag="label"):
    """Somebody says what an anomaly, a transaction or the past of an entity was."""

    id: str
    """The same for each delivery of the same label."""
    about: About
    name: str
    """Of what it is about: hostile, like every text from outside."""
    verdict: Verdict
    basis: Basis = Basis.OPINION
    user: str
    """The name that is shown; each has one vote on one thing, the last one."""
    via: str = ""
    """Where it was said: ``page``, ``http``, ``command`` or ``file``."""
    note: str = ""
    since: float | None = None
    """Of an entity: the first time of the transactions that are meant; None for all before."""
    until: float | None = None
    """Of an entity: their last time; None for the time at which it is given."""
    at: float
    """When it was given, in seconds since the epoch: what learns may not know it earlier."""


class Undo(msgspec.Struct, frozen=True, kw_only=True, tag="undo"):
    """Somebody takes back a label or an answer; what learns does not know it any more from then."""

    id: str
    said: str
    """Id of the label or of the answer."""
    user: str
    at: float
    """Seconds since the epoch."""


def check_label(label: Label) -> None:
    """Check a label that anybody may have written.

    Raises
    ------
    LabelRefused
        It is about nothing, by nobody, or of no time.
    """
    if not ID.fullmatch(label.id):
        raise LabelRefused("the id of a label has 1 to 64 letters, digits and -")
    if not 0 < len(label.name) <= LONGEST_NAME:
        raise LabelRefused(f"a label names what it is about in 1 to {LONGEST_NAME} characters")
    if SURROGATE.search(label.name):
        raise LabelRefused(f"{quoted(label.name)} is no text in UTF-8")
    if label.about == About.ANOMALY and not ANOMALY.fullmatch(label.name):
        raise LabelRefused(
            f"{quoted(label.name)} is no anomaly: its id is TOPIC-PARTITION-OFFSET, such as "
            "transactions-3-1042"
        )
    if not 0 < len(label.user.strip()) <= LONGEST_USER:
        raise LabelRefused(f"a label needs a user, of at most {LONGEST_USER} characters")
    if len(label.note) > LONGEST_NOTE:
        raise LabelRefused(f"the note of a label has at most {LONGEST_NOTE} characters")
    times = (label.at, label.since, label.until)
    if not all(is_time(time) for time in times if time is not None):
        raise LabelRefused("the times of a label are seconds since the epoch, from 1970 to 2100")
    if label.about != About.ENTITY and (label.since, label.until) != (None, None):
        raise LabelRefused("only the label of an entity has a time to which it applies")
    ends = label.at if label.until is None else min(label.at, label.until)
    if label.since is not None and label.since > ends:
        raise LabelRefused("the time to which a label applies ends before it begins")


def check_undo(undo: Undo) -> None:
    """Check an undo that anybody may have written.

    Raises
    ------
    LabelRefused
        It names no label, nobody, or no time.
    """
    if not ID.fullmatch(undo.id) or not ID.fullmatch(undo.said):
        raise LabelRefused("an undo names a label, and has an id, of 1 to 64 letters, digits and -")
    if not 0 < len(undo.user.strip()) <= LONGEST_USER:
        raise LabelRefused(f"an undo needs a user, of at most {LONGEST_USER} characters")
    if not is_time(undo.at):
        raise LabelRefused("the time of an undo is in seconds since the epoch, from 1970 to 2100")


def is_time(seconds: float) -> bool:
    """Whether a number can be the time at which somebody says something."""
    return EARLIEST <= seconds < LATEST
