"""Positions: reading that goes on elsewhere than was expected is noticed."""

from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.kafka.consumer.positions import Gap, Positions

TP = TopicPartition("transactions", 2)
OTHER = TopicPartition("transactions", 3)


def test_reading_on_is_no_gap() -> None:
    positions = Positions()
    positions.expect(TP, 5)
    assert positions.follow(TP, 5) is None
    positions.expect(TP, 9)
    assert positions.follow(TP, 9) is None


def test_a_gap_is_noticed_once() -> None:
    positions = Positions()
    positions.expect(TP, 5)
    assert positions.follow(TP, 9) == Gap("transactions", 2, 5, 9)
    assert positions.follow(TP, 9) is None


def test_where_nothing_is_expected_nothing_is_missing() -> None:
    positions = Positions()
    assert positions.follow(TP, 9) is None
    positions.expect(TP, 5)
    positions.expect(OTHER, 5)
    positions.forget(TP)
    assert positions.follow(TP, 9) is None
    positions.clear()
    assert positions.follow(OTHER, 9) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_every_offset_is_read_or_in_a_gap(steps: list[tuple[int, int]]) -> None:
    positions, position, read, lost = Positions(), 0, 0, 0
    positions.expect(TP, 0)
    for deleted, records in steps:
        position += deleted
        if gap := positions.follow(TP, position):
            lost += gap.found - gap.expected
        position += records
        read += records
        positions.expect(TP, position)
    assert read + lost == position
