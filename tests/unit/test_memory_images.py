"""Images of blocks: written, read, refused."""

import struct
import zlib

import numpy as np
import pytest

from anomaly_app.core.memory.image import Image
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.errors import ImageCorrupt
from tests.support.entity_memory import key_spec, published, random_stream

PLAN = Plan(key_spec("count:1h", "sum:amount:1d", "first:merchant", capacity=512))


def image_of(plan: Plan = PLAN, entities: int = 20) -> Image:
    memory = PartitionMemory(plan)
    memory.observe(random_stream(plan, np.random.default_rng(0), 200, entities=entities))
    memory.upstream.highest.update({0: 17, 5: 2**40})
    return memory.take_image(0)


def test_an_image_is_read_as_it_was_written() -> None:
    image = image_of()
    assert published(image) == image
    assert image.offset == 200


def test_an_image_has_the_entities_that_are_used_alone() -> None:
    image = image_of(entities=3)
    assert len(image.payload) == 3 * (PLAN.record_bytes + 8)
    assert len(image.to_bytes()) < len(image_of(entities=60).to_bytes())


def test_an_empty_block_has_an_image() -> None:
    image = PartitionMemory(PLAN).take_image(0)
    PartitionMemory(PLAN).load(published(image))
    assert image.payload == b""


def test_a_change_of_any_byte_is_noticed() -> None:
    written = image_of().to_bytes()
    for place in range(len(written)):
        for change in (1, 0x80, 0xFF):
            corrupt = bytearray(written)
            corrupt[place] ^= change
            with pytest.raises(ImageCorrupt):
                Image.from_bytes(bytes(corrupt))


def test_an_image_that_is_too_short_or_too_long_is_refused() -> None:
    written = image_of().to_bytes()
    for end in range(len(written)):
        with pytest.raises(ImageCorrupt):
            Image.from_bytes(written[:end])
    with pytest.raises(ImageCorrupt, match="checksum"):
        Image.from_bytes(written + b"\0")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [(4, b"\x09\x00", "format 9"), (24, b"\x07", "cannot be read"), (-5, b"\xff\xff", "cannot")],
)
def test_an_image_that_says_something_wrong_is_refused(place: int, value: bytes, said: str) -> None:
    body = bytearray(image_of().to_bytes()[:-4])
    body[place : place + len(value) or None] = value
    with pytest.raises(ImageCorrupt, match=said):
        Image.from_bytes(bytes(body) + struct.pack("<I", zlib.crc32(body)))


def test_a_block_takes_no_image_of_another_spec() -> None:
    image = image_of(Plan(key_spec("count:1h", "sum:amount:7d", "first:merchant", capacity=512)))
    with pytest.raises(ImageCorrupt, match="another spec"):
        PartitionMemory(PLAN).load(image)


def test_a_block_that_is_used_takes_no_image() -> None:
    memory = PartitionMemory(PLAN)
    memory.load(image_of())
    with pytest.raises(ImageCorrupt, match="before"):
        memory.load(image_of())


@pytest.mark.parametrize("block", [-1, 1, 2**31])
def test_an_image_of_a_block_that_does_not_exist_is_refused(block: int) -> None:
    with pytest.raises(ImageCorrupt, match="size"):
        PartitionMemory(PLAN).load(image_of()._replace(block=block))


def test_an_image_of_other_records_is_refused() -> None:
    image = image_of()
    with pytest.raises(ImageCorrupt, match="size"):
        PartitionMemory(PLAN).load(image._replace(size=8, payload=image.payload[:80]))
    with pytest.raises(ImageCorrupt, match="size"):
        PartitionMemory(PLAN).load(image._replace(payload=image.payload[:-1]))
