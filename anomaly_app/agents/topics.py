"""The topics that agents read: one line for each, with its largest batch."""

from typing import NamedTuple

from faust.types import TopicT

from anomaly_app.kafka.consumer import ConfirmingApp
from anomaly_app.settings.app import Settings

ANOMALIES_AT_ONCE = 256
"""Largest batch of anomalies, or of what people say; see `core.alerts.read_so_far.WIDTH`."""

ENTRIES_AT_ONCE = 100
"""Largest batch of the log of alerts: applying them takes some milliseconds."""

MESSAGES_AT_ONCE = 64
"""Largest batch of messages between the two memories: each has the records of a batch."""


class Topics(NamedTuple):
    """The topics that agents read, as Faust knows them."""

    transactions: TopicT
    anomalies: TopicT
    feedback: TopicT
    alerts: TopicT
    """The log of alerts."""
    counterparts: TopicT | None = None
    """Between the memory of entities and that of counterparts; None if these are not remembered."""


def declare_topics(
    app: ConfirmingApp, settings: Settings, *, has_counterparts: bool = False
) -> Topics:
    """Declare the topics; nothing is sent to the broker yet.

    Parameters
    ----------
    app
        The app.
    settings
        Their names.
    has_counterparts
        Whether the model remembers counterparts.
    """
    counterparts = settings.counterparts_topic_name
    return Topics(
        transactions=app.batch_topic(settings.transactions_topic, settings.batch_size),
        anomalies=app.batch_topic(settings.anomalies_topic, ANOMALIES_AT_ONCE),
        feedback=app.batch_topic(settings.feedback_topic, ANOMALIES_AT_ONCE),
        alerts=app.batch_topic(settings.alerts_topic_name, ENTRIES_AT_ONCE),
        counterparts=app.batch_topic(counterparts, MESSAGES_AT_ONCE) if has_counterparts else None,
    )
