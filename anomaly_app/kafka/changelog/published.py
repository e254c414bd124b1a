"""What is published of a partition: its manifest, and the images that count.

The topic keeps an hour of superseded images, which may be fifty times what counts. So only its end
is searched for the manifest, which says where the images are.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import NamedTuple, Protocol

from aiokafka.structs import TopicPartition

from anomaly_app.errors import ImageCorrupt, MemoryRefused
from anomaly_app.kafka.changelog.manifest import (
    BlockImage,
    Manifest,
    StoredImage,
    block_of,
    manifest_key,
    read_manifest,
    read_stored,
)
from anomaly_app.kafka.changelog.refusals import corrupt
from anomaly_app.kafka.consumer import Record

WINDOW = 256
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


class Found(NamedTuple):
    """An image that was read."""

    place: BlockImage
    image: StoredImage


class Published:
    """The manifest of one partition, and the images that were read beside it.

    Parameters
    ----------
    topic
        The partition of the memory topic; it has the number of the source's.
    name
        Name of the key.
    source
        Name of the source topic, for messages.
    """

    def __init__(self, topic: TopicPartition, name: str, source: str) -> None:
        self.topic = topic
        self.manifest: Manifest | None = None
        self.images: dict[int, Found] = {}
        """For each block, the newest image of the latest epoch, as far as it was read."""
        self._name = name
        self._source = source

    def add(self, record: Record) -> None:
        """Take a message of the topic into account, if it is of this partition.

        Raises
        ------
        MemoryRefused
            It is damaged.
        """
        partition = self.topic.partition
        block = block_of(record.key, self._name, partition)
        try:
            if block is not None:
                stored = read_stored(record.value)
                size = len(record.value or b"")
                self._keep(Found(BlockImage(block, stored.offset, record.offset, size), stored))
            elif record.key == manifest_key(self._name, partition):
                found = read_manifest(record.value)
                if self.manifest is None or found.rank >= self.manifest.rank:
                    self.manifest = found
        except ImageCorrupt as fault:
            raise self.damaged(fault, record.offset) from None

    def _keep(self, found: Found) -> None:
        known = self.images.get(found.place.block)
        if known is None or _rank(known) <= _rank(found):
            self.images[found.place.block] = found

    @property
    def counting(self) -> dict[int, Found]:
        """The images that were read and are of the manifest's epoch."""
        epoch = None if self.manifest is None else self.manifest.epoch
        return {block: found for block, found in self.images.items() if found.image.epoch == epoch}

    def missing(self) -> list[BlockImage]:
        """Return the images that the manifest names, and of which nothing as new was read."""
        counting = self.counting
        named = () if self.manifest is None else self.manifest.images
        return [
            image
            for image in named
            if image.block not in counting or counting[image.block].place.offset < image.offset
        ]

    def damaged(self, fault: ImageCorrupt, offset: int) -> MemoryRefused:
        """Return the refusal of a message of the topic."""
        topic, partition = self.topic
        refusal = corrupt(str(fault), topic=topic, partition=partition, offset=offset)
        return refusal.error(self._source, partition)


async def find_published(
    reader: LogReader, topic: TopicPartition, name: str, source: str
) -> Published:
    """Find the manifest of a partition, and the images that were written around it.

    Parameters
    ----------
    reader
        Reads the memory topic.
    topic, name, source
        As in `Published`.

    Raises
    ------
    MemoryRefused
        A message is damaged.
    """
    begin, end = await reader.bounds(topic)
    window = WINDOW
    while True:
        start = max(begin, end - window)
        published = Published(topic, name, source)
        async for batches in reader.read_to_end(topic, start):
            for batch in batches:
                for record in batch.unpack():
                    published.add(record)
        if published.manifest is not None or start == begin:
            return published
        window *= WIDER


async def read_missing(reader: LogReader, published: Published) -> None:
    """Read the images that the manifest names and that were not read yet, where they still are.

    Raises
    ------
    MemoryRefused
        An image is damaged.
    """
    for start, end in runs(image.place for image in published.missing()):
        async for batches in reader.read(published.topic, start, end):
            for batch in batches:
                for record in batch.unpack():
                    published.add(record)
    if published.missing():
        # Compaction has removed some, since a later message has their key.
        begin, _ = await reader.bounds(published.topic)
        async for batches in reader.read_to_end(published.topic, begin):
            for batch in batches:
                for record in batch.unpack():
                    published.add(record)


def runs(places: Iterable[int]) -> list[tuple[int, int]]:
    """Join offsets that are close to each other: the ranges that have to be read."""
    ranges: list[tuple[int, int]] = []
    for place in sorted(places):
        if ranges and place < ranges[-1][1] + NEAR:
            ranges[-1] = (ranges[-1][0], place + 1)
        else:
            ranges.append((place, place + 1))
    return ranges


def _rank(found: Found) -> tuple[int, int]:
    return found.image.epoch, found.place.offset
