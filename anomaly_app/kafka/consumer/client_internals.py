"""Changes to the internals of aiokafka's consumer, for which it has no options."""

import asyncio
from collections.abc import Callable, Iterator, Set
from typing import Any

import aiokafka
from aiokafka.structs import TopicPartition

from anomaly_app.kafka.consumer.fetch_protocol import CompactRequest
from anomaly_app.kafka.consumer.record_batches import FetchBuffer


def configure(consumer: aiokafka.AIOKafkaConsumer, *, fetch_wait: float) -> None:
    """Make a consumer that has not been started read only committed records.

    Parameters
    ----------
    consumer
        Created by Faust, with constants for both options; aiokafka reads them when it starts.
    fetch_wait
        Seconds that the broker may hold a fetch while there are no new records.
    """
    consumer._fetch_max_wait_ms = int(fetch_wait * 1000)  # noqa: SLF001
    consumer._isolation_level = "read_committed"  # noqa: SLF001


def fetch_batches(
    consumer: aiokafka.AIOKafkaConsumer,
    *,
    on_fetched: Callable[[], None],
    pause: Callable[[], float],
) -> None:
    """Make a consumer fetch batches instead of records, with compact requests.

    Parameters
    ----------
    consumer
        A started consumer that has fetched nothing yet: no partition is assigned.
    on_fetched
        Called when there is something new to take.
    pause
        Returns the seconds to wait before a request is sent.
    """
    fetcher = consumer._fetcher  # noqa: SLF001
    fetcher._records = FetchBuffer(on_fetched)  # noqa: SLF001
    request = fetcher._proc_fetch_request  # noqa: SLF001

    async def request_after_pause(assignment: Any, node: Any, asked: Any) -> Any:
        try:
            await asyncio.sleep(pause())
        except asyncio.CancelledError:
            # aiokafka's own method does not raise it, either.
            return False
        return await request(assignment, node, CompactRequest.of(asked))

    fetcher._proc_fetch_request = request_after_pause  # noqa: SLF001


def known_positions(
    consumer: aiokafka.AIOKafkaConsumer, partitions: Set[TopicPartition]
) -> Iterator[tuple[TopicPartition, int]]:
    """Yield the next positions of assigned partitions, skipping those that are not known yet."""
    assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
    for tp in partitions & assignment.tps:
        state = assignment.state_value(tp)
        if state.has_valid_position:
            yield tp, state.position
