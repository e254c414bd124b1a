"""What is published of a partition, as far as messages of the memory topic tell: without I/O."""

from typing import NamedTuple

from aiokafka.structs import TopicPartition

from anomaly_app.errors import ImageCorrupt
from anomaly_app.kafka.changelog.manifest import (
    BlockImage,
    Manifest,
    StoredImage,
    block_of,
    manifest_key,
    read_manifest,
    read_stored,
)
from anomaly_app.kafka.changelog.refusals import Refusal, corrupt
from anomaly_app.kafka.consumer import Record


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
    """

    def __init__(self, topic: TopicPartition, name: str) -> None:
        self.topic = topic
        self.manifest: Manifest | None = None
        """That of the latest epoch and commit, as far as they were read."""
        self.written_at: int | None = None
        """When it was written, in milliseconds since the epoch."""
        self.epoch = -1
        """The latest of all epochs that were read."""
        self._name = name
        self._place = -1
        """The offset of the manifest."""
        self._images: dict[int, Found] = {}
        self._damaged: dict[int, tuple[int, str]] = {}
        """For each block, where its last damaged image is, and what is wrong with it."""
        self._damaged_manifest: tuple[int, str] | None = None

    def add(self, record: Record) -> None:
        """Take a message of the topic into account, if it is of this partition."""
        partition = self.topic.partition
        block = block_of(record.key, self._name, partition)
        try:
            if block is not None:
                self._add_image(block, read_stored(record.value), record)
            elif record.key == manifest_key(self._name, partition):
                self._add_manifest(read_manifest(record.value), record)
        except ImageCorrupt as fault:
            if block is None:
                self._damaged_manifest = record.offset, str(fault)
            else:
                self._damaged[block] = record.offset, str(fault)

    def _add_image(self, block: int, stored: StoredImage, record: Record) -> None:
        place = BlockImage(block, stored.offset, record.offset, len(record.value or b""))
        found, known = Found(place, stored), self._images.get(block)
        if known is None or _rank(known) <= _rank(found):
            self._images[block] = found
        self.epoch = max(self.epoch, stored.epoch)

    def _add_manifest(self, found: Manifest, record: Record) -> None:
        if self.manifest is None or found.rank >= self.manifest.rank:
            self.manifest, self._place = found, record.offset
            self.written_at = record.timestamp
        self.epoch = max(self.epoch, found.epoch)

    @property
    def images(self) -> dict[int, Found]:
        """For each block, the newest image of the manifest's epoch, as far as it was read."""
        epoch = None if self.manifest is None else self.manifest.epoch
        return {block: found for block, found in self._images.items() if found.image.epoch == epoch}

    def missing(self) -> list[BlockImage]:
        """Return the images that the manifest names, and of which nothing as new was read."""
        images = self.images
        named = () if self.manifest is None else self.manifest.images
        return [
            image
            for image in named
            if image.block not in images or images[image.block].place.offset < image.offset
        ]

    def damage(self) -> Refusal | None:
        """Return what is damaged of what counts; None if nothing is.

        Damaged messages do not count where newer ones have taken their place.
        """
        if self._damaged_manifest is not None and self._damaged_manifest[0] > self._place:
            return self.corrupt(*self._damaged_manifest)
        for image in self.missing():
            if image.place == self._damaged.get(image.block, (-1, ""))[0]:
                return self.corrupt(*self._damaged[image.block])
        return None

    def corrupt(self, offset: int, detail: str) -> Refusal:
        """Return the refusal of a message of the topic.

        Parameters
        ----------
        offset
            Of the message.
        detail
            What is wrong with it.
        """
        topic, partition = self.topic
        return corrupt(detail, topic=topic, partition=partition, offset=offset)


def _rank(found: Found) -> tuple[int, int]:
    return found.image.epoch, found.place.offset
