"""Restoring the memory of a partition: images first, then the records after them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from typing import Any, TypeVar

from aiokafka.structs import TopicPartition

from anomaly_app.errors import ImageCorrupt
from anomaly_app.kafka.changelog.contract import Memory
from anomaly_app.kafka.changelog.finding import (
    LogReader,
    Packed,
    find_published,
    read_missing,
    read_source,
)
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.manifest import BlockImage
from anomaly_app.kafka.changelog.plan import plan_restore, refuse
from anomaly_app.kafka.changelog.published import Published
from anomaly_app.kafka.changelog.refusals import Refusal
from anomaly_app.kafka.consumer import Record

CHUNK = 4096
"""Records that are replayed at once."""

LOADED_AT_ONCE = 128
"""Images that are loaded before the event loop has its turn: while other partitions are judged, a
turn takes as long as a batch of theirs, and everything that was fetched is replayed in one."""

T = TypeVar("T")


class Restorer:
    """Restores memories, one after the other; what takes long runs in a thread.

    Parameters
    ----------
    reader
        Reads both topics.
    topic
        Name of the memory topic.
    executor
        Has one thread.
    committed_of
        Asks for the group's committed offset of a partition.
    follows
        Whether others go on meanwhile: the target is asked for after the images were read.
    """

    def __init__(
        self,
        reader: LogReader,
        topic: str,
        executor: Executor,
        committed_of: Callable[[TopicPartition], Awaitable[int | None]],
        *,
        follows: bool = False,
    ) -> None:
        self._reader = reader
        self._topic = topic
        self._executor = executor
        self._committed_of = committed_of
        self._follows = follows

    async def restore(self, kept: Kept) -> bool:
        """Bring a memory to its target.

        A memory that was loaded before goes on from where it is.

        Returns
        -------
        bool
            Whether it is there; False if it is not wanted any more.

        Raises
        ------
        MemoryRefused
            It cannot be restored exactly.
        """
        # Meanwhile the partition may be given away, and come back with a later offset.
        while kept.is_wanted:
            if kept.memory is not None and not kept.is_doubtful:
                if kept.position >= kept.target:
                    return True
                await self._replay(kept)
            elif not kept.is_positioned:
                return False
            elif kept.memory is None:
                await self._load(kept)
            else:
                await self._look_again(kept)
        return False

    async def find(self, kept: Kept) -> Published:
        """Find what is published of a partition."""
        topic = TopicPartition(self._topic, kept.source.partition)
        return await find_published(self._reader, topic, kept.remembered.name)

    async def _load(self, kept: Kept) -> None:
        assignments = kept.assignments
        published = await self.find(kept)
        await read_missing(self._reader, published)
        if self._follows:
            kept.committed = await self._committed_of(kept.source)
            kept.target = kept.committed or 0
        source = await read_source(self._reader, kept.source, kept.committed)
        manifest, spec = published.manifest, kept.remembered.spec
        offsets = {block: found.place.offset for block, found in published.images.items()}
        plan = published.damage() or plan_restore(manifest, offsets, source, spec)
        if isinstance(plan, Refusal):
            await self._refuse(plan, kept, assignments)
            return
        is_new = manifest is None or source.committed is None
        memory = kept.remembered.new()
        if not is_new:
            await self._load_images(kept, memory, published)
            places = [found.place for found in published.images.values()]
            kept.publication.adopt(places, plan.start)
        kept.epoch = 0 if manifest is None else manifest.epoch
        kept.begins = source.begins if manifest is None or is_new else manifest.begins
        kept.manifest = None if is_new else manifest
        kept.partitions = source.partitions
        kept.start, kept.done = plan.start, min(plan.start, plan.end)
        if kept.committed is None:
            kept.target = plan.end
        kept.memory, kept.is_doubtful = memory, kept.assignments != assignments

    async def _load_images(self, kept: Kept, memory: Memory, published: Published) -> None:
        found = [*published.images.values()]

        def load(place: BlockImage, image: bytes) -> None:
            try:
                memory.load(kept.remembered.read_image(image))
            except ImageCorrupt as fault:
                raise self._error(published.corrupt(place.place, str(fault)), kept) from None

        def load_some(begin: int) -> None:
            for place, stored in found[begin : begin + LOADED_AT_ONCE]:
                load(place, stored.image)

        for begin in range(0, len(found), LOADED_AT_ONCE):
            await self._in_thread(load_some, begin)

    async def _look_again(self, kept: Kept) -> None:
        """Go on from what is in memory, unless it is not what others go on from."""
        assignments = kept.assignments
        source = await read_source(self._reader, kept.source, kept.committed)
        published = await self.find(kept)
        manifest = published.manifest
        refusal = published.damage() or refuse(manifest, source, kept.remembered.spec)
        if refusal is not None:
            await self._refuse(refusal, kept, assignments)
            return
        is_other = manifest is None or manifest.epoch != kept.epoch
        if is_other or kept.position < min(source.begins, source.target):
            kept.forget()
        elif kept.assignments == assignments:
            if manifest is not None:
                kept.publication.adopt(manifest.images, manifest.safe)
            kept.start = kept.position
            kept.is_doubtful = False

    async def _replay(self, kept: Kept) -> None:
        start, end = kept.position, kept.target
        position = start
        async with aclosing(self._reader.read(kept.source, start, end)) as reading:
            async for batches in reading:
                if not kept.is_wanted:
                    return
                if not batches:
                    continue
                if batches[0].first > position:
                    # Retention was quicker: newer images may do without what is gone.
                    kept.forget()
                    return
                await self._apply(kept, batches, position, end)
                position = batches[-1].end
                kept.done = min(position, end)
        # The log has ended early if the topic was made anew meanwhile.
        kept.is_doubtful |= position < end

    async def _apply(self, kept: Kept, batches: Sequence[Packed], start: int, end: int) -> None:
        memory, remembered = kept.memory, kept.remembered
        assert memory is not None  # noqa: S101  # it is loaded
        records = await self._in_thread(_unpack, batches, start, end)
        if remembered.prepare is not None:
            await remembered.prepare(records)

        def apply() -> None:
            for begin in range(0, len(records), CHUNK):
                chunk = records[begin : begin + CHUNK]
                remembered.replay(memory, chunk)
                kept.done = chunk[-1].end

        await self._in_thread(apply)

    async def _refuse(self, refusal: Refusal, kept: Kept, assignments: int) -> None:
        """Raise a refusal, unless somebody else has gone on since: then it is none.

        A worker that was frozen may not have heard yet that it has lost the partition. It waits
        for the next assignment.
        """
        committed = await self._committed_of(kept.source)
        if kept.assignments != assignments:
            return
        if committed == kept.committed:
            raise self._error(refusal, kept)
        kept.is_positioned = False

    def _error(self, refusal: Refusal, kept: Kept) -> Exception:
        return refusal.error(kept.source.topic, kept.source.partition)

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, function, *args)


def _unpack(batches: Sequence[Packed], start: int, end: int) -> list[Record]:
    return [
        record for batch in batches for record in batch.unpack() if start <= record.offset < end
    ]
