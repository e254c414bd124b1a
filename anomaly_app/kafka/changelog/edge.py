"""What the memories use of Kafka in a worker."""

from functools import partial

from anomaly_app.kafka.changelog.partitions import Edge
from anomaly_app.kafka.clients import open_producer
from anomaly_app.kafka.consumer.batch_reader import open_batch_reader
from anomaly_app.settings import Settings


def edge_of(settings: Settings) -> Edge:
    """Return the clients of a broker; they connect to nothing before they are opened."""
    return Edge(partial(open_batch_reader, settings), partial(open_producer, settings))
