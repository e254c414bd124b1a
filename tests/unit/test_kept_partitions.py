"""What becomes of memories when partitions come and go: a timeline of fixed times."""

import pytest
from aiokafka import TopicPartition

from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.kept_partitions import TOGETHER, KeptPartitions
from tests.support.sums import Seen, SumMemory, sums

ONE, OTHER = TopicPartition("transactions", 0), TopicPartition("transactions", 1)
STRANGER = TopicPartition("anomalies", 0)

LEASE, STAY = 10.0, 120.0


@pytest.fixture
def kept() -> KeptPartitions:
    partitions = KeptPartitions(interval=60.0, lease=LEASE, stay=STAY)
    partitions.remembered["transactions"] = sums()
    partitions.look_at_clock(0.0)
    return partitions


def found(kept: KeptPartitions, place: TopicPartition = ONE) -> Kept:
    one = kept.get(*place)
    assert one is not None
    return one


def restore(kept: KeptPartitions, place: TopicPartition = ONE) -> SumMemory:
    """Do what a restore does."""
    one, memory = found(kept, place), SumMemory()
    one.memory, one.done, one.is_doubtful = memory, one.target, False
    assert kept.release_if_restored(one)
    return memory


def come(kept: KeptPartitions, offset: int | None = 50, *, now: float = 1.0) -> None:
    """Let the first partition be assigned."""
    kept.assign({ONE, STRANGER}, now)
    kept.position({ONE: offset, STRANGER: 7}, now)


def test_a_partition_is_held_from_its_assignment_until_its_memory_is_restored(
    kept: KeptPartitions,
) -> None:
    kept.assign({ONE, STRANGER}, 1.0)
    assert kept.held == {ONE}
    assert kept.next_to_restore() is None
    kept.position({ONE: 50}, 1.0)
    assert kept.next_to_restore() is found(kept)
    assert "transactions partition 0 is restored by 0 %, 1 partition(s) wait" in str(kept.waits_for)
    memory = restore(kept)
    assert kept.held == frozenset()
    assert kept.waits_for is None
    assert kept.live("transactions") == {0: memory}


def test_what_nobody_had_meanwhile_is_live_at_once(kept: KeptPartitions) -> None:
    come(kept)
    memory = restore(kept)
    kept.commit({ONE: 80})
    kept.revoke({ONE}, 5.0)
    assert kept.held == frozenset()
    with pytest.raises(LookupError):
        kept.memory_of(*ONE)
    come(kept, 80, now=6.0)
    assert kept.memory_of(*ONE) is memory


def test_what_others_had_meanwhile_is_doubtful_and_goes_on(kept: KeptPartitions) -> None:
    come(kept)
    memory = restore(kept)
    kept.revoke({ONE}, 5.0)
    come(kept, 90, now=6.0)
    one = found(kept)
    assert (one.memory, one.is_doubtful, one.target, one.position) == (memory, True, 90, 50)
    assert kept.held == {ONE}


@pytest.mark.parametrize(
    ("away", "asleep", "is_doubtful"),
    [(1.0, 0.0, False), (LEASE + 1, 0.0, True), (1.0, 20.0, True)],
)
def test_after_a_long_time_somebody_may_have_rebuilt_it(
    kept: KeptPartitions, away: float, asleep: float, is_doubtful: bool
) -> None:
    come(kept)
    restore(kept)
    kept.revoke({ONE}, 5.0)
    now = 5.0 + away
    kept.look_at_clock(now)
    come(kept, 50, now=now + asleep)
    assert found(kept).is_doubtful == is_doubtful


def test_what_is_ahead_of_the_commit_is_dropped(kept: KeptPartitions) -> None:
    come(kept)
    memory = restore(kept)
    memory.observe([Seen(59, 1, 1)])
    kept.revoke({ONE}, 5.0)
    come(kept, 50, now=6.0)
    assert found(kept).memory is None
    assert kept.next_to_restore() is found(kept)


def test_what_has_skipped_records_is_dropped(kept: KeptPartitions) -> None:
    come(kept)
    restore(kept)
    found(kept).has_gap = True
    come(kept, 50, now=6.0)
    assert found(kept).memory is None
    assert not found(kept).has_gap


def test_what_went_to_others_stays_for_a_while_and_is_not_restored_any_more(
    kept: KeptPartitions,
) -> None:
    kept.assign({ONE, OTHER}, 1.0)
    kept.position({ONE: 50, OTHER: 60}, 1.0)
    restore(kept, OTHER)
    one = found(kept)
    kept.revoke({ONE, OTHER}, 2.0)
    wanted = [one.is_wanted]
    kept.assign({OTHER}, 3.0)
    assert [*wanted, one.is_wanted] == [True, False]
    kept.look_at_clock(2.0 + STAY)
    assert kept.get(*ONE) is one
    kept.look_at_clock(2.1 + STAY)
    assert kept.get(*ONE) is None
    assert kept.get(*OTHER) is not None


def test_a_restore_whose_offset_goes_back_meanwhile_begins_again(kept: KeptPartitions) -> None:
    come(kept)
    one = found(kept)
    one.memory, one.done = SumMemory(), 70
    assert not kept.release_if_restored(one)
    assert one.memory is None


def test_a_restore_that_is_half_way_is_not_forgotten(kept: KeptPartitions) -> None:
    come(kept)
    one = found(kept)
    one.memory, one.done = SumMemory(), 20
    kept.revoke({ONE}, 2.0)
    come(kept, 50, now=3.0)
    assert (found(kept).position, found(kept).memory is None) == (20, False)


def test_after_a_freeze_nothing_is_published_until_a_commit(kept: KeptPartitions) -> None:
    come(kept)
    restore(kept)
    kept.look_at_clock(LEASE)
    assert not found(kept).is_muted
    kept.look_at_clock(2 * LEASE + 0.1)
    assert found(kept).is_muted
    kept.commit({ONE: 60})
    assert not found(kept).is_muted
    assert found(kept).committed == 60


def test_a_commit_of_a_partition_that_is_not_live_counts_for_nothing(
    kept: KeptPartitions,
) -> None:
    come(kept)
    kept.commit({ONE: 60, STRANGER: 9})
    assert found(kept).committed == 50


def both(kept: KeptPartitions) -> None:
    """Let two partitions be assigned."""
    kept.assign({ONE, OTHER}, 1.0)
    kept.position({ONE: 50, OTHER: 60}, 1.0)


def restore_at(kept: KeptPartitions, place: TopicPartition, now: float) -> None:
    one = found(kept, place)
    one.memory, one.done, one.is_doubtful = SumMemory(), one.target, False
    assert kept.release_with_others(one, now)


def test_what_is_restored_first_waits_for_the_others(kept: KeptPartitions) -> None:
    both(kept)
    restore_at(kept, ONE, 2.0)
    assert kept.held == {ONE, OTHER}
    assert kept.next_to_restore() is found(kept, OTHER)
    restore_at(kept, OTHER, 4.0)
    assert kept.held == frozenset()


def test_nothing_that_is_restored_waits_for_long(kept: KeptPartitions) -> None:
    both(kept)
    restore_at(kept, ONE, 2.0)
    assert not kept.look_at_clock(9.0)
    assert kept.held == {ONE, OTHER}
    assert kept.look_at_clock(2.1 + TOGETHER)
    assert kept.held == {OTHER}


def test_what_is_given_away_while_it_waits_is_held_no_more(kept: KeptPartitions) -> None:
    both(kept)
    restore_at(kept, ONE, 2.0)
    kept.assign({OTHER}, 3.0)
    kept.position({OTHER: 60}, 3.0)
    assert kept.held == {OTHER}
    come(kept, now=4.0)
    assert ONE not in kept.held


def test_partitions_that_have_nothing_to_replay_wait_for_nobody(kept: KeptPartitions) -> None:
    both(kept)
    restore_at(kept, ONE, 2.0)
    kept.revoke({ONE, OTHER}, 3.0)
    both(kept)
    assert kept.held == {OTHER}
