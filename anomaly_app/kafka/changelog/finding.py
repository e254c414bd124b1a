"""Reading what is published of a partition, and how far its source is.

The topic keeps an hour of superseded images, which may be fifty times what counts. So only its end
is searched for the manifest, which says where the images are.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Protocol

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.changelog.plan import SourceLog
from anomaly_app.kafka.changelog.published import Published
from anomaly_app.kafka.consumer import Record

WINDOW = 128
"""Offsets before the end that are searched first for a manifest."""

WIDER = 16
"""How many times more are searched next."""

NEAR = 8
"""Offsets between two images that are read on rather than skipped: a seek costs as much."""


class Packed(Protocol):
    """A range of offsets, with its records in Kafka's own bytes."""

    @property
    def first(self) -> int:
        """The first offset."""

    @property
    def end(self) -> int:
        """The offset after the range."""

    def unpack(self) -> list[Record]:
        """Read the records."""


class LogReader(Protocol):
    """Reads partitions one after the other; see `anomaly_app.kafka.consumer.BatchReader`."""

    async def partitions(self, topic: str) -> int:
        """Return the number of partitions of a topic that exists."""

    async def bounds(self, partition: TopicPartition) -> tuple[int, int]:
        """Return the first offset of a partition, and its end."""

    def read(
        self, partition: TopicPartition, start: int, end: int
    ) -> AsyncGenerator[Sequence[Packed], None]:
        """Yield what arrives, until the end is reached; now and then nothing."""

    def read_to_end(
        self, partition: TopicPartition, start: int
    ) -> AsyncGenerator[Sequence[Packed], None]:
        """Yield what there is from an offset on."""


async def find_published(
    reader: LogReader, topic: TopicPartition, name: str, window: int = WINDOW
) -> Published:
    """Find the manifest of a partition, and the images that were written around it.

    Parameters
    ----------
    reader
        Reads the memory topic.
    topic, name
        As in `Published`.
    window
        Offsets before the end that are searched first.
    """
    begin, end = await reader.bounds(topic)
    while True:
        start = max(begin, end - window)
        published = Published(topic, name)
        await _add(published, reader.read_to_end(topic, start))
        if published.manifest is not None or start == begin:
            return published
        window *= WIDER


async def read_missing(reader: LogReader, published: Published) -> None:
    """Read the images that the manifest names and that were not read yet, where they still are."""
    begin, end = await reader.bounds(published.topic)
    # Of a topic that was deleted and made anew, the manifest may name places that are not there.
    places = (image.place for image in published.missing() if begin <= image.place < end)
    for first, last in runs(places):
        await _add(published, reader.read(published.topic, first, last))
    if published.missing() and published.damage() is None:
        # Compaction has removed some, since a later message has their key.
        await _add(published, reader.read_to_end(published.topic, begin))


async def read_source(
    reader: LogReader, source: TopicPartition, committed: int | None
) -> SourceLog:
    """Return what there is of a partition of the source."""
    begins, ends = await reader.bounds(source)
    if committed is not None and ends < committed:
        # The embedded broker says the beginning of the last batch.
        async for batches in reader.read_to_end(source, max(begins, ends)):
            ends = batches[-1].end if batches else ends
    partitions = await reader.partitions(source.topic)
    return SourceLog(begins, ends, committed, partitions, source.topic)


def runs(places: Iterable[int]) -> list[tuple[int, int]]:
    """Join offsets that are close to each other: the ranges that have to be read."""
    ranges: list[tuple[int, int]] = []
    for place in sorted(places):
        if ranges and place < ranges[-1][1] + NEAR:
            ranges[-1] = (ranges[-1][0], place + 1)
        else:
            ranges.append((place, place + 1))
    return ranges


async def _add(published: Published, reading: AsyncGenerator[Sequence[Packed], None]) -> None:
    async for batches in reading:
        for batch in batches:
            for record in batch.unpack():
                published.add(record)
