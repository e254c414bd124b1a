"""What is said in the thread of an incident."""

from anomaly_app.channels.slack import elements as slack
from anomaly_app.channels.slack.blocks import Message, escaped
from anomaly_app.core.alerts.notice import IncidentView, Notice

MOST_CHANGES, LONGEST_CHANGE = 10, 300

CRITICAL = "critical"


def reply_of(notice: Notice) -> Message:
    """Say what has changed since the last notice."""
    changes = [slack.literal(change, LONGEST_CHANGE) for change in notice.changes[:MOST_CHANGES]]
    lines = [[slack.words(change, LONGEST_CHANGE)] for change in changes]
    return Message(escaped(" ".join(changes)), [slack.lines(*lines)])


def is_raised_to_critical(notice: Notice) -> bool:
    """Whether everybody in the channel shall see the reply, and not the thread's readers only."""
    subject = notice.subject
    return (
        isinstance(subject, IncidentView)
        and subject.is_open
        and subject.severity == CRITICAL
        and any(CRITICAL in change for change in notice.changes)
    )
