"""The store gives way to scoring, and writes little by little when little comes."""

import pytest

from anomaly_app.store.pace import LINGER, LONGEST, Pace


def pause(*, wall: float, used: float, spent: float, messages: int) -> float:
    times, cpu = iter([0.0, wall]), iter([0.0, used])
    return Pace(lambda: next(times), lambda: next(cpu)).pause(spent, messages)


@pytest.mark.parametrize(
    ("wall", "used", "spent", "messages", "expected"),
    [
        (1.0, 0.2, 0.01, 20, LINGER),
        (1.0, 0.9, 0.8, 2_000, 0.0),
        (1.0, 1.0, 0.2, 2_000, 4.0),
        (1.0, 1.0, 0.002, 20, LINGER),
        (10.0, 10.0, 2.0, 2_000, LONGEST),
    ],
    ids=["few", "alone", "busy", "busy, few", "busy, very slow"],
)
def test_the_pause_after_a_write(
    wall: float, used: float, spent: float, messages: int, expected: float
) -> None:
    found = pause(wall=wall, used=used, spent=spent, messages=messages)
    assert found == pytest.approx(expected)
