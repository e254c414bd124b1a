"""Options of the consumer."""

from collections.abc import Callable
from dataclasses import dataclass, field

from anomaly_app.kafka.consumer.ownership import NoListener, PartitionListener
from anomaly_app.kafka.consumer.positions import Gap


@dataclass(frozen=True)
class ConsumerOptions:
    """How to fetch, how many records to pass on together, and a callback for gaps.

    Parameters
    ----------
    fetch_wait
        Seconds that the broker may hold a fetch while there are no new records. Faust's default is
        1.5 s. Apache Kafka responds as soon as a record arrives, but the embedded broker checks
        again only after a good part of that wait, which then adds to every transaction's latency.
    linger
        Seconds before the next fetch if the last one returned few records, so that more can
        arrive: the cost of processing a fetch hardly depends on its size.
    on_gap
        Called in the consumer's thread if records that should be read next do not exist.
    listener
        Hears which partitions the worker has, and may hold them back.
    batch_sizes
        For each topic that agents read, the largest number of records in a batch.
        `ConfirmingApp.batch_topic` fills this in before the consumer is created.
    """

    fetch_wait: float
    linger: float
    on_gap: Callable[[Gap], None]
    listener: PartitionListener = field(default_factory=NoListener)
    batch_sizes: dict[str, int] = field(default_factory=dict)
