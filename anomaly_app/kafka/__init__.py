"""Kafka without Faust: client options, the first connection, topics.

The modules that need Faust are not loaded with the package: `anomaly_app.kafka.sending` and
`anomaly_app.kafka.consumer`.
"""

from anomaly_app.kafka.checks import check_broker
from anomaly_app.kafka.clients import (
    CLIENT_ERRORS,
    broker_errors,
    open_admin,
    open_consumer,
    open_producer,
)
from anomaly_app.kafka.interface import Reader, TopicAdmin, Writer
from anomaly_app.kafka.offsets import OffsetRanges, committed_offset, watermarks
from anomaly_app.kafka.reading import Progress, read_ranges
from anomaly_app.kafka.topic_creation import max_message_bytes
from anomaly_app.kafka.topics import describe_topics

__all__ = [
    "CLIENT_ERRORS",
    "OffsetRanges",
    "Progress",
    "Reader",
    "TopicAdmin",
    "Writer",
    "broker_errors",
    "check_broker",
    "committed_offset",
    "describe_topics",
    "max_message_bytes",
    "open_admin",
    "open_consumer",
    "open_producer",
    "read_ranges",
    "watermarks",
]
