"""The simulated streams: their rows, their anomalies, and what is ordinary in them."""

from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anomaly_app.core.roles.roles import Roles
from demo.simulators import SIMULATORS, AnomalyClass, Kind, Simulation
from demo.simulators.cards import simulate as simulate_cards
from demo.simulators.episodes import Calendar, Episode
from demo.simulators.readings import Readings, part
from demo.simulators.simulation import DAY, HOUR
from demo.write_history import main as write_history
from training.history.reading import read_history

TRAFFIC = 12_000
"""Rows that the demo sends by default."""

every_simulator = pytest.mark.parametrize("name", SIMULATORS)


@cache
def simulated(name: str) -> Simulation:
    """Of the default size and seed."""
    simulator = SIMULATORS[name]
    return simulator.simulate(simulator.history + TRAFFIC, seed=7)


@cache
def ordinary(name: str) -> pl.DataFrame:
    """The ordinary rows, with entity and hour."""
    history, kinds = simulated(name)
    assert history.entities is not None
    assert history.times is not None
    return history.frame.with_columns(
        history.entities.alias("entity"),
        pl.Series("time", history.times),
        pl.Series("hour", history.times % DAY / HOUR),
    ).filter(pl.Series(kinds) == "")


@every_simulator
def test_the_same_seed_gives_the_same_rows(name: str) -> None:
    simulate = SIMULATORS[name].simulate
    first, second, other = (simulate(2_000, seed=seed) for seed in (1, 1, 2))
    assert first.history.frame.equals(second.history.frame)
    assert first.kinds == second.kinds
    assert np.array_equal(np.asarray(first.history.times), np.asarray(second.history.times))
    assert not first.history.frame.equals(other.history.frame)


@every_simulator
def test_each_kind_is_in_the_history_and_in_the_traffic(name: str) -> None:
    kinds = simulated(name).kinds
    known = SIMULATORS[name].kinds
    assert set(kinds[:-TRAFFIC]) == set(kinds[-TRAFFIC:]) == {"", *known}
    assert {kind.anomaly_class for kind in known.values()} == set(get_args(AnomalyClass))


@every_simulator
def test_rows_are_labelled_by_their_kinds_and_few_are_anomalies(name: str) -> None:
    history, kinds = simulated(name)
    assert history.labels is not None
    assert history.labels.tolist() == [kind != "" for kind in kinds]
    assert 0.01 < history.labels.mean() < 0.025


@every_simulator
def test_times_increase_and_a_few_days_are_covered(name: str) -> None:
    history, _ = simulated(name)
    times = history.times
    assert times is not None
    assert (np.diff(times) >= 0).all()
    assert 3.5 * DAY < np.ptp(times) < 30 * DAY


@every_simulator
@pytest.mark.parametrize("count", [100, 1_999])
def test_a_stream_may_be_short(name: str, count: int) -> None:
    history, kinds = SIMULATORS[name].simulate(count, seed=3)
    assert len(history) == len(kinds) >= count
    assert "" in kinds


@every_simulator
def test_a_stream_may_be_long(name: str) -> None:
    history, _ = SIMULATORS[name].simulate(200_000, seed=3)
    assert 200_000 <= len(history) < 215_000


@every_simulator
def test_numbers_are_finite_and_nothing_is_missing(name: str) -> None:
    frame = simulated(name).history.frame
    numbers = frame.select(pl.selectors.numeric())
    assert np.isfinite(numbers.to_numpy()).all()
    assert sum(frame.null_count().row(0)) == 0


@every_simulator
def test_history_as_a_file_is_read_without_being_told_the_roles(name: str, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    options = [str(file), "--scenario", name, "--rows", "3000"]
    written = CliRunner().invoke(write_history, options)
    assert written.exit_code == 0, written.output
    history = read_history(file, Roles())
    assert (history.roles.key, history.roles.time, history.roles.id) == ("entity", "time", "id")
    kinds = SIMULATORS[name].simulate(3_000, seed=7).kinds
    assert history.labels is not None
    assert history.labels.tolist() == [kind != "" for kind in kinds]


def test_shoppers_pay_often_on_a_saturday_and_travellers_far_away() -> None:
    rows = ordinary("cards").with_columns((pl.col("time") // DAY).alias("day"))
    busy = rows.group_by("entity", "day").len().filter(pl.col("len") >= 10)
    # The epoch was a Thursday.
    assert np.mean(busy["day"].to_numpy() % 7 == 2) > 0.3, "many of them are Saturdays"
    far = rows.filter(pl.col("distance_km") > 200.0)
    assert 0.001 < len(far) / len(rows) < 0.01
    assert rows["amount"].median() == pytest.approx(28.0, rel=0.3)


def test_a_customer_has_favourite_merchants_and_a_merchant_many_customers() -> None:
    rows = ordinary("cards").filter(pl.col("distance_km") < 100.0)
    visits = rows.group_by("entity", "category", "merchant").len("visits")
    most = visits.group_by("entity", "category").agg(
        pl.col("visits").max(), pl.col("visits").sum().alias("all")
    )
    often = most.filter(pl.col("all") >= 20)
    assert 0.5 < often.select((pl.col("visits") / pl.col("all")).mean()).item() < 0.8
    customers = rows.group_by("merchant").agg(pl.col("entity").n_unique())["entity"]
    assert np.median(customers.to_numpy()) > 20


def test_cards_are_tested_at_one_merchant_within_minutes() -> None:
    history, kinds = simulate_cards(20_000, seed=7)
    assert history.times is not None
    rows = history.frame.with_columns(
        pl.Series("time", history.times), pl.Series("entity", history.entities)
    ).filter(pl.Series(kinds) == "card testing")
    episodes = rows.group_by("merchant", (pl.col("time") // DAY).alias("day")).agg(
        pl.col("entity").n_unique(), pl.len(), pl.col("time").max() - pl.col("time").min()
    )
    assert (episodes["entity"] == episodes["len"]).all()
    assert (episodes["len"] >= 15).all()
    assert episodes["time"].to_numpy().max() <= 1_200.0


def test_machines_stop_by_night_and_are_warm_and_hungry_under_load() -> None:
    rows = ordinary("machines")
    stopped, idle, running = (
        rows.filter(pl.col("state") == state) for state in ("stopped", "idle", "running")
    )
    assert stopped["speed"].max() == 0.0
    assert 0.2 < len(stopped) / len(rows) < 0.6
    for sensor in ("current", "temperature", "vibration"):
        means = [state[sensor].to_numpy().mean() for state in (stopped, idle, running)]
        assert means == sorted(means)
    by_night = rows.filter(pl.col("hour") < 5.0)
    share = (
        by_night.group_by("entity").agg((pl.col("state") == "stopped").mean())["state"].to_numpy()
    )
    assert share.min() < 0.2, "some never rest"
    assert share.max() > 0.9


def test_a_machine_that_idles_may_take_more_than_another_under_load() -> None:
    means = ordinary("machines").group_by("entity", "state").agg(pl.col("current").median())
    idle = means.filter(pl.col("state") == "idle")["current"].to_numpy()
    running = means.filter(pl.col("state") == "running")["current"].to_numpy()
    assert idle.max() > running.min()


def test_patients_who_walk_have_a_faster_pulse_and_those_who_sleep_a_slower_one() -> None:
    rows = ordinary("patients")
    walking = pl.col("steps") > 0
    assert 0.02 < rows.select(walking.mean()).item() < 0.15
    night = pl.col("hour").is_between(1.0, 5.0)
    by_patient = rows.group_by("entity").agg(
        pl.col("heart_rate").filter(walking).mean().alias("walking"),
        pl.col("heart_rate").filter(~walking & ~night).mean().alias("awake"),
        pl.col("heart_rate").filter(night).mean().alias("asleep"),
    )
    assert (by_patient["walking"] > by_patient["awake"] + 10.0).all()
    assert (by_patient["asleep"] < by_patient["awake"]).all()
    assert np.ptp(by_patient["awake"].to_numpy()) > 15.0, "each has a pulse of their own"
    assert rows["spo2"].to_numpy().max() <= 100
    assert (rows["systolic"] > rows["diastolic"]).all()


def test_people_work_in_their_hours_and_services_by_night() -> None:
    rows = ordinary("network")
    night = rows.filter(pl.col("hour").is_between(2.0, 5.0))
    people = pl.col("entity").str.starts_with("user-")
    assert len(night.filter(people)) / len(night) < 0.5
    backup = rows.filter(pl.col("entity") == "backup-1")
    assert backup["hour"].is_between(1.0, 4.0).all()
    own = rows.filter(people & pl.col("endpoint").str.count_matches("/").eq(2))
    different = own.group_by("entity").agg(pl.col("endpoint").n_unique())["endpoint"]
    assert different.to_numpy().max() <= 14, "of 55"


def test_forgotten_passwords_are_ordinary_and_brute_force_is_many_of_them() -> None:
    history, kinds = simulated("network")
    wrong = history.frame["status_code"] == 401
    kind = pl.Series(kinds)
    assert (wrong & (kind == "")).sum() > 300
    assert wrong.filter(kind == "brute force").all()


def test_no_two_episodes_meet_at_one_entity() -> None:
    placed: dict[int, list[Episode]] = defaultdict(list)
    calendar = Calendar(np.random.default_rng(1), entities=3, ticks=np.arange(1_000))
    for _ in range(3):
        for episode in calendar.place(Kind("collective", 100.0, (10, 20))):
            placed[episode.entity].append(episode)
    assert sum(map(len, placed.values())) > 20
    for episodes in placed.values():
        ordered = sorted(episodes, key=lambda episode: episode.begin)
        pairs = pairwise(ordered)
        assert all(one.end < other.begin for one, other in pairs)


def test_episodes_are_spread_over_the_rows_and_only_where_they_fit() -> None:
    ticks = np.concatenate([np.arange(100), np.arange(100, 10_000, 100)])
    calendar = Calendar(np.random.default_rng(1), entities=4, ticks=ticks)
    kind = Kind("point", 500.0)
    begins = [e.begin for e in calendar.place(kind, lambda episode: episode.entity == 2)]
    assert len(begins) == kind.episodes(len(ticks)) == 10
    assert np.median(begins) < 1_000, "half of the rows are before"
    assert list(calendar.place(kind, lambda _: False)) == []


def readings(entities: int = 4, count: int = 40_000) -> Readings:
    return Readings(np.random.default_rng(2), entities=entities, count=count, interval=60.0)


def test_readings_are_steady_and_those_of_an_episode_are_marked() -> None:
    made = readings(entities=3, count=10)
    assert made.shape == (3, 4)
    assert np.abs(np.diff(made.seconds, axis=1) - 60.0).max() < 3.0
    made.mark(Episode(1, 0, 4), "wear", skip=0.5)
    assert Counter(made.kinds.ravel()) == {"": 10, "wear": 2}
    assert part(made.kinds, Episode(1, 2, 4)).tolist() == ["wear", "wear"]
    assert len(made.frame("machine", {"load": made.seconds})) == 12


def test_what_wanders_comes_back_with_the_time_given() -> None:
    slow = readings().wander(30.0, 2.0)
    assert slow.std() == pytest.approx(2.0, rel=0.1)
    later = np.corrcoef(slow[:, :-30].ravel(), slow[:, 30:].ravel())[0, 1]
    assert later == pytest.approx(np.exp(-1.0), abs=0.1)


def test_what_follows_has_a_time_constant() -> None:
    target = np.repeat([[0.0, 1.0]], 100, axis=1)
    followed = readings().follow(target, 50.0)
    assert followed[0, 0] == followed[0, 99] == 0.0
    assert followed[0, 149] == pytest.approx(1.0 - np.exp(-1.0), abs=0.02)


def test_what_happens_now_and_then_takes_its_share_of_the_day() -> None:
    made = readings()
    twelve_hours = made.now_and_then(12.0, (30.0, 90.0))
    assert twelve_hours.mean() == pytest.approx(1.0 - np.exp(-0.5), rel=0.15)
    assert not made.now_and_then(0.0, (30.0, 90.0)).any()


def test_levels_change_as_often_as_asked() -> None:
    levels = readings().steps_of(20.0)
    assert np.mean(np.diff(levels, axis=1) != 0.0) == pytest.approx(1.0 / 20.0, rel=0.1)
