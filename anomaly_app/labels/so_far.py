"""What has been said so far: the feedback topic, from its beginning to its end."""

from aiokafka import TopicPartition

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.messages import Feedback, read_feedback
from anomaly_app.core.learning.label import Label, Undo
from anomaly_app.errors import FeedbackUnreadable
from anomaly_app.incidents.saying import check_feedback_topic
from anomaly_app.kafka import Progress, broker_errors, open_consumer, read_ranges, watermarks
from anomaly_app.settings import Settings

ANSWER_TIMEOUT = 10.0
"""Seconds without an answer of the broker."""


class SaidSoFar:
    """Labels and answers, and which of them were taken back."""

    def __init__(self) -> None:
        self.said: dict[str, Label | Press] = {}
        """By id; what comes again with the same id changes nothing."""
        self.undone: dict[str, Undo] = {}
        """By the id of what was taken back; the first undo counts."""

    def add(self, message: Feedback | None) -> None:
        """Take in a message; None is one of another group."""
        match message:
            case Label() | Press():
                self.said.setdefault(message.id, message)
            case Undo():
                self.undone.setdefault(message.said, message)


async def said_so_far(settings: Settings, progress: Progress) -> SaidSoFar:
    """Read the topic; what is no feedback, or that of another group, is passed over.

    Parameters
    ----------
    settings
        The broker, the topic and the group.
    progress
        Called with the progress of the reading.

    Raises
    ------
    TopicMissing
        No worker has created it yet.
    BrokerError
        The broker does not answer.
    """
    topic, found = settings.feedback_topic, SaidSoFar()
    partitions = [TopicPartition(topic, n) for n in range(await check_feedback_topic(settings))]
    with broker_errors(f"reading {topic}"):
        async with open_consumer(settings) as consumer:
            ranges = await watermarks(consumer, partitions)
            total = sum(end - begin for begin, end in ranges.values())
            async for fetched in read_ranges(consumer, ranges, answer_timeout=ANSWER_TIMEOUT):
                progress(fetched.done, total)
                for record in fetched.records:
                    try:
                        found.add(read_feedback(record.value, settings.group))
                    except FeedbackUnreadable:
                        continue
    return found
