"""The labelled streams that alerts are measured on: small ones, made as the large ones are."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.stream import DAY, HOUR, Cause, Stream
from benchmarks.alerts.streams import DEVELOPMENT, EVALUATION
from benchmarks.alerts.streams.cache import cached
from benchmarks.alerts.streams.catalogue import make_stream
from benchmarks.alerts.streams.episodes import keep_some, number_episodes
from benchmarks.alerts.streams.families import SIMULATED
from benchmarks.alerts.streams.plans import LARGE, LARGE_FROM, SMALL, draw_plan
from benchmarks.alerts.streams.population import simulate
from benchmarks.alerts.streams.sparkov import make_sparkov
from benchmarks.alerts.truth import fields_of
from benchmarks.errors import BenchmarkError

SMALL_FAMILIES = {
    "cards": dataclasses.replace(SIMULATED["cards"], units=1, history=4, days=1),
    "machines": dataclasses.replace(SIMULATED["machines"], units=3, history=2),
}


@cache
def made(family: str) -> Stream:
    return make_stream(SMALL_FAMILIES[family], 100)


def members(of: Stream, cause: Cause) -> list[Mapping[str, str]]:
    return [fields_of(each.value) for each in of.arrivals if each.cause == cause.name]


@pytest.mark.parametrize("family", [*SMALL_FAMILIES])
def test_anomalies_come_in_the_order_of_time_and_within_the_days(family: str) -> None:
    of = made(family)
    times = [arrival.at for arrival in of.arrivals]
    assert times == sorted(times)
    assert of.begin < times[0]
    assert times[-1] < of.begin + of.days * DAY + HOUR


@pytest.mark.parametrize("family", [*SMALL_FAMILIES])
def test_each_anomaly_is_a_message_of_its_own_record(family: str) -> None:
    anomalies = [read_anomaly(arrival.value) for arrival in made(family).arrivals]
    assert len({anomaly.source for anomaly in anomalies}) == len(anomalies) > 20
    for anomaly in anomalies:
        assert msgspec.json.decode(anomaly.transaction)["entity"] == anomaly.entity


@pytest.mark.parametrize("family", [*SMALL_FAMILIES])
def test_no_record_says_what_its_cause_is(family: str) -> None:
    of = made(family)
    names = {name for arrival in of.arrivals for name in fields_of(arrival.value)}
    assert not names & {"cause", "kind", "episode", "unit", "later_cause", "later_oddity"}
    assert not any(cause.name.encode() in each.value for cause in of.causes for each in of.arrivals)


@pytest.mark.parametrize("family", [*SMALL_FAMILIES])
def test_there_are_causes_of_every_kind_that_is_always_planted_and_false_alarms(
    family: str,
) -> None:
    of = made(family)
    found = {cause.kind for cause in of.causes if cause.name in of.found}
    assert found >= {"campaign", "burst", "chronic"}
    assert of.found < {cause.name for cause in of.causes} | of.found | {""}
    assert None in {arrival.cause for arrival in of.arrivals}


@pytest.mark.parametrize("family", [*SMALL_FAMILIES])
def test_the_anomalies_of_a_campaign_share_what_it_says(family: str) -> None:
    of = made(family)
    campaigns = [cause for cause in of.causes if cause.kind == "campaign" and cause.attributes]
    shares = [
        all(fields.get(name) == value for name, value in campaign.attributes.items())
        for campaign in campaigns
        for fields in members(of, campaign)
    ]
    # Some anomalies of its entities come later, when the memory still has it.
    assert len(shares) > 10
    assert np.mean(shares) > 0.6


def test_the_same_seed_makes_the_same_stream() -> None:
    again = make_stream(SMALL_FAMILIES["cards"], 100)
    assert again == made("cards")


def test_a_stream_is_made_once(tmp_path: Path) -> None:
    made_now = []

    def make() -> Stream:
        made_now.append(1)
        return made("cards")

    first = cached("cards-100", make, tmp_path)
    second = cached("cards-100", make, tmp_path)
    assert first == second == made("cards")
    assert len(made_now) == 1


def test_seeds_for_development_are_none_of_the_evaluation() -> None:
    assert not {*DEVELOPMENT} & {*EVALUATION}


@pytest.mark.parametrize("family", [*SIMULATED])
def test_plans_have_a_large_campaign_and_stay_within_the_days(family: str) -> None:
    of = SIMULATED[family]
    for seed in DEVELOPMENT:
        plan = draw_plan(of, 0.0, np.random.default_rng(seed))
        sizes = [campaign.entities for campaign in plan.campaigns]
        assert sizes[0] >= LARGE_FROM
        assert all(SMALL <= size <= LARGE for size in sizes)
        spans = [(each.begin, each.duration) for each in plan.campaigns]
        spans += [(each.begin, each.duration) for each in plan.bursts]
        assert all(begin >= 0.0 for begin, _ in spans)
        assert all(begin < of.days * DAY for begin, _ in spans)


def test_two_campaigns_at_once_differ_in_what_their_plan_says() -> None:
    seen = set()
    for seed in range(200):
        plan = draw_plan(SIMULATED["machines"], 0.0, np.random.default_rng(seed))
        for second in plan.campaigns:
            if (first := second.twin) is not None:
                seen.add(second.twin_by)
                assert first.begin <= second.begin <= first.begin + first.duration
                same_feature = first.oddity.name == second.oddity.name
                assert same_feature == (second.twin_by == "other value")
                assert (first.sharing == second.sharing) == (second.twin_by != "other")
    assert seen == {"other", "other value", "other feature"}


def episodes() -> pl.DataFrame:
    """An entity that drifts (seen from hour 10 on), and one with two spikes far apart."""
    return pl.DataFrame(
        {
            "entity": ["a"] * 20 + ["b"] * 20,
            "time": [hour * HOUR for hour in range(20)] * 2,
            "unit": [0] * 40,
            "kind": [""] * 10 + ["sensor drift"] * 5 + [""] * 5 + ["spike"] + [""] * 18 + ["spike"],
        }
    ).sort("time", maintain_order=True)


def test_episodes_of_one_entity_far_apart_have_numbers_of_their_own() -> None:
    numbered = number_episodes(episodes()).filter(pl.col("episode") >= 0)
    assert numbered.n_unique(["kind", "episode"]) == numbered["episode"].n_unique() == 3


def test_an_episode_is_taken_out_with_the_part_that_nobody_could_have_seen() -> None:
    kept = keep_some(number_episodes(episodes()), 0, np.random.default_rng(0))
    times = kept.filter(pl.col("entity") == "a")["time"] / HOUR
    assert times.to_list() == [0, 1, 2, 3, 4, 5, 15, 16, 17, 18, 19]
    assert len(kept.filter(pl.col("entity") == "b")) == 18


def test_without_the_card_file_it_is_said_where_it_has_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BENCH_STREAMS", raising=False)
    with pytest.raises(BenchmarkError, match="BENCH_STREAMS"):
        make_sparkov(100)


@cache
def described(family: str) -> pl.DataFrame:
    of = dataclasses.replace(SIMULATED[family], units=8, history=1, days=1)
    rng = np.random.default_rng(100)
    return of.describe(rng, simulate(of, rng).stream)


@pytest.mark.parametrize(
    ("family", "narrow", "wide"),
    [
        ("cards", "terminal", "country"),
        ("cards", "terminal", "merchant"),
        ("machines", "gateway", "site"),
        ("machines", "model", "vendor"),
        ("patients", "ward", "hospital"),
        ("network", "destination", "service"),
    ],
)
def test_attributes_belong_together(family: str, narrow: str, wide: str) -> None:
    rows = described(family)
    pairs = rows.group_by(narrow).agg(pl.col(wide).n_unique().alias("different"))
    assert len(pairs) > 3
    assert pairs["different"].max() == 1


def test_payments_online_are_made_in_an_app_and_keyed_and_others_are_not() -> None:
    rows = described("cards")
    online = rows["channel"] == "online"
    assert 0.01 < float(online.mean()) < 0.2  # type: ignore[arg-type]
    assert rows["app_version"].is_not_null().equals(online)
    assert (rows["entry"] == "keyed").equals(online)


@pytest.mark.parametrize(
    ("family", "common"),
    [
        ("cards", "country"),
        ("machines", "firmware"),
        ("patients", "software"),
        ("network", "system"),
    ],
)
def test_some_attributes_nearly_always_have_the_same_value(family: str, common: str) -> None:
    counts = described(family)[common].value_counts(sort=True, normalize=True)
    assert 0.4 < counts["proportion"][0] < 0.95
