"""The state is a function of the log: not of batches, images, or the moment of a crash."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_app.core.memory.durations import MINUTE
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.image import Image
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from tests.support.entity_memory import (
    NOON,
    applied_in,
    events_of,
    key_spec,
    memory_of,
    part,
    published,
    random_stream,
)

SMALLEST = Plan(key_spec(capacity=512))
SMALL = Plan(key_spec(capacity=1024))
FEW = Plan(key_spec("count:1h", "sum:amount:1d", "first:merchant", capacity=1024))

seeds = st.integers(0, 2**32 - 1)


def stream(plan: Plan, seed: int, many: int, entities: int) -> Events:
    return random_stream(plan, np.random.default_rng(seed), many, entities=entities)


def crowd(plan: Plan, seed: int, many: int) -> Events:
    """Give events of more entities than there is room for."""
    events = stream(plan, seed, many, 50)
    random = np.random.default_rng(seed)
    keys = random.integers(1, 2**63, 3 * plan.blocks * 512).astype(np.uint64)
    return events._replace(keys=random.choice(keys, many))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_batches_of_any_size_give_the_same_bytes(size: int) -> None:
    events = crowd(SMALL, 3, 6_000)
    whole, parts = PartitionMemory(SMALL), PartitionMemory(SMALL)
    features = whole.observe(events)
    found = [parts.observe(part(events, b, b + size)) for b in range(0, 6_000, size)]
    assert np.concatenate(found).tobytes() == features.tobytes()
    assert parts.digest() == whole.digest()
    assert parts.counts == whole.counts
    assert whole.counts.evicted > 1_000


@given(seeds)
@settings(max_examples=20)
def test_events_shuffled_within_the_lateness_give_the_same_integers(seed: int) -> None:
    random = np.random.default_rng(seed)
    plan = SMALLEST
    many = 400
    times = np.sort(NOON + random.integers(0, 30 * 24 * 60 * MINUTE, many) // 5_000 * 5_000)
    events = stream(plan, seed, many, 8)._replace(times=times, local=times)
    order = np.argsort(times + random.integers(0, 10 * MINUTE, many), kind="stable")
    shuffled = Events._make(column[order] for column in events)._replace(offsets=events.offsets)
    one, other = PartitionMemory(plan), PartitionMemory(plan)
    one.observe(events)
    other.observe(shuffled)
    assert one.counts == other.counts
    assert one.counts.late == 0
    for key in np.unique(events.keys).tolist():
        assert integers_of(one, key) == integers_of(other, key)


def integers_of(memory: PartitionMemory, key: int) -> dict[object, list[int]]:
    record = memory.record(key)
    assert record is not None
    kept = {"rows", "seen", "firsts", "since", "key"}
    fields = memory.plan.fields.items()
    cells = {name: record.cells(field).tolist() for name, field in fields if name[0] in kept}
    return cells | {"clock": [record.clock]}


def restored(
    plan: Plan, images: Sequence[Image], events: Events, start: int, end: int, size: int
) -> PartitionMemory:
    """Give a memory that was made of images and a replay of the log."""
    memory = PartitionMemory(plan, applied=start)
    for image in images:
        memory.load(published(image))
    for begin in range(start, end, size):
        memory.replay(part(events, begin, min(begin + size, end)))
    return memory


@given(seeds)
@settings(max_examples=40)
def test_images_and_replay_give_the_same_bytes(seed: int) -> None:
    random = np.random.default_rng(seed)
    plan, many = FEW, 3_000
    events = crowd(plan, seed, many)
    live = PartitionMemory(plan)
    images: dict[int, Image] = {}
    crash = int(random.integers(1, many))
    while live.applied < crash:
        end = min(live.applied + int(random.integers(1, 800)), crash)
        live.observe(part(events, live.applied, end))
        for block in live.dirty_blocks():
            if random.random() < 0.4:
                images[block] = live.take_image(block)
    unsaved = [live.first_dirty(block) for block in range(plan.blocks)]
    safe = min((offset for offset in unsaved if offset is not None), default=live.applied)
    start, size = int(random.integers(0, safe + 1)), int(random.integers(1, 900))
    back = restored(plan, [*images.values()], events, start, live.applied, size)
    assert back.digest() == live.digest()
    assert back.applied == live.applied
    rest = part(events, live.applied, many)
    assert back.observe(rest).tobytes() == live.observe(rest).tobytes()
    assert back.digest() == live.digest()


def test_older_images_do_as_well_if_the_replay_begins_earlier() -> None:
    events = crowd(FEW, 1, 4_000)
    live = PartitionMemory(FEW)
    images = []
    for end, block in ((700, 0), (2_000, 1)):
        live.observe(part(events, live.applied, end))
        images.append(live.take_image(block))
    live.observe(part(events, 2_000, 4_000))
    for start in (0, 650, 700):
        assert restored(FEW, images, events, start, 4_000, 333).digest() == live.digest()


def test_events_that_a_block_has_applied_change_nothing() -> None:
    events = crowd(FEW, 2, 2_000)
    live = applied_in(PartitionMemory(FEW), events, 500)
    images = [live.take_image(block) for block in live.dirty_blocks()]
    back = restored(FEW, images, events, 0, 2_000, 100)
    assert back.digest() == live.digest()
    assert back.dirty_blocks() == []
    assert not back.observe(part(events, 0, 100)).any()
    assert back.digest() == live.digest()


def test_a_full_block_forgets_the_entity_with_the_oldest_event() -> None:
    memory = PartitionMemory(SMALLEST)
    keys = np.random.default_rng(0).integers(1, 2**63, 512)
    times = NOON + np.arange(512) * MINUTE
    times[[100, 200]] = NOON - 1
    memory.observe(events_of(SMALLEST, times, keys=keys))
    assert memory.counts.evicted == 0
    for new, gone in ((7_000, 100), (8_000, 200), (9_000, 0)):
        event = events_of(SMALLEST, [NOON], keys=new, first_offset=memory.applied)
        memory.observe(event._replace(times=event.times + 10**9))
        assert memory.record(int(keys[gone])) is None
        assert memory.record(new) is not None
    assert memory.counts.evicted == 3
    assert memory.counts.entities == 512


def test_an_entity_that_was_forgotten_begins_anew() -> None:
    events = crowd(SMALLEST, 5, 3_000)
    memory = PartitionMemory(SMALLEST)
    memory.observe(events)
    forgotten = [key for key in np.unique(events.keys).tolist() if memory.record(key) is None]
    probe = events_of(SMALLEST, [2 * NOON], keys=forgotten[0], first_offset=3_000)
    stranger = events_of(SMALLEST, [2 * NOON], keys=12_345, first_offset=3_001)
    assert memory.observe(probe).tolist() == memory.observe(stranger).tolist()


def test_dirty_blocks_are_told_oldest_change_first() -> None:
    plan = Plan(key_spec("count:1h", capacity=2048))
    memory = PartitionMemory(plan)
    in_block = [block << 40 | 5 for block in range(4)]
    order = [2, 0, 3, 0, 2]
    memory.observe(events_of(plan, [NOON] * 5, keys=[in_block[block] for block in order]))
    assert memory.dirty_blocks() == [2, 0, 3]
    assert [memory.first_dirty(block) for block in range(4)] == [1, None, 0, 2]
    image = memory.take_image(2)
    assert (image.block, image.offset) == (2, 5)
    assert memory.dirty_blocks() == [0, 3]
    memory.observe(events_of(plan, [NOON], keys=in_block[2], first_offset=5))
    assert memory.dirty_blocks() == [0, 3, 2]
    assert memory.first_dirty(2) == 5


def test_offsets_without_an_event_are_applied_by_saying_so() -> None:
    memory = memory_of("count:1h")
    memory.observe(events_of(memory.plan, [NOON], first_offset=10))
    assert memory.applied == 11
    memory.advance(20)
    memory.advance(15)
    assert memory.applied == 20
    assert memory.take_image(memory.dirty_blocks()[0]).offset == 20


def test_replayed_events_are_not_counted() -> None:
    events = stream(SMALLEST, 0, 500, 3)
    live, back = PartitionMemory(SMALLEST), PartitionMemory(SMALLEST)
    live.observe(events)
    back.replay(events)
    assert live.counts.late > 0
    assert back.counts == live.counts._replace(late=0)
    assert back.digest() == live.digest()


def test_upstream_offsets_are_carried_along() -> None:
    memory = memory_of("count:1h")
    memory.observe(events_of(memory.plan, [NOON]))
    memory.upstream.highest[3] = 70
    image = memory.take_image(memory.dirty_blocks()[0])
    memory.upstream.highest[3] = 90
    assert published(image).upstream == {3: 70}


def test_the_digest_tells_states_apart() -> None:
    memories = [memory_of("count:1h") for _ in range(3)]
    for memory, time in zip(memories, (NOON, NOON, NOON + 1), strict=True):
        memory.observe(events_of(memory.plan, [time]))
    one, same, other = (memory.digest() for memory in memories)
    assert one == same
    assert one != other
