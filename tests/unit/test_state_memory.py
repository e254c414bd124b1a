"""The state of the alerts as a memory: the same wherever and whenever it is restored."""

import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.image import StateImage
from anomaly_app.core.alerts.log import Entry, Outcome, Sample, Sampled, Tick, write_entry
from anomaly_app.core.alerts.read_so_far import WIDTH, ReadSoFar
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.step import step as step_of_the_core
from anomaly_app.errors import ImageCorrupt
from anomaly_app.incidents import state_memory
from anomaly_app.incidents.state_memory import MOST_FAULTS, StateMemory, remembered_alerts
from anomaly_app.kafka.consumer import Record
from tests.support.incidents import NOON, ONE, policy, sighting
from tests.support.memory_kafka import MemoryBroker
from tests.support.memory_workers import Cluster, Worker

POLICY = policy()


def record(offset: int, entry: Entry | bytes | None, at: float = NOON) -> Record:
    value = entry if isinstance(entry, bytes) or entry is None else write_entry(entry)
    return Record("alerts", 0, offset, int(at * 1000), None, value)


def silence(name: str) -> Silence:
    ends = NOON + 4_000.0
    return Silence(
        id=name, matchers=("entity = card-1",), begins=NOON, ends=ends, note="n", user="u"
    )


def an_entry(kind: int, number: int) -> Entry:
    entity = f"card-{number % 5}"
    entries: list[Entry] = [
        sighting(entity, number=number, rarity=0.5 / (1 + number % 7), terminal=f"t-{number % 2}"),
        sighting(entity, number=number, feature="hour", terminal="t-1"),
        Tick(),
        Outcome(
            receiver=ONE, notice=f"i-{number % 20}", version=1, result="delivered", reference="r"
        ),
        Outcome(receiver=ONE, notice=f"i-{number % 20}", version=2, result="refused", why="no"),
        Press(id=f"p-{number}", incident=f"i-{number % 20}", action="take", user="ada", at=NOON),
        AddSilence(id=f"s-{number}", silence=silence(f"s-{number % 3}"), at=NOON),
        ExpireSilence(id=f"e-{number}", silence=f"s-{number % 3}", user="ada", at=NOON),
        Sample((Sampled(entity, {"terminal": f"t-{number % 3}"}),)),
    ]
    return entries[kind]


def a_log(steps: list[tuple[int, float]]) -> list[Record]:
    records, now = [], NOON
    for offset, (kind, seconds) in enumerate(steps):
        now += seconds
        records.append(record(offset, an_entry(kind, offset), now))
    return records


STEPS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from([0.0, 1.0, 40.0, 400.0, 2_000.0])), max_size=40
)


@given(STEPS, st.data())
def test_a_state_that_is_published_and_restored_goes_on_as_if_nothing_had_happened(
    steps: list[tuple[int, float]], data: st.DataObject
) -> None:
    records = a_log(steps)
    through = StateMemory(POLICY)
    for one in records:
        through.apply(one)
    cut = data.draw(st.integers(0, len(records)))
    before = StateMemory(POLICY)
    for one in records[:cut]:
        before.apply(one)
    image = StateImage.from_bytes(before.take_image(0).to_bytes())
    after = StateMemory(POLICY)
    after.load(image)
    # What the image has is replayed as well, and changes nothing.
    begin = data.draw(st.integers(0, cut))
    remembered_alerts(POLICY).replay(after, records[begin:])
    assert after.state.to_bytes() == through.state.to_bytes()
    assert (after.applied, after.faults) == (len(records), 0)


HASHED = """
import hashlib, random
from tests.unit.test_state_memory import POLICY, StateMemory, a_log
draw = random.Random(1)
memory = StateMemory(POLICY)
kinds = [0, 0, 0, 1, 2, 3, 5, 6, 8]
for one in a_log([(draw.choice(kinds), draw.random() * 60) for _ in range(800)]):
    memory.apply(one)
print(len(memory.state.incidents), hashlib.sha256(memory.state.to_bytes()).hexdigest())
"""


def test_the_state_is_the_same_in_each_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_an_image_that_is_not_as_it_was_written_is_refused() -> None:
    memory = StateMemory(POLICY)
    memory.apply(record(0, sighting()))
    written = bytearray(memory.take_image(0).to_bytes())
    for place in (0, 5, len(written) - 1):
        damaged = bytes(written[:place]) + bytes([written[place] ^ 1]) + bytes(written[place + 1 :])
        if place == 5:  # the offset is told beside it, too
            assert (
                StateImage.from_bytes(damaged).state == StateImage.from_bytes(bytes(written)).state
            )
            continue
        with pytest.raises(ImageCorrupt):
            StateImage.from_bytes(damaged)
    for other in (b"", b"ALRT", bytes(written[:-3])):
        with pytest.raises(ImageCorrupt):
            StateImage.from_bytes(other)


def test_only_what_has_changed_is_published_again() -> None:
    memory = StateMemory(POLICY)
    assert [*memory.dirty_blocks()] == []
    memory.apply(record(0, sighting()))
    memory.apply(record(1, Tick()))
    assert ([*memory.dirty_blocks()], memory.first_dirty(0)) == ([0], 0)
    memory.take_image(0)
    assert ([*memory.dirty_blocks()], memory.first_dirty(0)) == ([], None)
    memory.apply(record(1, Tick()))  # applied before
    assert [*memory.dirty_blocks()] == []


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xc1", b"\x81\xa4type\xa4anom"])
def test_what_no_worker_has_written_is_left_out(
    value: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    memory = StateMemory(POLICY)
    memory.apply(record(0, value))
    memory.apply(record(1, sighting()))
    assert (memory.foreign, memory.applied, memory.counts.entities) == (1, 2, 1)
    assert "alerts partition 0 offset 0 is no entry of the log of alerts" in caplog.text


def breaking(monkeypatch: pytest.MonkeyPatch, entity: str) -> None:
    sound = step_of_the_core

    def broken(state: Any, offset: int, entry: Any, *rest: Any) -> Any:
        if getattr(entry, "entity", None) == entity:
            raise RuntimeError("of the test")
        return sound(state, offset, entry, *rest)

    monkeypatch.setattr(state_memory, "step", broken)


def test_an_entry_that_cannot_be_applied_costs_that_entry_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    breaking(monkeypatch, "card-1")
    memory = StateMemory(POLICY)
    for offset in range(4):
        memory.apply(record(offset, sighting(f"card-{offset}", number=offset)))
    assert (memory.faults, memory.applied, memory.counts.entities) == (1, 4, 3)
    assert "alerts partition 0 offset 1 is left out" in caplog.text


def test_when_no_entry_can_be_applied_the_fault_is_in_none_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaking(monkeypatch, "card-1")
    memory = StateMemory(POLICY)
    records = [record(offset, sighting("card-1", number=offset)) for offset in range(100)]
    with pytest.raises(RuntimeError, match="of the test"):
        remembered_alerts(POLICY).replay(memory, records)
    assert memory.faults == MOST_FAULTS


async def test_it_is_published_after_commits_and_restored_by_another_worker() -> None:
    cluster = Cluster(MemoryBroker(), partitions=1)
    worker = Worker(cluster, remembered=remembered_alerts(POLICY))
    await worker.assign(0)
    for number in range(30):
        cluster.broker.append(
            "transactions", write_entry(sighting(f"c-{number % 4}", number=number)), None, 0
        )
    await worker.judge_all(0)
    await worker.publish_for(70)
    images = [r for r in cluster.broker.records(cluster.memory_topic) if r.key == b"alerts/0/0"]
    assert images
    other = Worker(cluster, remembered=remembered_alerts(POLICY))
    await other.assign(0)
    mine: Any = worker.memories.memory_of("transactions", 0)
    theirs: Any = other.memories.memory_of("transactions", 0)
    assert theirs.state.to_bytes() == mine.state.to_bytes()
    assert theirs.applied == 30


@given(st.lists(st.integers(0, 3 * WIDTH), max_size=60))
def test_each_offset_counts_once_unless_it_is_far_behind(offsets: list[int]) -> None:
    read, known, highest = ReadSoFar(), set(), -1
    for offset in offsets:
        is_far_behind = offset <= highest - WIDTH
        assert read.add(offset, 5.0) == (offset not in known and not is_far_behind)
        known.add(offset)
        highest = max(highest, offset)


def test_what_comes_late_is_no_repeat_and_a_repeat_is_one() -> None:
    read = ReadSoFar()
    assert [read.add(offset, 5.0) for offset in (0, 2, 3, 1, 1, 2)] == [
        *(True, True, True, True),
        *(False, False),
    ]


def test_a_topic_that_was_made_anew_is_read_from_its_start() -> None:
    read = ReadSoFar()
    for offset in range(2_000):
        read.add(offset, float(offset))
    assert not read.add(0, 0.0)
    assert [read.add(offset, 3_000.0 + offset) for offset in range(3)] == [True, True, True]
    assert not read.add(1, 3_001.0)
