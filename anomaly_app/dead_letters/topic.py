"""Reading the dead-letter topic, from its beginning to its end at the time of opening."""

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from anomaly_app.dead_letters.messages import DeadLetter, Position, ReplayMarker, read_message
from anomaly_app.errors import DeadLetterMissing
from anomaly_app.kafka import (
    OffsetRanges,
    Progress,
    Reader,
    broker_errors,
    describe_topics,
    open_admin,
    open_consumer,
    read_ranges,
    watermarks,
)
from anomaly_app.settings import Settings


class DeadLetterTopic:
    """The messages of the topic, which can be read several times, partition by partition.

    No more than one fetch is kept in memory: the topic may be larger than memory.

    Parameters
    ----------
    consumer
        A consumer without a group.
    name
        Name of the topic.
    ranges
        Offset ranges of all its partitions.
    answer_timeout
        Seconds without an answer after which a reading fails.
    """

    def __init__(
        self,
        consumer: Reader,
        name: str,
        ranges: OffsetRanges,
        *,
        answer_timeout: float,
    ) -> None:
        self.name = name
        self._consumer = consumer
        self._ranges = ranges
        self._answer_timeout = answer_timeout

    async def letters(self, progress: Progress | None = None) -> AsyncIterator[DeadLetter]:
        """Read all letters, including those that were replayed."""
        async for message in self.messages(progress):
            if isinstance(message, DeadLetter):
                yield message

    async def replayed(
        self, wanted: Set[Position], progress: Progress | None = None
    ) -> dict[str, str]:
        """Read where records were replayed to, by the identity of their letters.

        Parameters
        ----------
        wanted
            Positions at which there must be letters.
        progress
            Called with the progress of the reading.

        Raises
        ------
        DeadLetterMissing
            There is no letter at one of the positions.
        """
        markers: dict[str, str] = {}
        missing = set(wanted)
        async for message in self.messages(progress):
            if isinstance(message, ReplayMarker):
                markers[message.identity] = message.sent_to
            else:
                missing.discard(message.position)
        self.refuse(missing)
        return markers

    def refuse(self, missing: Set[Position]) -> None:
        """Raise an error if requested letters do not exist.

        Raises
        ------
        DeadLetterMissing
            `missing` is not empty; the message names one of the positions.
        """
        if missing:
            raise DeadLetterMissing(
                f"there is no dead letter at {min(missing)} of {self.name}: give its "
                "partition-offset on that topic, as shown by `dlq list`"
            )

    async def messages(
        self, progress: Progress | None = None
    ) -> AsyncIterator[DeadLetter | ReplayMarker]:
        """Read all letters and markers."""
        total = sum(end - start for start, end in self._ranges.values())
        reading = read_ranges(self._consumer, self._ranges, answer_timeout=self._answer_timeout)
        async for fetched in reading:
            for message in fetched.records:
                found = read_message(message)
                if found is not None:
                    yield found
            if progress is not None:
                progress(fetched.done, total)


@asynccontextmanager
async def open_topic(settings: Settings, *others: str) -> AsyncIterator[DeadLetterTopic]:
    """Open the dead-letter topic as it is now; later messages are not read.

    Parameters
    ----------
    settings
        The broker and the topic.
    others
        Other topics that must exist.

    Raises
    ------
    BrokerUnreachable
        No broker answers.
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
            ranges = await watermarks(consumer, partitions)
        yield DeadLetterTopic(consumer, name, ranges, answer_timeout=settings.broker_wait)
