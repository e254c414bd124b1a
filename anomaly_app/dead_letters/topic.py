"""Reading the dead letters' topic: from its beginning to where it ended at the start."""

import asyncio
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from anomaly_app.broker.clients import broker_errors, open_admin, open_consumer
from anomaly_app.broker.offsets import bounds
from anomaly_app.broker.topics import describe_topics
from anomaly_app.core.errors import BrokerError, DeadLetterMissing
from anomaly_app.dead_letters.letter import Letter, Mark, Place, read_message
from anomaly_app.settings import Settings

POLL_MS = 1000

Progress = Callable[[int, int], None]
"""Hears how many messages have been read, and of how many."""


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

    async def letters(self, progress: Progress | None = None) -> AsyncIterator[Letter]:
        """Read all letters, also those that were replayed."""
        async for message in self.messages(progress):
            if isinstance(message, Letter):
                yield message

    async def replayed(
        self, wanted: Set[Place], progress: Progress | None = None
    ) -> dict[str, str]:
        """Read which records were replayed, by their letters' identity, and where to.

        Parameters
        ----------
        wanted
            Places at which there must be letters.
        progress
            Hears how far it is.

        Raises
        ------
        DeadLetterMissing
            There is none at one of them.
        """
        marks: dict[str, str] = {}
        missing = set(wanted)
        async for message in self.messages(progress):
            if isinstance(message, Mark):
                marks[message.identity] = message.sent_to
            else:
                missing.discard(message.place)
        self.refuse(missing)
        return marks

    def refuse(self, missing: Set[Place]) -> None:
        """Refuse to go on where letters that were asked for do not exist.

        Raises
        ------
        DeadLetterMissing
            It names one of the places.
        """
        if missing:
            raise DeadLetterMissing(
                f"there is no dead letter at {min(missing)} of {self.name}: places are "
                "partition-offset on that topic, as `dlq list` shows them"
            )

    async def messages(self, progress: Progress | None = None) -> AsyncIterator[Letter | Mark]:
        """Read all letters and marks."""
        total = sum(end - start for start, end in self._bounds.values())
        done = 0
        for partition, (start, end) in self._bounds.items():
            if start >= end:
                continue
            self._consumer.assign([partition])
            self._consumer.seek(partition, start)
            async for fetched, position in self._read(partition, end):
                for message in fetched:
                    found = read_message(message)
                    if found is not None:
                        yield found
                if progress is not None:
                    progress(done + min(position, end) - start, total)
            done += end - start

    async def _read(
        self, partition: TopicPartition, end: int
    ) -> AsyncIterator[tuple[list[ConsumerRecord], int]]:
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
            yield [m for m in fetched.get(partition, ()) if m.offset < end], position


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
            partitions_of = await describe_topics(admin, settings, name, *others)
    async with open_consumer(settings) as consumer:
        partitions = sorted(TopicPartition(name, number) for number in partitions_of[name])
        with broker_errors(f"asking for the offsets of {name}"):
            edges = await bounds(consumer, partitions)
        yield DeadLetterTopic(consumer, name, edges, patience=settings.broker_wait)
