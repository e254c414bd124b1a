"""Reading the dead letters' topic: from its beginning to where it ended at the start."""

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from anomaly_app.broker.offsets import bounds
from anomaly_app.core.errors import BrokerError, DeadLetterMissing, TopicMissing
from anomaly_app.dead_letters.clients import broker_errors, open_admin, open_consumer
from anomaly_app.dead_letters.letter import Letter, Mark, Place, read_message
from anomaly_app.settings import Settings

POLL_MS = 1000


class DeadLetterTopic:
    """The messages of the topic, to be read several times, one partition after the other.

    Values are never held for more than one fetch: the topic may be larger than memory.

    Parameters
    ----------
    consumer
        Without a group.
    name
        Of the topic.
    bounds
        First offset and end of each partition.
    patience
        Seconds without an answer after which the broker is given up.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        name: str,
        bounds: dict[TopicPartition, tuple[int, int]],
        *,
        patience: float,
    ) -> None:
        self.name = name
        self._consumer = consumer
        self._bounds = bounds
        self._patience = patience

    async def letters(self) -> AsyncIterator[Letter]:
        """Read all letters, also those that were replayed."""
        async for message in self._messages():
            letter = read_message(message)
            if isinstance(letter, Letter):
                yield letter

    async def replayed(self, wanted: Set[Place]) -> dict[str, str]:
        """Read which records were replayed, by their letters' identity, and where to.

        Parameters
        ----------
        wanted
            Places at which there must be letters.

        Raises
        ------
        DeadLetterMissing
            There is none at one of them.
        """
        marks: dict[str, str] = {}
        missing = set(wanted)
        async for message in self._messages():
            found = read_message(message)
            if isinstance(found, Mark):
                marks[found.identity] = found.sent_to
            elif found is not None:
                missing.discard(found.place)
        if missing:
            raise DeadLetterMissing(
                f"there is no dead letter at {min(missing)} of {self.name}: places are "
                "partition-offset on that topic, as `dlq list` shows them"
            )
        return marks

    async def _messages(self) -> AsyncIterator[ConsumerRecord]:
        for partition, (start, end) in self._bounds.items():
            if start >= end:
                continue
            self._consumer.assign([partition])
            self._consumer.seek(partition, start)
            async for message in self._read(partition, end):
                yield message

    async def _read(self, partition: TopicPartition, end: int) -> AsyncIterator[ConsumerRecord]:
        clock = asyncio.get_running_loop().time
        heard = clock()
        position = -1
        while position < end:
            if clock() > heard + self._patience:
                raise BrokerError(
                    f"reading {self.name} failed: no answer for {self._patience:.0f} s"
                )
            with broker_errors(f"reading {self.name}"):
                fetched = await self._consumer.getmany(partition, timeout_ms=POLL_MS)
                reached = await self._consumer.position(partition)
            if reached > position:
                position, heard = reached, clock()
            for message in fetched.get(partition, ()):
                if message.offset < end:
                    yield message


@asynccontextmanager
async def open_topic(settings: Settings, *others: str) -> AsyncIterator[DeadLetterTopic]:
    """Open the dead letters' topic as it is now; what comes later is not read.

    Parameters
    ----------
    settings
        Say where it is.
    others
        Topics that must exist as well.

    Raises
    ------
    BrokerUnreachable
        Nobody answers.
    TopicMissing
        One of the topics does not exist.
    """
    name = settings.dead_letters_topic
    async with open_admin(settings) as admin:
        with broker_errors("asking for the topics"):
            topics = {topic["topic"]: topic for topic in await admin.describe_topics()}
    for topic in (name, *others):
        if topic not in topics:
            raise TopicMissing(
                f"there is no topic {topic} at {settings.broker}: check ANOMALY_BROKER and the "
                "names of the topics; a worker creates those that are missing"
            )
    async with open_consumer(settings) as consumer:
        partitions = sorted(
            TopicPartition(name, partition["partition"]) for partition in topics[name]["partitions"]
        )
        with broker_errors(f"asking for the offsets of {name}"):
            found = await bounds(consumer, partitions)
        yield DeadLetterTopic(consumer, name, found, patience=settings.broker_wait)
