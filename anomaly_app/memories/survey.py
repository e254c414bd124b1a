"""What is published of every partition's memory, and whether it could be restored now."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from anomaly_app.errors import MemoryRefused
from anomaly_app.incidents.state_memory import NAME, SPEC
from anomaly_app.kafka import broker_errors, committed_offset, describe_topics, open_admin
from anomaly_app.kafka.changelog import edge_of
from anomaly_app.kafka.changelog.finding import LogReader, find_published
from anomaly_app.kafka.changelog.plan import Plan, SourceLog, plan_restore
from anomaly_app.kafka.changelog.published import Published
from anomaly_app.kafka.changelog.refusals import Refusal, other_partitions
from anomaly_app.registry.versions import remembered_by
from anomaly_app.settings import Settings


class Source(NamedTuple):
    """A topic whose records are remembered."""

    topic: str
    name: str
    """Name of the key."""
    spec: str
    """Hash of what the model in use remembers."""


class Surveyed(NamedTuple):
    """What is known of one partition."""

    source: Source
    partition: int
    log: SourceLog
    published: Published
    outlook: Plan | Refusal
    """What a restore would do now."""

    @property
    def refusal(self) -> str | None:
        """The line with which a worker would end now; None if it would not."""
        if isinstance(self.outlook, Plan):
            return None
        return str(self.outlook.error(self.source.topic, self.partition))


class Surveyor(NamedTuple):
    """The clients with which partitions are looked at."""

    settings: Settings
    sources: tuple[Source, ...]
    admin: AIOKafkaAdminClient
    reader: LogReader

    async def survey(self) -> AsyncIterator[Surveyed]:
        """Look at all partitions, one after the other.

        Raises
        ------
        TopicMissing
            A topic does not exist.
        BrokerError
            The broker does not answer.
        """
        topics = [source.topic for source in self.sources]
        memory = self.settings.memory_topic_name
        partitions = await describe_topics(self.admin, self.settings, *topics, memory)
        for source in self.sources:
            for partition in partitions[source.topic]:
                with broker_errors(f"reading {source.topic} and {memory}"):
                    yield await self._look(source, partition, partitions)

    async def committed(self, topic: str, partition: int) -> int | None:
        """Return the group's committed offset; None if it has committed nothing."""
        group = self.settings.group
        with broker_errors(f"reading the offsets of group {group}"):
            return await committed_offset(self.admin, group, TopicPartition(topic, partition))

    async def _look(
        self, source: Source, partition: int, partitions: Mapping[str, list[int]]
    ) -> Surveyed:
        place = TopicPartition(self.settings.memory_topic_name, partition)
        published = Published(place, source.name)
        kept = partitions[place.topic]
        if partition in kept:
            published = await find_published(self.reader, place, source.name)
        committed = await self.committed(source.topic, partition)
        begins, ends = await self.reader.bounds(TopicPartition(source.topic, partition))
        # The embedded broker says the beginning of the last batch as the end.
        ends = max(ends, committed or 0)
        log = SourceLog(begins, ends, committed, len(partitions[source.topic]), source.topic)
        named = () if published.manifest is None else published.manifest.images
        offsets = {image.block: image.offset for image in named}
        outlook = published.damage() or plan_restore(published.manifest, offsets, log, source.spec)
        if partition not in kept:
            outlook = other_partitions(kept=len(kept), found=log.partitions)
        return Surveyed(source, partition, log, published, outlook)


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """Return the topics whose records the configured model remembers; none if it remembers nothing.

    Raises
    ------
    ModelError
        There is no model, or its manifest cannot be read.
    """
    memory = remembered_by(settings.model)
    topics = (settings.transactions_topic, settings.counterparts_topic_name)
    keys = () if memory is None else memory.keys
    return tuple(
        Source(topic, key.name, memory.sha256_of(key))
        for topic, key in zip(topics, keys, strict=False)
        if memory is not None
    )


async def alerts_of(admin: AIOKafkaAdminClient, settings: Settings) -> tuple[Source, ...]:
    """Return the log of alerts, if there is one yet: its state is kept like a memory.

    Raises
    ------
    BrokerError
        The broker does not answer.
    """
    name = settings.alerts_topic_name
    with broker_errors(f"looking for {name}"):
        names = {topic["topic"] for topic in await admin.describe_topics()}
    return (Source(name, NAME, SPEC),) if name in names else ()


def nothing_remembered(settings: Settings) -> MemoryRefused:
    """Return why there is nothing to do."""
    return MemoryRefused(
        f"the model in {settings.model} (ANOMALY_MODEL) remembers nothing: fit one with "
        "python -m training fit --memory PRESET"
    )


@asynccontextmanager
async def open_surveyor(settings: Settings, *, with_alerts: bool = True) -> AsyncIterator[Surveyor]:
    """Open the clients; see `sources_of`.

    Parameters
    ----------
    settings
        The broker, and the names.
    with_alerts
        Whether the state of the alerts counts as well.

    Raises
    ------
    MemoryRefused
        Nothing is remembered.
    BrokerError
        No broker answers, or it refuses the app.
    """
    sources = sources_of(settings)
    if not sources and not with_alerts:
        raise nothing_remembered(settings)
    async with open_admin(settings) as admin, edge_of(settings).open_reader() as reader:
        if with_alerts:
            sources += await alerts_of(admin, settings)
        if not sources:
            raise nothing_remembered(settings)
        yield Surveyor(settings, sources, admin, reader)
