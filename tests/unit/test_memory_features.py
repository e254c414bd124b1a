"""What features are at the edges: without a past, late, full cells, hostile numbers and times."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.memory.durations import DAY, HOUR, MINUTE, SECOND
from anomaly_app.core.memory.partition_memory import PartitionMemory
from tests.support.entity_memory import CARD, NOON, events_of, memory_of

BAKER, BUTCHER, GROCER = 0x1234567890ABCDEF, 0x7EDCBA9876543210, 0x0F1E2D3C4B5A6978

Features = dict[str, float]


def seen_by(memory: PartitionMemory, time: int, *, key: int = 1, **values: Any) -> Features:
    """Observe one event, and give its features by name."""
    columns: dict[str, Any] = {name: [value] for name, value in values.items()}
    columns.update(keys=key, first_offset=memory.applied)
    event = events_of(memory.plan, [time], **columns)
    return dict(zip(memory.plan.names, memory.observe(event)[0].tolist(), strict=True))


def test_an_entity_without_a_past_has_neutral_features() -> None:
    features = seen_by(memory_of(), NOON, amount=12.5, merchant=BUTCHER, lat=50.0, long=8.0)
    neutral = {"ratio": 1.0, "mean": 12.5, "max": 12.5, "min": 12.5, "hours": 1.0, "relative": 1.0}
    neutral |= {"distinct_rate": 1.0, "since_last": 30 * DAY / SECOND}
    assert features == {name: neutral.get(name.split(":")[0], 0.0) for name in CARD}


def test_events_without_an_entity_have_neutral_features_and_are_not_remembered() -> None:
    memory = memory_of()
    untouched = memory.digest()
    columns: dict[str, Any] = {"amount": [5.0] * 2, "merchant": [BUTCHER] * 2}
    one, other = memory.observe(events_of(memory.plan, [NOON, NOON + 1], keys=0, **columns))
    assert one.tolist() == other.tolist()
    assert one.tolist() == [*seen_by(memory_of(), NOON, amount=5.0, merchant=BUTCHER).values()]
    assert memory.digest() == untouched
    assert memory.counts.entities == 0


def test_no_events_have_no_features() -> None:
    memory = memory_of()
    assert memory.observe(events_of(memory.plan, [])).shape == (0, len(CARD))
    assert memory.applied == 0


def test_features_are_the_state_before_the_event() -> None:
    memory = memory_of("count:1h", "sum:amount:1h", "max:amount:1h")
    assert [seen_by(memory, NOON, amount=amount) for amount in (5.0, 9.0, 2.0)] == [
        {"count:1h": 0.0, "sum:amount:1h": 0.0, "max:amount:1h": 5.0},
        {"count:1h": 1.0, "sum:amount:1h": 5.0, "max:amount:1h": 5.0},
        {"count:1h": 2.0, "sum:amount:1h": 14.0, "max:amount:1h": 9.0},
    ]


def test_a_window_covers_the_buckets_that_begin_in_it() -> None:
    memory = memory_of("count:1h")  # in buckets of ten minutes
    seen_by(memory, NOON + 9 * MINUTE)
    assert seen_by(memory, NOON + 69 * MINUTE)["count:1h"] == 1.0
    assert seen_by(memory, NOON + 70 * MINUTE)["count:1h"] == 1.0
    assert seen_by(memory, NOON + 3 * HOUR)["count:1h"] == 0.0


def test_a_late_event_is_put_where_it_belongs() -> None:
    memory = memory_of("count:1h", "since_last")
    seen_by(memory, NOON + 20 * MINUTE)
    assert seen_by(memory, NOON + 10 * MINUTE) == {"count:1h": 0.0, "since_last": 0.0}
    assert seen_by(memory, NOON + 70 * MINUTE)["count:1h"] == 2.0
    assert seen_by(memory, NOON + 80 * MINUTE)["count:1h"] == 2.0
    assert memory.counts.late == 0


def test_a_too_late_event_is_counted_and_changes_nothing() -> None:
    memory = memory_of()
    seen_by(memory, NOON - 30 * MINUTE, amount=3.0)
    seen_by(memory, NOON, amount=5.0, merchant=BUTCHER)
    memory.take_image(memory.dirty_blocks()[0])
    before = memory.digest()
    features = seen_by(
        memory, NOON - 10 * MINUTE - 1, amount=1e6, merchant=GROCER, lat=1.0, long=1.0
    )
    assert memory.digest() == before
    assert memory.counts.late == 1
    assert memory.dirty_blocks() == []
    # As of ten minutes before the latest event.
    assert (features["count:1h"], features["sum:amount:1h"]) == (1.0, 3.0)
    assert features["first:merchant"] == 1.0


def test_a_cell_that_is_full_stays_full_and_is_counted() -> None:
    memory = memory_of("count:1h", "sum:amount:1h", "ratio:count:1h:1d")
    many = 2**16 + 5
    memory.observe(events_of(memory.plan, np.full(many, NOON), amount=np.full(many, 1_000.0)))
    assert seen_by(memory, NOON)["count:1h"] == 65_535.0
    assert seen_by(memory, NOON)["sum:amount:1h"] == (2**31 - 1) / 100
    assert memory.counts.saturated > many // 2


def test_large_cells_hold_more() -> None:
    memory = memory_of("count:1h", "sum:amount:1h", "std:amount:1h", cells="large")
    many = 2**16 + 5
    memory.observe(events_of(memory.plan, np.full(many, NOON), amount=np.full(many, 1_000.0)))
    assert seen_by(memory, NOON) == {
        "count:1h": many,
        "sum:amount:1h": many * 1_000.0,
        "std:amount:1h": 0.0,
    }
    assert memory.counts.saturated == 0


def test_a_number_of_a_coarse_unit_is_rounded_to_it() -> None:
    memory = memory_of("sum:amount:1h", units={"amount": 0.5})
    seen_by(memory, NOON, amount=1.3)
    seen_by(memory, NOON, amount=-1.3)
    seen_by(memory, NOON, amount=0.2)
    assert seen_by(memory, NOON)["sum:amount:1h"] == 0.0


def test_two_equal_values_do_not_make_the_third_infinitely_unusual() -> None:
    memory = memory_of("zscore:amount:30d")
    for _ in range(2):
        seen_by(memory, NOON, amount=20.0)
    assert seen_by(memory, NOON, amount=1e9)["zscore:amount:30d"] == pytest.approx(math.sqrt(2))


def test_a_difference_within_the_unit_is_not_unusual() -> None:
    memory = memory_of("zscore:amount:30d")
    for _ in range(1_000):
        seen_by(memory, NOON, amount=20.0)
    assert abs(seen_by(memory, NOON, amount=20.005)["zscore:amount:30d"]) < 2.0


def test_a_zscore_grows_with_the_distance_from_the_own_past() -> None:
    memory = memory_of("zscore:amount:30d")
    for amount in [18.0, 22.0] * 50:
        seen_by(memory, NOON, amount=amount)
    near, far = (seen_by(memory, NOON + 30 * DAY, amount=a)["zscore:amount:30d"] for a in (22, 40))
    assert near == pytest.approx(1.0, abs=0.05)
    assert far > 4.0


def test_a_shift_of_one_event_alone_in_its_window_is_its_zscore() -> None:
    memory = memory_of("zscore:amount:30d", "shift:amount:1h:30d")
    for day, amount in enumerate([18.0, 22.0, 20.0, 25.0]):
        zscore, shift = seen_by(memory, NOON + day * DAY, amount=amount).values()
        assert shift == pytest.approx(zscore)


def test_many_values_that_are_a_little_high_have_shifted_more_than_each_deviates() -> None:
    memory = memory_of("zscore:amount:30d", "shift:amount:1h:30d")
    for day in range(60):
        seen_by(memory, NOON + day * DAY, amount=18.0 if day % 2 else 22.0)
    for _ in range(9):
        zscore, shift = seen_by(memory, NOON + 60 * DAY, amount=23.0).values()
    assert zscore < 1.5
    assert shift > 3.0


def test_a_window_that_holds_the_whole_past_has_not_shifted() -> None:
    memory = memory_of("shift:amount:1h:30d")
    shifts = [
        seen_by(memory, NOON + minute * SECOND, amount=amount)["shift:amount:1h:30d"]
        for minute, amount in enumerate([1.0, 5.0, 1e6, 2.0])
    ]
    assert shifts == pytest.approx([0.0] * 4, abs=0.01)


def test_a_missing_number_has_not_shifted() -> None:
    memory = memory_of("shift:amount:1h:30d")
    seen_by(memory, NOON, amount=1.0)
    assert seen_by(memory, NOON + DAY) == {"shift:amount:1h:30d": 0.0}


@pytest.mark.parametrize(
    ("hour", "least", "most"), [(12, 0.0, 0.1), (18, 0.95, 1.05), (0, 1.9, 2.0)]
)
def test_hours_tell_how_far_the_time_of_day_is_from_the_usual(
    hour: int, least: float, most: float
) -> None:
    memory = memory_of("hours:30d")
    for day in range(60):
        seen_by(memory, NOON + day * DAY)
    assert least <= seen_by(memory, NOON + 60 * DAY + (hour - 12) * HOUR)["hours:30d"] <= most


def test_the_ratio_of_a_young_entity_is_relative_to_its_age() -> None:
    memory = memory_of("ratio:count:1h:30d")
    for minute in range(60):
        ratio = seen_by(memory, NOON + minute * MINUTE)["ratio:count:1h:30d"]
    assert ratio == 1.0
    steady = [seen_by(memory, NOON + h * HOUR)["ratio:count:1h:30d"] for h in range(24, 240)]
    assert 0.5 < np.median(steady) < 1.5
    burst = [seen_by(memory, NOON + 240 * HOUR)["ratio:count:1h:30d"] for _ in range(20)]
    assert burst[-1] > 5.0


def test_a_ratio_has_the_event_itself_in_the_short_window() -> None:
    memory = memory_of("ratio:sum:amount:1h:30d", "ratio:mean:amount:1h:30d")
    for day in range(20):
        usual = seen_by(memory, NOON + day * DAY, amount=10.0)
    large = seen_by(memory, NOON + 20 * DAY, amount=200.0)
    assert usual["ratio:sum:amount:1h:30d"] == pytest.approx(1.0, rel=0.05)
    assert usual["ratio:mean:amount:1h:30d"] == 1.0
    assert large["ratio:sum:amount:1h:30d"] > 12.0
    assert large["ratio:mean:amount:1h:30d"] == pytest.approx(10.5)


def test_a_typical_value_says_what_is_much_for_an_entity_without_a_past() -> None:
    features = ("ratio:sum:amount:1h:30d", "relative:amount:30d")
    memory = memory_of(*features, typical={"amount": 10.0})
    assert [*seen_by(memory, NOON, key=1, amount=10.0).values()] == [1.0, 1.0]
    much = seen_by(memory, NOON, key=2, amount=109.0)
    assert much["ratio:sum:amount:1h:30d"] == pytest.approx(7.6)
    assert much["relative:amount:30d"] == pytest.approx(10.0)


def test_a_relative_value_is_relative_to_the_geometric_mean() -> None:
    memory = memory_of("relative:amount:30d")
    for amount in [9.0, 999.0] * 500:
        seen_by(memory, NOON, amount=amount)
    assert seen_by(memory, NOON, amount=999.0)["relative:amount:30d"] == pytest.approx(10, rel=0.01)


def test_a_known_text_is_forgotten_after_two_spans() -> None:
    memory = memory_of("first:merchant:2d")
    seen_by(memory, NOON, merchant=BAKER)
    known = [
        seen_by(memory, NOON + day * DAY, merchant=BUTCHER)["first:merchant:2d"]
        for day in (1, 2, 9)
    ]
    assert known == [1.0, 0.0, 1.0]


def test_a_missing_text_is_neither_new_nor_counted() -> None:
    memory = memory_of("first:merchant", "distinct:merchant:1d")
    seen_by(memory, NOON, merchant=BAKER)
    assert seen_by(memory, NOON) == {"first:merchant": 0.0, "distinct:merchant:1d": 1.0}
    assert seen_by(memory, NOON)["distinct:merchant:1d"] == 1.0


@pytest.mark.parametrize("many", [1, 3, 10, 30])
def test_different_texts_are_counted_nearly(many: int) -> None:
    random = np.random.default_rng(many)
    found = []
    for _ in range(50):
        memory = memory_of("distinct:merchant:1d")
        texts = random.integers(1, 2**63, many)
        memory.observe(events_of(memory.plan, np.full(3 * many, NOON), merchant=np.tile(texts, 3)))
        found.append(seen_by(memory, NOON)["distinct:merchant:1d"])
    assert np.mean(found) == pytest.approx(many, rel=0.1)


def test_a_speed_is_over_at_least_a_second() -> None:
    memory = memory_of("distance:lat,long", "speed:lat,long")
    seen_by(memory, NOON, lat=52.52, long=13.405)
    features = seen_by(memory, NOON, lat=48.137, long=11.575)
    assert features["distance:lat,long"] == pytest.approx(504, abs=1)
    assert features["speed:lat,long"] == pytest.approx(504 * 3600, rel=0.01)


def test_a_position_that_is_not_on_earth_is_missing() -> None:
    memory = memory_of("distance:lat,long")
    seen_by(memory, NOON, lat=52.52, long=13.405)
    assert seen_by(memory, NOON, lat=91.0, long=13.0)["distance:lat,long"] == 0.0
    assert seen_by(memory, NOON, lat=52.52, long=13.405)["distance:lat,long"] == 0.0


def test_a_slope_is_per_step_over_the_last_values_in_the_order_of_time() -> None:
    memory = memory_of("slope:amount:4")
    for step, amount in ((0, 100.0), (1, 1.0), (3, 5.0), (2, 3.0)):  # the last one is late
        seen_by(memory, NOON + step * SECOND, amount=amount)
    assert seen_by(memory, NOON + 4 * SECOND, amount=7.0)["slope:amount:4"] == pytest.approx(2.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_missing(value: float) -> None:
    one, other = memory_of(), memory_of()
    for memory, amount in ((one, value), (other, math.nan)):
        seen_by(memory, NOON, amount=1.0)
        seen_by(memory, NOON, amount=amount)
    assert one.digest() == other.digest()


def test_minus_zero_is_zero() -> None:
    one, other = memory_of(), memory_of()
    for memory, amount in ((one, -0.0), (other, 0.0)):
        seen_by(memory, NOON, amount=amount, lat=amount, long=amount)
    assert one.digest() == other.digest()


hostile_numbers = st.floats() | st.sampled_from([1e308, -1e308, 5e-324, -0.0, 1e100, 2.0**63, 1e16])
hostile_times = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(NOON - DAY, NOON + DAY)
    | st.sampled_from([0, -1, 253_402_300_799_000, 4_102_444_800_000, 4_102_444_799_999])
)
hostile_events = st.lists(
    st.tuples(
        hostile_times,
        hostile_numbers,
        hostile_numbers,
        hostile_numbers,
        st.integers(0, 2**64 - 1),
        st.sampled_from([0, 1, 2, 2**64 - 1]),
    ),
    min_size=1,
    max_size=30,
)


@given(hostile_events, st.sampled_from(["small", "large"]))
def test_features_are_finite_whatever_comes(events: list[tuple[Any, ...]], cells: str) -> None:
    memory = memory_of(cells=cells)
    times, amount, lat, long, merchant, keys = zip(*events, strict=True)
    given_ = events_of(
        memory.plan, times, keys=np.array(keys, np.uint64), amount=amount, lat=lat, long=long,
        merchant=np.array(merchant, np.uint64),
    )  # fmt: skip
    local = np.roll(given_.times, 1)
    assert np.isfinite(memory.observe(given_._replace(local=local))).all()


def test_columns_that_do_not_fit_are_refused() -> None:
    memory = memory_of()
    events = events_of(memory.plan, [NOON, NOON])
    with pytest.raises(ValueError, match="instead of"):
        memory.observe(events._replace(numbers=events.numbers[:1]))
    with pytest.raises(ValueError, match="instead of"):
        memory.observe(events._replace(texts=events.texts[:, :0]))
    assert memory.applied == 0
