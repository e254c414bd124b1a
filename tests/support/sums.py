"""A memory that is small enough to be understood at a glance: in place of the engine's."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple

from anomaly_app.errors import ImageCorrupt
from anomaly_app.kafka.changelog import Remembered
from anomaly_app.kafka.consumer import Record

BLOCKS = 4


class Seen(NamedTuple):
    """An event: the entity is a number, and so is the value."""

    offset: int
    entity: int
    value: int


class SumImage(NamedTuple):
    """A block, in which each entity has a sum and a hash of the offsets that it is made of."""

    block: int
    offset: int
    sums: dict[str, list[int]]

    def to_bytes(self) -> bytes:
        body = json.dumps([self.block, self.offset, self.sums]).encode()
        return zlib.crc32(body).to_bytes(4, "big") + body


def read_image(value: bytes) -> SumImage:
    if zlib.crc32(value[4:]) != int.from_bytes(value[:4], "big"):
        raise ImageCorrupt("its checksum is wrong")
    block, offset, sums = json.loads(value[4:])
    return SumImage(block, offset, sums)


@dataclass
class SumMemory:
    """Remembers the sum of each entity's values, and which offsets are in it."""

    applied: int = 0
    blocks: list[dict[str, list[int]]] = field(default_factory=lambda: [{} for _ in range(BLOCKS)])
    offsets: list[int] = field(default_factory=lambda: [0] * BLOCKS)
    dirty: dict[int, int] = field(default_factory=dict)

    @property
    def counts(self) -> SimpleNamespace:
        return SimpleNamespace(entities=sum(map(len, self.blocks)), late=0, evicted=0, saturated=0)

    def observe(self, events: Sequence[Seen]) -> list[int]:
        """Give the sum of each event's entity before the event, and apply the events."""
        before = []
        for offset, entity, value in events:
            block = entity % BLOCKS
            total, offsets = self.blocks[block].get(str(entity), [0, 0])
            before.append(total)
            if offset >= self.offsets[block]:
                offsets = zlib.crc32(b"%d" % offset, offsets)
                self.blocks[block][str(entity)] = [total + value, offsets]
                self.offsets[block] = offset + 1
                self.dirty.setdefault(block, offset)
            self.applied = max(self.applied, offset + 1)
        return before

    def settle(self) -> None:
        pass

    def dirty_blocks(self) -> list[int]:
        return sorted(self.dirty, key=lambda block: self.dirty[block])

    def first_dirty(self, block: int) -> int | None:
        return self.dirty.get(block)

    def take_image(self, block: int) -> SumImage:
        self.dirty.pop(block, None)
        return SumImage(block, self.applied, dict(self.blocks[block]))

    def load(self, image: SumImage) -> None:
        assert not self.blocks[image.block]
        self.blocks[image.block] = dict(image.sums)
        self.offsets[image.block] = image.offset
        self.applied = max(self.applied, image.offset)


def events_of(records: Sequence[Record]) -> list[Seen]:
    """Read records whose key is an entity; those without one are no events."""
    return [
        Seen(record.offset, int(record.key), int(record.value or 0))
        for record in records
        if record.key is not None
    ]


def replay(memory: SumMemory, records: Sequence[Record]) -> None:
    memory.observe(events_of(records))


def sums(spec: str = "sums-1") -> Remembered:
    return Remembered("card", spec, SumMemory, read_image, replay)
