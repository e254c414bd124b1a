"""What is remembered of one entity, as data and in words."""

from typing import Any

import msgspec
import numpy as np
import pytest

from anomaly_app.core.memory.durations import DAY, HOUR, MINUTE, SECOND
from anomaly_app.core.memory.profile import profile_of
from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.core.memory.wording import (
    duration_in_words,
    feature_in_words,
    is_remembered,
    remembered_in_words,
)
from tests.support.entity_memory import CARD, NOON, events_of, memory_of, random_stream


def a_card(*features: str) -> Profile:
    """Give the profile of a card that paid three times, at noon of three days."""
    memory = memory_of(*features)
    times = [NOON, NOON + DAY, NOON + 2 * DAY]
    columns: dict[str, Any] = {
        "amount": [5.0, 7.5, 9.0],
        "lat": [50.0, 51.0, np.nan],
        "long": [8.0] * 3,
    }
    memory.observe(events_of(memory.plan, times, **columns, merchant=[2**40, 2**50, 2**40]))
    found = profile_of(memory, 1, NOON + 2 * DAY + HOUR)
    assert found is not None
    return found


def test_a_stranger_has_no_profile() -> None:
    memory = memory_of()
    assert profile_of(memory, 5) is None
    assert profile_of(memory, 0) is None


def test_a_profile_tells_when_an_entity_was_active() -> None:
    profile = a_card("count:1h")
    assert (profile.since, profile.latest) == (NOON / SECOND, (NOON + 2 * DAY) / SECOND)


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 12.5), ("Asia/Kolkata", 18.0)])
def test_a_profile_has_its_own_time_and_hour(zone: str, hour: float) -> None:
    memory = memory_of("count:1h")
    memory.observe(events_of(memory.plan, [NOON], amount=[5.0]))
    profile = profile_of(memory, 1, NOON + 30 * MINUTE, zone)
    assert profile is not None
    assert (profile.time, profile.hour) == ((NOON + 30 * MINUTE) / SECOND, hour)


def test_a_profile_has_the_windows_as_of_its_time() -> None:
    features = a_card("count:1h", "sum:amount:7d", "since_last", "distance:lat,long").features
    assert features == {"count:1h": 1.0, "sum:amount:7d": 21.5, "since_last": 3600.0}


def test_a_profile_shows_windows_bucket_by_bucket() -> None:
    days, amounts, highest = a_card("count:7d", "sum:amount:7d", "max:amount:7d").windows
    assert (days.measure, days.field, days.window, days.hop) == ("count", None, "7d", "1d")
    assert days.values == [0, 0, 0, 0, 0, 1, 1, 1]
    assert days.known == 3
    assert amounts.values == [0, 0, 0, 0, 0, 5.0, 7.5, 9.0]
    assert highest.values == [None] * 5 + [5.0, 7.5, 9.0]


def test_a_profile_has_the_usual_hours() -> None:
    (hours,) = a_card("hours:30d").usual_hours
    assert hours.hour == pytest.approx(12.0)
    assert hours.concentration == pytest.approx(1.0)
    assert 2.8 < hours.events < 3.0


def test_a_profile_has_the_last_position_that_was_told() -> None:
    assert a_card("speed:lat,long").position == (51.0, 8.0)
    assert a_card("count:1h").position is None


def test_a_profile_has_the_last_values_with_their_times() -> None:
    last = a_card("slope:amount:3").last_values["amount"]
    assert [value.value for value in last] == [9.0, 7.5]
    assert last[0].time == (NOON + 2 * DAY) / SECOND


def test_a_profile_changes_nothing_and_can_be_sent() -> None:
    memory = memory_of()
    events = random_stream(memory.plan, np.random.default_rng(0), 300)
    memory.observe(events)
    before = memory.digest()
    for key in np.unique(events.keys).tolist():
        profile = profile_of(memory, key)
        assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile
    assert memory.digest() == before


@pytest.mark.parametrize(
    ("name", "value", "expected", "words"),
    [
        ("count:1h", 12, 1, "12 events in the last hour, usually 1"),
        ("count:7d", 1, 30.4, "1 event in the last 7 days, usually 30"),
        ("sum:amount:1d", 950, 120.5, "amount adds up to 950 in the last day, usually 120.5"),
        ("std:value:30m", 4.25, 1, "value varies by 4.25 in the last 30 minutes, usually 1"),
        (
            "distinct:merchant:1d",
            5.2,
            1,
            "5 different values of merchant in the last day, usually 1",
        ),
        (
            "zscore:amount:30d",
            4.21,
            0.1,
            "amount is +4.2 standard deviations from its own mean, usually +0.1",
        ),
        (
            "ratio:count:1h:7d",
            6.31,
            1,
            "6.3 times as many events in the last hour as usual in the last 7 days, usually 1",
        ),
        ("relative:amount:30d", 12.34, 1, "amount is 12 times its own mean, usually 1"),
        ("mean:log(amount):1d", 3, 1, "mean log(amount) in the last day is 3, usually 1"),
        ("since_last", 5, 7_200, "5 seconds since the last event, usually 2 hours"),
        ("first:merchant", 1, 0, "merchant is new"),
        ("first:merchant", 0, 0, "merchant is known"),
        ("speed:lat,long", 9_200, 4, "9,200 km/h since the last position, usually 4 km/h"),
        (
            "slope:value:8",
            0.5,
            -0.01,
            "value changes by +0.5 a step over the last 8 values, usually -0.01",
        ),
        ("difference:value", 5.2, 0, "value differs by +5.2 from the last one, usually 0"),
        (
            "difference:value:30m",
            -5.2,
            0,
            "value differs by -5.2 from its mean in the last 30 minutes, usually 0",
        ),
    ],
)
def test_a_feature_is_said_in_words(name: str, value: float, expected: float, words: str) -> None:
    assert remembered_in_words(name, value, expected) == words


def test_without_an_expected_value_nothing_is_said_of_it() -> None:
    assert remembered_in_words("count:1h", 12) == "12 events in the last hour"


def test_a_long_name_of_a_field_is_shortened() -> None:
    words = remembered_in_words("max:amount:1h", 12, 1, shorten=lambda text: text[:3])
    assert words.startswith("highest amo in the")


def test_the_memorys_features_are_known_by_their_names() -> None:
    assert all(map(is_remembered, CARD))
    assert not any(map(is_remembered, ["amount", "count", "hours", "hour_of_day", "first name"]))
    assert feature_in_words("mean:amount:1d") == "mean amount in the last day"


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0 seconds"), (MINUTE, "1 minute"), (90 * MINUTE, "1.5 hours"), (30 * DAY, "30 days")],
)
def test_durations_are_said_in_their_largest_unit(milliseconds: int, words: str) -> None:
    assert duration_in_words(milliseconds) == words
