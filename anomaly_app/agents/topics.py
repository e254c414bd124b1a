"""The topics that agents read: one line for each, with its largest batch."""

from typing import NamedTuple

from faust.types import TopicT

from anomaly_app.kafka.consumer import ConfirmingApp
from anomaly_app.settings.app import Settings

ALERTS_AT_ONCE = 32
"""Largest batch of anomalies: alerts to the log are written without a pause."""


class Topics(NamedTuple):
    """The topics that agents read, as Faust knows them."""

    transactions: TopicT
    anomalies: TopicT


def declare_topics(app: ConfirmingApp, settings: Settings) -> Topics:
    """Declare the topics; nothing is sent to the broker yet."""
    return Topics(
        transactions=app.batch_topic(settings.transactions_topic, settings.batch_size),
        anomalies=app.batch_topic(settings.anomalies_topic, ALERTS_AT_ONCE),
    )
