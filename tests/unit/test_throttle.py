"""One line for many events, on a timeline."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.monitoring.throttle import Throttle


def test_the_first_is_said_at_once_and_the_rest_with_their_count_once_an_interval() -> None:
    throttle = Throttle(60.0)
    said = [(now, throttle.count(now)) for now in (5.0, 5.0, 6.0, 64.9, 65.0, 66.0, 500.0)]
    assert said == [
        (5.0, 1),
        (5.0, None),
        (6.0, None),
        (64.9, None),
        (65.0, 4),
        (66.0, None),
        (500.0, 2),
    ]


@given(st.lists(st.floats(0, 1e4)).map(sorted), st.floats(0.1, 1e3))
def test_lines_keep_their_distance_and_no_event_is_counted_twice(
    times: list[float], interval: float
) -> None:
    throttle = Throttle(interval)
    lines = [(now, count) for now in times if (count := throttle.count(now))]
    assert all(later >= now + interval for (now, _), (later, _) in pairwise(lines))
    # What came after the last line waits for the next one.
    waiting = throttle.count(math.inf)
    assert sum(count for _, count in lines) + (waiting or 0) - 1 == len(times)
