"""The topics that the app reads."""

from typing import NamedTuple

import faust
from faust.types import TopicT

from anomaly_app.kafka.consumer.transport import BatchSchema
from anomaly_app.settings.app import Settings


class Topics(NamedTuple):
    """The topics that agents read, as Faust knows them."""

    transactions: TopicT
    anomalies: TopicT


def define_topics(app: faust.App, settings: Settings) -> Topics:
    """Define the topics; nothing is sent to the broker yet."""
    return Topics(
        app.topic(settings.transactions_topic, schema=BatchSchema()),
        app.topic(settings.anomalies_topic, schema=BatchSchema()),
    )
