"""The benchmark's own arithmetic: records, progress, quantiles and goals."""

import json

import numpy as np
import pytest

from benchmarks.goals import GOALS, judge
from benchmarks.model import last_false, make_model
from benchmarks.progress import Progress
from benchmarks.quantiles import quantile
from benchmarks.records import BLOCK, FEATURES, blocks, marks, values
from benchmarks.results import CPU, EVENTS, Results, latency_figure


def written(count: int, **options: object) -> list[bytes]:
    return [value for block in blocks(count, **options) for value in values(block)]  # type: ignore[arg-type]


def test_records_are_the_same_in_every_run_and_however_many_are_made() -> None:
    assert written(BLOCK + 50)[: BLOCK + 7] == written(BLOCK + 7)
    assert written(50) != written(50, seed=1)


def test_a_record_reads_as_it_was_made() -> None:
    block = next(blocks(500))
    for value, number, row in zip(values(block), block.ids, block.matrix, strict=True):
        record = json.loads(value)
        assert record["id"] == number
        assert [record["features"][name] for name in FEATURES] == row.tolist()


def test_marked_records_are_anomalies_and_change_no_other() -> None:
    plain, marked = next(blocks(1_000)), next(blocks(1_000, marked={3, 999}))
    assert set(np.flatnonzero(marked.injected)) == {3, 999, *np.flatnonzero(plain.injected)}
    changed = (plain.matrix != marked.matrix).any(axis=1)
    assert set(np.flatnonzero(changed)) == {3, 999}


def test_every_partitions_last_record_is_marked() -> None:
    assert marks(1_002, 4, warm_up=200) == {196, 197, 198, 199, 998, 999, 1_000, 1_001}


def test_the_peers_forest_finds_what_the_app_finds(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from anomaly_app.registry.artifacts import load_model  # noqa: PLC0415

    made = make_model(tmp_path_factory.mktemp("models"))
    matrix = next(blocks(5_000)).matrix
    app = load_model(made.folder)
    found = app.log_p_values(matrix) <= app.log_alert_rate
    assert 10 < found.sum() < 60
    assert ((made.forest.predict(matrix) == -1) == found).all()


def test_a_threshold_is_found_to_the_last_digit() -> None:
    third = last_false(lambda raw: raw > 1 / 3)
    assert third == 1 / 3
    assert np.nextafter(third, 1.0) > 1 / 3


def test_progress_is_the_furthest_anomaly_of_each_partition() -> None:
    progress = Progress(4)
    for number in (8, 9, 0, 1):
        progress.note(number)
    assert progress.records == 6
    for number in (96, 97, 98, 99):
        progress.note(number)
    assert progress.records == 100


def test_what_has_not_arrived_counts_with_the_time_it_has_waited() -> None:
    arrived = [0.01 * place for place in range(1, 99)]
    median = quantile(arrived, [5.0, 5.0], 0.5)
    assert not median.at_least
    assert median.milliseconds == pytest.approx(500.0)
    assert quantile(arrived, [5.0, 5.0], 0.99) == (5_000.0, True)
    assert quantile(arrived, [0.3], 0.5).at_least


def results(**figures: list[float]) -> Results:
    made = Results()
    names = {
        "app_cpu": ("app", CPU),
        "floor_cpu": ("floor", CPU),
        "app_rate": ("app", EVENTS),
        "tutorial_rate": ("tutorial", EVENTS),
    }
    for name, measured in figures.items():
        for value in measured:
            made.add(*names[name], value)
    return made


def test_a_figure_is_summed_up_by_its_median_and_its_ends() -> None:
    summary = results(app_cpu=[9.0, 30.0, 10.0]).summary("app", CPU)
    assert summary.to_json() == {
        "system": "app",
        "figure": CPU,
        "median": 10.0,
        "min": 9.0,
        "max": 30.0,
    }


def test_a_goal_compares_medians_and_shows_the_spread_within_rounds() -> None:
    (judged,) = judge(results(app_cpu=[10.0, 24.0, 12.0], floor_cpu=[10.0, 20.0, 8.0]))
    assert (judged.measured, judged.least, judged.most) == (1.2, 1.0, 1.5)
    assert judged.met
    (judged,) = judge(results(app_cpu=[13.0], floor_cpu=[10.0]))
    assert not judged.met


def test_more_events_are_a_goal_too() -> None:
    (judged,) = judge(results(app_rate=[299.0], tutorial_rate=[1.0]))
    assert not judged.met
    (judged,) = judge(results(app_rate=[301.0], tutorial_rate=[1.0]))
    assert judged.met


def test_a_lower_bound_meets_no_goal() -> None:
    made = Results()
    made.add("floor", latency_figure(0.99, 1_000), 20.0)
    made.add("app, 1 ms", latency_figure(0.99, 1_000), 21.0, at_least=True)
    (judged,) = judge(made)
    assert not judged.met


def test_every_goal_is_about_something_else() -> None:
    assert len({goal.what for goal in GOALS}) == len(GOALS)
