"""What the consumer is told when it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from anomaly_app.kafka.consumer.positions import Gap


@dataclass(frozen=True)
class ConsumerOptions:
    """How to fetch, how many records to hand on together, and whom to tell of gaps.

    Parameters
    ----------
    fetch_wait
        Seconds that the broker may hold back a fetch. Faust lets it wait 1.5 s for a first
        record. Apache Kafka answers the moment one arrives, but the embedded broker looks again
        only after a good part of that wait, which then is the latency of every transaction.
    linger
        Seconds before the next fetch where one brought few records, so that more can arrive:
        all that a fetch sets in motion costs the same, however little it brings.
    on_gap
        Called, in the consumer's thread, where a partition cannot be read on.
    batch_sizes
        For each topic that agents read, the most records in a batch. `ConfirmingApp.batch_topic`
        fills it, until the consumer is made.
    """

    fetch_wait: float
    linger: float
    on_gap: Callable[[Gap], None]
    batch_sizes: dict[str, int] = field(default_factory=dict)
