"""The memory of one partition for one key: a state machine that the log of events drives."""

import hashlib
from typing import Any

import numpy as np

from anomaly_app.core.arrays import Integers, Matrix
from anomaly_app.core.memory.blocks import block_of, blocks_of, enter_all, find
from anomaly_app.core.memory.events import Counts, Events, Hashes
from anomaly_app.core.memory.image import Image
from anomaly_app.core.memory.kernel import run
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.storage import Record, empty_blocks, lazily, scratch_of
from anomaly_app.core.memory.tables import KEY_AT, SLOTS, Views
from anomaly_app.core.memory.upstream import Upstream
from anomaly_app.errors import ImageCorrupt

CLOCK = 8
"""Bytes of an entity's clock, which is not in its record."""


class PartitionMemory:
    """The memory of one partition for one key.

    Blocks of `Plan.block_slots` records are independent of each other: what is in one depends on
    the events of its entities alone, in the order of their offsets. Memory is taken when records
    are first used, so that capacity costs nothing. Only one thread may use it at a time.

    To restore one, make it with the offset that the replay begins at, load the images, and replay.

    Parameters
    ----------
    plan
        Its layout.
    applied
        The offset to begin with: events below it are none of its business.
    """

    def __init__(self, plan: Plan, *, applied: int = 0) -> None:
        self.plan = plan
        self.applied = applied
        """The next offset: the state holds every event below it."""
        self.upstream = Upstream()
        """Which events were there before, if they are forwarded by other workers."""
        size = plan.record_bytes
        # One more record, for events without an entity.
        self._records = lazily((plan.blocks * SLOTS + 1) * size, "u1")
        self._views = Views(*(self._records.view(kind) for kind in ("u1", "u2", "i4", "i8", "f8")))
        self._blocks = empty_blocks(plan)
        self._scratch = scratch_of(plan, self._blocks.counts[2:])

    def observe(self, events: Events) -> Matrix:
        """Apply events, and return their features.

        Returns
        -------
        Matrix
            Shape ``(events, features)``, finite: each row is the state before the event, combined
            with it. Rows of events that were applied before are 0.
        """
        features = np.zeros((len(events.offsets), len(self.plan.names)))
        self._run(events, features, wanted=True)
        return features

    def replay(self, events: Events) -> None:
        """Apply events that were judged before; each block skips those that it has applied."""
        counts = self._blocks.counts.copy()
        self._run(events, np.zeros((0, 0)), wanted=False)
        self._blocks.counts[:] = counts

    def settle(self) -> None:
        """Note that a replay has reached its end: all blocks are equally far."""
        self.upstream.settle()

    def advance(self, offset: int) -> None:
        """Note that there is nothing to apply below an offset: what is there has no event."""
        self.applied = max(self.applied, offset)

    def blocks_of(self, keys: Hashes) -> Integers:
        """Return the block of each key."""
        return blocks_of(keys, self.plan.blocks)

    def _run(self, events: Events, features: Matrix, *, wanted: bool) -> None:
        run(
            self._views,
            self.plan.tables,
            self._scratch,
            self._blocks,
            *events.checked(len(self.plan.numbers), len(self.plan.texts)),
            features,
            wanted,
        )
        if len(events.offsets):
            self.advance(int(events.offsets[-1]) + 1)

    @property
    def counts(self) -> Counts:
        """What the memory holds and had to leave out."""
        late, evicted, saturated = self._blocks.counts.tolist()
        return Counts(int(self._blocks.used.sum()), late, evicted, saturated)

    def dirty_blocks(self) -> list[int]:
        """Return the blocks that have changed since their last image, the oldest change first."""
        dirty = np.flatnonzero(self._blocks.dirty >= 0)
        order = np.argsort(self._blocks.dirty[dirty], kind="stable")
        blocks: list[int] = dirty[order].tolist()
        return blocks

    def first_dirty(self, block: int) -> int | None:
        """Return the offset of the first event that a block's last image does not have."""
        offset = int(self._blocks.dirty[block])
        return None if offset < 0 else offset

    def take_image(self, block: int) -> Image:
        """Copy a block as it is now; it counts as unchanged from now on."""
        self._blocks.dirty[block] = -1
        offset = max(self.applied, int(self._blocks.offsets[block]))
        payload, size = self._payload(block), self.plan.record_bytes + CLOCK
        upstream = dict(self.upstream.highest)
        return Image(block, offset, upstream, payload, size, self.plan.sha256)

    def load(self, image: Image) -> None:
        """Put a block's image into an empty block.

        Raises
        ------
        ImageCorrupt
            It is of another spec, or does not fit.
        """
        block, size = image.block, self.plan.record_bytes + CLOCK
        used, rest = divmod(len(image.payload), size)
        if image.sha256 != self.plan.sha256:
            raise ImageCorrupt(f"block {block} was made with another spec of features")
        if image.size != size or rest or used > SLOTS or not 0 <= block < self.plan.blocks:
            raise ImageCorrupt(f"block {block} has a size that this spec does not make")
        if self._blocks.used[block]:
            raise ImageCorrupt(f"block {block} has been loaded or used before")
        entities = np.frombuffer(image.payload, "u8").reshape(used, size // 8)
        self._blocks.clocks[block, :used] = entities[:, 0]
        self._records_of(block, used).view("u8")[:] = entities[:, 1:].ravel()
        self._blocks.used[block] = used
        self._blocks.offsets[block] = image.offset
        self.upstream.load(block, image.upstream)
        enter_all(self._blocks, block, entities[:, 1 + KEY_AT].copy())

    def record(self, key: int) -> Record | None:
        """Return what is kept of an entity, by its hash; None if it is unknown."""
        hashed = np.uint64(key)
        block = int(block_of(hashed, self.plan.blocks))
        longs = self.plan.record_bytes // 8
        slot = int(find(self._views, self._blocks, longs, block, hashed)) if key else -1
        if slot < 0:
            return None
        begin = (block * SLOTS + slot) * self.plan.record_bytes
        data = bytes(self._records[begin : begin + self.plan.record_bytes])
        return Record(int(self._blocks.clocks[block, slot]) - 1, data)

    def copy_of(self, key: int) -> "PartitionMemory":
        """Return a memory that knows one entity alone, to look at without a change."""
        one = PartitionMemory(self.plan.of_one_block())
        record = self.record(key)
        if record is not None:
            clock = (record.clock + 1).to_bytes(8, "little")
            size = CLOCK + len(record.data)
            one.load(Image(0, 0, {}, clock + record.data, size, self.plan.sha256))
        return one

    def digest(self) -> bytes:
        """Return a hash of the whole state."""
        total = hashlib.sha256(self.plan.sha256.encode())
        for block in np.flatnonzero(self._blocks.used).tolist():
            total.update(block.to_bytes(4, "little"))
            total.update(self._payload(block))
        return total.digest()

    def _records_of(self, block: int, used: int) -> Any:
        begin = block * SLOTS * self.plan.record_bytes
        return self._records[begin : begin + used * self.plan.record_bytes]

    def _payload(self, block: int) -> bytes:
        """Return a block's entities: each one's clock, then its record."""
        used = int(self._blocks.used[block])
        longs = self.plan.record_bytes // 8
        entities = np.empty((used, 1 + longs), "i8")
        entities[:, 0] = self._blocks.clocks[block, :used]
        entities[:, 1:] = self._records_of(block, used).view("i8").reshape(used, longs)
        return entities.tobytes()
