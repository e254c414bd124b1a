"""Whether about as many rows alert as requested."""

import pytest

from training.checks.alert_share import alert_share_warning


@pytest.mark.parametrize(
    ("asked", "found", "rows"),
    [(0.005, 5, 1_000), (0.005, 25, 1_000), (0.005, 0, 1_500), (0.005, 9, 100), (0.5, 700, 1_000)],
    ids=["as asked", "five times", "too few rows for one", "a handful", "more than half"],
)
def test_nothing_is_said_where_it_may_be_chance_or_is_about_right(
    asked: float, found: int, rows: int
) -> None:
    assert alert_share_warning(asked, found, rows) is None


def test_no_alert_at_all_is_said() -> None:
    said = alert_share_warning(0.005, 0, 11_997)
    assert said == "none of 11,997 rows alerts; about 60 were expected"


@pytest.mark.parametrize(
    ("asked", "found", "rows", "words"),
    [
        (0.005, 26, 1_000, "26 of 1,000 rows alert (2.6%); about 5 (0.5%) were expected"),
        (0.3, 940, 1_000, "940 of 1,000 rows alert (94%); about 300 (30%) were expected"),
        (0.005, 7, 16_220, "7 of 16,220 rows alert (0.0432%); about 81 (0.5%) were expected"),
        (0.005, 1, 16_220, "1 of 16,220 rows alerts (0.00617%); about 81 (0.5%) were expected"),
    ],
)
def test_far_too_many_and_far_too_few_alerts_are_said(
    asked: float, found: int, rows: int, words: str
) -> None:
    assert alert_share_warning(asked, found, rows) == words
