"""What is found of a partition on the memory topic, however it came to be there."""

import pytest
from aiokafka import TopicPartition
from msgspec.structs import replace

from anomaly_app.errors import ImageCorrupt
from anomaly_app.kafka.changelog.finding import WINDOW, find_published, read_missing, runs
from anomaly_app.kafka.changelog.manifest import (
    BlockImage,
    Manifest,
    block_of,
    image_key,
    manifest_key,
    read_manifest,
    read_stored,
    write_image,
    write_manifest,
)
from anomaly_app.kafka.changelog.published import Published
from anomaly_app.kafka.changelog.refusals import Refusal
from tests.support.memory_kafka import MemoryBroker, MemoryLogReader

TOPIC = TopicPartition("memory", 0)
MANIFEST = Manifest(
    topic="transactions", spec="3fa2", partitions=1, epoch=0, begins=0, safe=0, committed=10
)


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create("memory", 1)
    return broker


def send_image(broker: MemoryBroker, block: int, offset: int, *, epoch: int = 0) -> BlockImage:
    value = write_image(epoch, offset, b"image")
    sent = broker.append("memory", value, image_key("card", 0, block), 0)
    return BlockImage(block, offset, sent.offset, len(value))


def send_manifest(broker: MemoryBroker, *images: BlockImage, **changes: int) -> None:
    manifest = replace(MANIFEST, images=images, **changes)
    broker.append("memory", write_manifest(manifest), manifest_key("card", 0), 0)


async def published(broker: MemoryBroker) -> Published:
    reader = MemoryLogReader(broker)
    found = await find_published(reader, TOPIC, "card")
    await read_missing(reader, found)
    return found


def offsets(found: Published) -> dict[int, int]:
    return {block: one.place.offset for block, one in found.images.items()}


async def test_nothing_is_found_of_a_partition_that_was_never_published(
    broker: MemoryBroker,
) -> None:
    broker.append("memory", write_manifest(MANIFEST), manifest_key("merchant", 0), 0)
    broker.append("memory", b"", manifest_key("card", 7), 0)
    assert (await published(broker)).manifest is None


async def test_images_that_the_manifest_names_are_found_however_far_they_are(
    broker: MemoryBroker,
) -> None:
    old = [send_image(broker, block, 5) for block in range(3)]
    for _ in range(3 * WINDOW):
        send_image(broker, 9, 6)
    send_manifest(broker, *old, committed=20)
    found = await published(broker)
    assert offsets(found) == {0: 5, 1: 5, 2: 5, 9: 6}
    assert found.damage() is None


async def test_a_manifest_that_is_far_from_the_end_is_found(broker: MemoryBroker) -> None:
    send_manifest(broker, committed=20)
    for _ in range(2 * WINDOW):
        send_image(broker, 1, 6)
    assert (await published(broker)).manifest == replace(MANIFEST, committed=20)


async def test_of_two_images_of_a_block_the_one_with_the_higher_offset_counts(
    broker: MemoryBroker,
) -> None:
    """A worker that was frozen writes an older one after the newer one."""
    newer = send_image(broker, 1, 9)
    send_manifest(broker, newer)
    send_image(broker, 1, 3)
    assert offsets(await published(broker)) == {1: 9}


async def test_if_compaction_left_only_the_older_one_that_is_found(broker: MemoryBroker) -> None:
    newer, other = send_image(broker, 1, 9), send_image(broker, 2, 4)
    send_image(broker, 1, 3)
    for _ in range(2 * WINDOW):
        send_image(broker, 7, 4)
    send_manifest(broker, newer, other)
    broker.compact("memory")
    found = await published(broker)
    assert offsets(found) == {1: 3, 2: 4, 7: 4}
    assert [image.block for image in found.missing()] == [1]


async def test_of_two_manifests_that_of_the_later_commit_and_epoch_counts(
    broker: MemoryBroker,
) -> None:
    """A worker that was frozen writes an older one after the newer one."""
    send_manifest(broker, committed=30, safe=25)
    send_manifest(broker, committed=20, safe=15)
    found = await published(broker)
    assert found.manifest is not None
    assert found.manifest.safe == 25
    send_manifest(broker, committed=5, safe=2, epoch=1)
    send_manifest(broker, committed=40, safe=35)
    found = await published(broker)
    assert found.manifest is not None
    assert (found.manifest.safe, found.epoch) == (2, 1)


async def test_images_of_an_earlier_epoch_do_not_count(broker: MemoryBroker) -> None:
    send_image(broker, 1, 9)
    send_image(broker, 2, 9)
    send_manifest(broker, epoch=1)
    send_image(broker, 2, 4, epoch=1)
    send_image(broker, 1, 50)
    assert offsets(await published(broker)) == {2: 4}


async def test_damage_counts_only_where_nothing_newer_is(broker: MemoryBroker) -> None:
    broker.append("memory", b"{", manifest_key("card", 0), 0)
    broker.append("memory", b"?", image_key("card", 0, 1), 0)
    image = send_image(broker, 1, 9)
    send_manifest(broker, image)
    assert (await published(broker)).damage() is None
    broken = broker.append("memory", None, image_key("card", 0, 2), 0)
    assert (await published(broker)).damage() is None
    send_manifest(broker, image, BlockImage(2, 9, broken.offset))
    damage = (await published(broker)).damage()
    assert isinstance(damage, Refusal)
    assert f"topic memory partition 0 offset {broken.offset} is damaged" in damage.detail
    broker.append("memory", b"{}", manifest_key("card", 0), 0)
    assert "the manifest cannot be read" in str((await published(broker)).damage())


def test_places_that_are_near_each_other_are_read_together() -> None:
    assert runs([30, 1, 2, 9]) == [(1, 10), (30, 31)]
    assert runs([]) == []


def test_a_key_says_what_it_is_of() -> None:
    assert block_of(image_key("card", 3, 41), "card", 3) == 41
    assert block_of(manifest_key("card", 3), "card", 3) is None
    assert block_of(image_key("card", 31, 4), "card", 3) is None
    assert block_of(b"card/3/x", "card", 3) is None
    assert block_of(b"card/3/" + b"9" * 5_000, "card", 3) is None
    assert block_of(None, "card", 3) is None


def test_what_is_written_is_read_again() -> None:
    assert read_stored(write_image(2, 10**12, b"image")) == (2, 10**12, b"image")
    manifest = replace(MANIFEST, images=(BlockImage(1, 2, 3, 4),), owner="http://10.0.0.1:6066")
    assert read_manifest(write_manifest(manifest)) == manifest


def test_what_another_version_wrote_is_damaged_here() -> None:
    with pytest.raises(ImageCorrupt, match="the manifest has format 9, not 1"):
        read_manifest(write_manifest(replace(MANIFEST, format=9)))
    with pytest.raises(ImageCorrupt, match="it has format 9, but this version reads 1"):
        read_stored(b"\x09" + write_image(0, 0, b"")[1:])
