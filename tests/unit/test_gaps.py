"""Gaps are said in the log, and counted where records are lost."""

import logging

import pytest

from anomaly_app.kafka.consumer import Gap
from anomaly_app.observability.counters import Counters
from anomaly_app.observability.gaps import report_gap


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
    assert "offset 5000 no longer exists" in caplog.text
    assert "reading from offset 0" in caplog.text
