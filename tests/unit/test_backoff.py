"""Pauses between attempts: growing, bounded, spread, and abandoned within a moment."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.backoff import POLL_INTERVAL, Backoff
from tests.support.clock import FakeClock


def never() -> bool:
    return False


def test_pauses_double_from_the_first_to_the_longest() -> None:
    pauses = FakeClock().backoff(0.5, 5.0).pauses()
    assert [*islice(pauses, 6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


@given(st.integers(0, 2_000))
def test_a_pause_is_anywhere_below_its_bound(number: int) -> None:
    [pause] = islice(Backoff(0.1, 5.0).pauses(), number, number + 1)
    assert 0.0 <= pause <= min(0.1 * 2.0 ** min(number, 10), 5.0)


def test_workers_that_failed_together_do_not_come_back_together() -> None:
    pauses = {next(Backoff(1.0, 5.0).pauses()) for _ in range(100)}
    assert len(pauses) > 90


@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.0, 90.0])
async def test_a_wait_takes_as_long_as_it_was_told(seconds: float) -> None:
    clock = FakeClock()
    assert await clock.backoff().wait(seconds, never) is False
    assert clock.now == pytest.approx(seconds)


async def test_a_wait_is_abandoned_within_a_moment() -> None:
    clock = FakeClock()
    assert await clock.backoff().wait(600.0, lambda: clock.now > 10.0) is True
    assert 10.0 < clock.now <= 10.0 + 2 * POLL_INTERVAL


async def test_what_is_abandoned_already_does_not_wait() -> None:
    clock = FakeClock()
    assert await clock.backoff().wait(600.0, lambda: True) is True
    assert clock.slept == []
