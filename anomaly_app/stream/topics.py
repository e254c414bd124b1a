"""The topics that the app reads."""

from functools import partial
from typing import NamedTuple

import faust
from faust.types import TopicT

from anomaly_app.settings import Settings
from anomaly_app.stream.batching import RunSchema

ALERTS_BUFFER = 0
"""Anomalies that wait in memory before they hold up the worker: no bound.

Faust's full buffer would hold up every topic, scoring too. Without a bound a partition is not
fetched again before all that came of it has been alerted on, so no more than one fetch of each
waits in memory.
"""


class Topics(NamedTuple):
    """The topics that agents read, as Faust knows them."""

    transactions: TopicT
    anomalies: TopicT


def define_topics(app: faust.App, settings: Settings) -> Topics:
    """Define the topics; nothing is sent to the broker yet."""
    define = partial(
        app.topic,
        partitions=settings.partitions,
        replicas=settings.replication,
        schema=RunSchema(),
    )
    topics = Topics(define(settings.transactions_topic), define(settings.anomalies_topic))
    # `App.topic` takes a `maxsize`, and drops it.
    topics.anomalies.maxsize = ALERTS_BUFFER
    return topics
