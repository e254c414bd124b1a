"""The state of the alerts for a command: as it is published, and with the log after it."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from anomaly_app.core.alerts.policy import Policy
from anomaly_app.incidents.state_memory import StateMemory, remembered_alerts
from anomaly_app.kafka import broker_errors, committed_offset, describe_topics, open_admin
from anomaly_app.kafka.changelog import edge_of
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.publication import Publication
from anomaly_app.kafka.changelog.restoring import Restorer
from anomaly_app.settings import Settings


async def restored_state(settings: Settings, policy: Policy) -> StateMemory:
    """Return the state up to the end of the log; workers may run meanwhile.

    Raises
    ------
    TopicMissing
        There is no log yet.
    MemoryRefused
        The state cannot be restored.
    BrokerError
        The broker does not answer.
    """
    log = TopicPartition(settings.alerts_topic_name, 0)
    async with open_admin(settings) as admin:
        with broker_errors(f"reading {log.topic}"):
            await describe_topics(admin, settings, log.topic, settings.memory_topic_name)
            async with edge_of(settings).open_reader() as reader, _thread() as executor:

                async def committed_of(source: TopicPartition) -> int | None:
                    return await committed_offset(admin, settings.group, source)

                kept = Kept(log, remembered_alerts(policy), Publication(1.0))
                kept.is_owned = kept.is_positioned = True
                restorer = Restorer(
                    reader, settings.memory_topic_name, executor, committed_of, follows=True
                )
                await restorer.restore(kept)
                memory = kept.memory
                assert isinstance(memory, StateMemory)  # noqa: S101  # as `remembered_alerts` says
                start = max(kept.position, memory.applied)
                async for batches in reader.read_to_end(log, start):
                    for batch in batches:
                        for record in batch.unpack():
                            memory.apply(record)
    return memory


@asynccontextmanager
async def _thread() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor
