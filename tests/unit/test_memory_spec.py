"""A spec of what is remembered: read, checked, hashed."""

from typing import Any

import msgspec
import pytest

from anomaly_app.core.memory.durations import DAY, HOUR, MINUTE, SECOND, duration_of, duration_text
from anomaly_app.core.memory.features import FORMS, feature_of
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.spec import MemorySpec, read_spec
from anomaly_app.core.memory.wording import feature_in_words, remembered_in_words
from anomaly_app.errors import DataError
from tests.support.entity_memory import CARD, key_spec, plan_of

EXAMPLES = {
    "WINDOW": "1h",
    "LONGER": "7d",
    "HALF_LIFE": "30d",
    "SPAN": "2d",
    "NUMBER": "amount",
    "TEXT": "merchant",
    "LATITUDE,LONGITUDE": "lat,long",
    "STEPS": "8",
}


def example(form: str) -> str:
    return ":".join(EXAMPLES.get(part, part) for part in form.split(":"))


def spec_of(*features: str, **options: Any) -> MemorySpec:
    return read_spec({"keys": [{"features": features or ["count:1h"], **options}]})


@pytest.mark.parametrize("form", FORMS)
def test_a_feature_of_every_form_has_a_plan_and_words(form: str) -> None:
    name = example(form)
    assert plan_of(name).names == (name,)
    assert feature_in_words(name)
    assert "{" not in remembered_in_words(name, 2.0, 1.0)


def test_a_name_is_taken_apart() -> None:
    feature = feature_of("ratio:sum:amount:24h:30d")
    assert feature.name == "ratio:sum:amount:1d:30d"
    assert feature.kind == "ratio:sum"
    assert feature.numbers == ("amount",)
    assert feature.durations == feature.windows == (DAY, 30 * DAY)
    assert feature_of("shift:amount:1d:30d").windows == (DAY,)
    assert feature_of("zscore:amount:30d").windows == ()


def test_equal_specs_have_equal_hashes() -> None:
    one = spec_of("count:60m", "sum:amount:24h", hops={"60m": "600s"}, lateness="600s")
    other = spec_of("count:1h", "sum:amount:1d", hops={"1h": "10m"}, lateness="10m")
    assert one == other
    assert one.sha256_of(one.keys[0]) == other.sha256_of(other.keys[0])
    assert one.keys[0].sha256 == other.keys[0].sha256


@pytest.mark.parametrize(
    "options",
    [
        {"lateness": "1m"},
        {"capacity": 1024},
        {"units": {"amount": 1.0}},
        {"typical": {"amount": 1.0}},
        {"hops": {"1h": "5m"}},
        {"cells": "large"},
        {"field": "card"},
    ],
)
def test_what_is_remembered_otherwise_has_another_hash(options: dict[str, Any]) -> None:
    features = ("count:1h", "sum:amount:1h")
    assert key_spec(*features, **options).sha256 != key_spec(*features).sha256


def test_the_hours_of_another_time_zone_are_another_memory() -> None:
    keys = [{"features": ["hours:7d"]}]
    here = read_spec({"keys": keys, "timezone": "UTC"})
    there = read_spec({"keys": keys, "timezone": "Asia/Tokyo"})
    assert here.keys == there.keys
    assert here.sha256_of(here.keys[0]) != there.sha256_of(there.keys[0])


def test_the_order_of_features_is_that_of_their_columns() -> None:
    assert plan_of("since_last", "count:1h").names == ("since_last", "count:1h")
    one, other = key_spec("since_last", "count:1h"), key_spec("count:1h", "since_last")
    assert one.sha256 != other.sha256


def test_a_spec_is_the_same_after_it_was_written() -> None:
    spec = read_spec(
        {
            "keys": [
                {"features": list(CARD), "units": {"amount": 0.5}},
                {"name": "counterpart", "field": "merchant", "features": ["count:1h"]},
            ],
            "timezone": "Europe/Berlin",
        }
    )
    again = msgspec.json.decode(msgspec.json.encode(spec), type=MemorySpec)
    assert again == spec
    assert [again.sha256_of(k) for k in again.keys] == [spec.sha256_of(k) for k in spec.keys]


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        ("cont:1h", "there is no kind"),
        ("count", "write it as count:WINDOW"),
        ("count:1x", "is not a duration"),
        ("count:999ms", "not between 1s and 30d"),
        ("sum:amount:31d", "not between 1s and 30d"),
        ("sum::1h", "it names no number"),
        ("ratio:count:7d:1h", "the second duration has to be longer"),
        ("ratio:max:amount:1h:7d", "write it as ratio:count:WINDOW:LONGER"),
        ("speed:lat", "it names no latitude,longitude"),
        ("speed:lat,", "it names no latitude,longitude"),
        ("slope:amount:9", "2 to 8 values"),
        ("slope:amount:x", "2 to 8 values"),
        ("first:merchant:5m", "less than the lateness"),
    ],
)
def test_a_feature_that_makes_no_sense_is_named_in_one_line(feature: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        spec_of(feature)
    assert feature in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "Expected"),
        ({}, "keys"),
        ({"keys": []}, "keys are entity"),
        ({"keys": [{"features": []}]}, "needs 1 to"),
        ({"keys": [{"features": ["count:1h", "count:60m"]}]}, "there twice"),
        ({"keys": [{"features": ["count:1h"], "colour": 1}]}, "colour"),
        ({"keys": [{"features": ["count:1h"], "name": "counterpart"}]}, "keys are entity"),
        ({"keys": [{"features": ["count:1h"]}, {"features": ["count:1h"]}]}, "keys are entity"),
        (
            {
                "keys": [
                    {"features": ["count:1h"]},
                    {"features": ["count:1h"], "name": "counterpart"},
                ]
            },
            "needs a field",
        ),
        ({"keys": [{"features": ["count:1h"], "lateness": "soon"}]}, "lateness: 'soon'"),
        ({"keys": [{"features": ["count:1h"], "lateness": "2d"}]}, "lateness 2d is more than 1d"),
        ({"keys": [{"features": ["count:1h"], "capacity": 1000}]}, "write 1024"),
        ({"keys": [{"features": ["count:1h"], "capacity": 0}]}, "write 512"),
        ({"keys": [{"features": ["count:1h"], "units": {"amount": 1.0}}]}, "remove the line"),
        ({"keys": [{"features": ["sum:x:1h"], "units": {"x": 0.0}}]}, "above 0"),
        ({"keys": [{"features": ["sum:x:1h"], "units": {"x": float("nan")}}]}, "above 0"),
        (
            {"keys": [{"features": ["count:1h"], "hops": {"2h": "10m"}}]},
            "no feature has the window",
        ),
        ({"keys": [{"features": ["count:1h"], "hops": {"1h": "7m"}}]}, "has to divide it"),
        ({"keys": [{"features": ["count:1h"], "hops": {"1h": "0s"}}]}, "has to divide it"),
        ({"keys": [{"features": ["count:1h"], "hops": {"1h": "10s"}}]}, "has to divide it"),
        ({"keys": [{"features": ["count:61s"]}]}, "no round hop divides it"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_in_one_line(data: object, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_spec(data)
    assert "\n" not in str(caught.value)


def test_a_lateness_of_many_hops_is_refused() -> None:
    with pytest.raises(DataError, match=r"window 1m: the lateness of 1d .* shorten it"):
        Plan(key_spec("count:1m", lateness="1d"))


@pytest.mark.parametrize(
    ("window", "hop"),
    [
        ("1s", "200ms"),
        ("30s", "5s"),
        ("1m", "10s"),
        ("15m", "3m"),
        ("1h", "10m"),
        ("1d", "4h"),
        ("7d", "1d"),
        ("30d", "5d"),
    ],
)
def test_a_window_advances_by_about_a_sixth(window: str, hop: str) -> None:
    assert duration_text(key_spec(f"count:{window}").hop(duration_of(window, ""))) == hop


def test_a_named_hop_is_taken() -> None:
    assert key_spec("count:1h", hops={"1h": "2m"}).hop(HOUR) == 2 * MINUTE


def test_durations_are_written_in_the_largest_unit() -> None:
    assert [duration_text(n) for n in (90 * SECOND, 90 * MINUTE, 24 * HOUR)] == ["90s", "90m", "1d"]


def test_features_share_what_they_need() -> None:
    separate = plan_of("mean:amount:1h").record_bytes
    together = plan_of("mean:amount:1h", "sum:amount:1h", "difference:amount:1h").record_bytes
    assert separate == together


def test_thirty_features_of_a_card_take_about_four_hundred_bytes() -> None:
    many = {"max", "min", "std", "slope", "relative"}
    few = [name for name in CARD if name.split(":")[0] not in many and "log(" not in name]
    assert plan_of(*few).record_bytes <= 440


def test_a_logarithm_is_made_of_the_field() -> None:
    plan = plan_of("zscore:log(amount):30d", "zscore:amount:30d", "relative:amount:30d")
    assert plan.numbers == ("amount",)
    assert plan.values == ("log(amount)", "amount")
    assert feature_of("zscore:log(amount):30d").numbers == ("amount",)
