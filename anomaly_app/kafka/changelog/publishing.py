"""Sending images and manifests, and noting what the broker has acknowledged."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.kafka.changelog.contract import Image
from anomaly_app.kafka.changelog.edge import Edge
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.manifest import (
    image_key,
    manifest_key,
    write_image,
    write_manifest,
)
from anomaly_app.kafka.clients import CLIENT_ERRORS
from anomaly_app.kafka.interface import Writer

logger = logging.getLogger(__name__)

BETWEEN_LINES = 60.0
"""Seconds between two log lines about images that cannot be sent."""


class Publisher:
    """Publishes memories.

    Parameters
    ----------
    writer
        Sends to the memory topic.
    topic
        Name of the memory topic.
    edge
        Has the clock, and the thread in which images are compressed.
    interval
        Seconds between two images of a block.
    owner
        Address of this worker's web pages.
    """

    def __init__(
        self,
        writer: Writer,
        topic: str,
        edge: Edge,
        *,
        interval: float,
        owner: str,
    ) -> None:
        self.images = 0
        """How many were acknowledged."""
        self.bytes = 0
        """Size of the messages that were acknowledged."""
        self._writer = writer
        self._topic = topic
        self._executor = edge.executor
        self._clock = edge.clock
        self._interval = interval
        self._owner = owner
        self._throttle = Throttle(BETWEEN_LINES)
        self._sending: dict[Kept, asyncio.Task[None]] = {}

    def round(self, kept: Kept) -> None:
        """Copy the blocks that are due, and begin to send what the last commit covers.

        Only one sending of a partition is under way, so that manifests are in order.
        """
        memory, publication, now = kept.memory, kept.publication, self._clock()
        if memory is None:
            return
        for block in publication.due([*map(int, memory.dirty_blocks())], now):
            first = memory.first_dirty(block)
            publication.take(memory.take_image(block), first, now)
        if kept in self._sending:
            return
        images = publication.send(kept.committed)
        if images or self._is_manifest_due(kept, now):
            sending = asyncio.ensure_future(self._publish(kept, images))
            self._sending[kept] = sending
            sending.add_done_callback(partial(self._end, kept))

    async def settle(self) -> None:
        """Return when nothing is being sent."""
        while self._sending:
            await asyncio.gather(*self._sending.values())

    def _end(self, kept: Kept, sending: "asyncio.Task[None]") -> None:
        del self._sending[kept]
        if not sending.cancelled() and (fault := sending.exception()):
            logger.error("publishing memories fails", exc_info=fault)

    def _is_manifest_due(self, kept: Kept, now: float) -> bool:
        """Whether the owner is new, or the safe offset has moved without an image.

        Entities may be idle, and other workers find the owner of a partition in its manifest.
        """
        if kept.announced != kept.assignments:
            return True
        if kept.manifest is None or now < kept.manifest_at + self._interval:
            return False
        return kept.write_manifest(self._owner).safe > kept.manifest.safe

    async def _publish(self, kept: Kept, images: Sequence[Image]) -> None:
        sent = await asyncio.gather(*(self._send_image(kept, image) for image in images))
        if kept.is_live and all(sent):
            try:
                await self.write_manifest(kept)
            except CLIENT_ERRORS as fault:
                self._report(kept, fault)

    async def write_manifest(self, kept: Kept) -> None:
        """Send the manifest of what is published now.

        Raises
        ------
        KafkaError
            It is not acknowledged.
        """
        manifest, assignments = kept.write_manifest(self._owner), kept.assignments
        key = manifest_key(kept.remembered.name, kept.source.partition)
        place = await self._send(key, write_manifest(manifest), kept.source.partition)
        if kept.publication.notice(place):
            manifest = kept.write_manifest(self._owner)
            await self._send(key, write_manifest(manifest), kept.source.partition)
        kept.manifest, kept.manifest_at = manifest, self._clock()
        kept.announced = assignments

    async def _send_image(self, kept: Kept, image: Image) -> bool:
        publication = kept.publication
        key = image_key(kept.remembered.name, kept.source.partition, image.block)
        loop = asyncio.get_running_loop()
        value = await loop.run_in_executor(self._executor, _write, kept.epoch, image)
        try:
            place = await self._send(key, value, kept.source.partition)
        except CLIENT_ERRORS as fault:
            publication.fail(image)
            self._report(kept, fault)
            return False
        publication.acknowledge(image, place, len(value))
        self.images += 1
        return True

    async def _send(self, key: bytes, value: bytes, partition: int) -> int:
        answer = await self._writer.send_and_wait(self._topic, value, key, partition)
        self.bytes += len(value)
        return int(answer.offset)

    def _report(self, kept: Kept, fault: BaseException) -> None:
        if self._throttle.count(self._clock()):
            logger.warning(
                "the memory of %s partition %d cannot be published to %s now (nothing is lost, but "
                "a restore would take longer): %r",
                *kept.source,
                self._topic,
                fault,
            )


def _write(epoch: int, image: Image) -> bytes:
    return write_image(epoch, image.offset, image.to_bytes())
