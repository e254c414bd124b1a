"""Gaps: reading that goes on elsewhere is noticed, said, and counted where records are lost."""

import logging

import pytest
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.kafka.consumer.gaps import Gap, Positions, report_gap
from anomaly_app.observability.counters import Counters

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


def test_a_gap_is_a_warning_with_both_offsets_and_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters()
    with caplog.at_level(logging.WARNING):
        report_gap(Gap("transactions", 2, 100, 300), counters)
        report_gap(Gap("transactions", 2, 400, 401), counters)
    assert counters.lost_to_retention == {("transactions", 2): 201}
    assert "topic transactions partition 2: offsets 100 to 299 were deleted" in caplog.text
    assert "reading from offset 300" in caplog.text


def test_a_topic_that_was_made_anew_is_a_warning_and_loses_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters()
    report_gap(Gap("transactions", 2, 5_000, 0), counters)
    assert counters.lost_to_retention.total() == 0
    assert "offset 5000 does not exist any more" in caplog.text
    assert "reading from offset 0" in caplog.text
