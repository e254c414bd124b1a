"""What memories need of Kafka and of the process."""

import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from aiokafka.structs import TopicPartition

from anomaly_app.errors import AnomalyAppError
from anomaly_app.kafka.changelog.finding import LogReader
from anomaly_app.kafka.clients import open_admin, open_producer
from anomaly_app.kafka.consumer import open_batch_reader
from anomaly_app.kafka.exit import exit_refusing
from anomaly_app.kafka.interface import Writer
from anomaly_app.kafka.offsets import committed_offset
from anomaly_app.settings import Settings


def _one_thread() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="memory")


@dataclass(frozen=True)
class Edge:
    """What memories need of Kafka and of the process; tests have others.

    Parameters
    ----------
    open_reader, open_writer
        Open the clients.
    committed_of
        Asks for the group's committed offset of a partition of the source; None if there is none.
    refuse
        Called with the line that ends the process.
    clock
        Seconds, which never go back and go on while the process is frozen.
    executor
        Runs what would block the event loop, one after the other.
    """

    open_reader: Callable[[], AbstractAsyncContextManager[LogReader]]
    open_writer: Callable[[], AbstractAsyncContextManager[Writer]]
    committed_of: Callable[[TopicPartition], Awaitable[int | None]]
    refuse: Callable[[AnomalyAppError], object] = exit_refusing
    clock: Callable[[], float] = time.monotonic
    executor: Executor = field(default_factory=_one_thread)


def edge_of(settings: Settings) -> Edge:
    """Return the edge of a worker; it connects to nothing until it is used."""
    return Edge(
        partial(open_batch_reader, settings),
        partial(open_producer, settings),
        partial(_committed_of, settings),
    )


async def _committed_of(settings: Settings, source: TopicPartition) -> int | None:
    async with open_admin(settings) as admin:
        return await committed_offset(admin, settings.group, source)
