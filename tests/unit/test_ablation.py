"""The ablation of the memories, on streams of a few rows."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from benchmarks.ablation import accounts, memory_ablation, payments, public, telemetry
from benchmarks.ablation.catalogue import streams
from benchmarks.ablation.measure import Measured
from benchmarks.ablation.stream import Stream
from benchmarks.ablation.summary import CHOSEN, HELD_OUT, summaries
from benchmarks.ablation.variants import CANDIDATES, variants
from training.history import History
from training.memory import PRESETS

SIMULATIONS: dict[str, Callable[..., History]] = {
    "payments": payments.simulate,
    "heavy payments": partial(payments.simulate, heavy=True),
    "accounts": accounts.simulate,
    "telemetry": telemetry.simulate,
}


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_made_stream_is_in_time_order_and_the_same_for_the_same_seed(name: str) -> None:
    one, again, other = (SIMULATIONS[name](2_000, seed=seed) for seed in (1, 1, 2))
    assert one.times is not None
    assert (np.diff(one.times) >= 0.0).all()
    assert one.frame.equals(again.frame)
    assert not one.frame.equals(other.frame)


@pytest.mark.parametrize("stream", streams(None), ids=lambda stream: stream.name)
def test_a_stream_has_few_anomalies_among_the_rows_that_are_judged(stream: Stream) -> None:
    for part in stream.parts(1, 0.2):
        assert part.history.labels is not None
        assert 0.0 < part.history.labels[~part.learnt].mean() < 0.3
        assert 0.1 < part.learnt.mean() < 0.9


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_compared_with_one_feature_less_and_one_more(name: str) -> None:
    made = [*variants(name)]
    assert [variant.name for variant in made[:2]] == ["without memory", "preset"]
    assert len({variant.name for variant in made}) == len(made)
    features = {
        variant.name: variant.preset.keys[0]["features"] for variant in made if variant.preset
    }
    sizes = {len(of) - len(features["preset"]) for name, of in features.items() if name != "preset"}
    assert sizes <= {-1, 1}
    assert any(candidate not in features["preset"] for candidate in CANDIDATES[name])


def test_public_streams_are_learnt_from_before_their_anomalies(tmp_path: Path) -> None:
    folder = tmp_path / "skab" / "valve1"
    folder.mkdir(parents=True)
    rows = range(500)
    for run in (0, 1, 2):
        pl.DataFrame(
            {
                "datetime": [f"2020-03-0{run + 1} 10:{i // 60:02d}:{i % 60:02d}" for i in rows],
                "Pressure": [0.1 * i for i in rows],
                "anomaly": [float(i > 450) for i in rows],
                "changepoint": [0.0 for _ in rows],
            }
        ).write_csv(folder / f"{run}.csv", separator=";")
    [part] = public.skab(tmp_path, 0)
    assert part.history.frame.columns == ["Pressure"]
    assert part.learnt.sum() == 2 * public.SKAB_ROWS
    assert part.history.labels is not None
    assert not part.history.labels[part.learnt].any()


def measured(stream: str, seed: int, precision: float, *, held_out: bool = False) -> Measured:
    return Measured(stream, held_out, "requests", "preset", "default", seed, 0.9, precision)


def test_streams_that_are_held_out_have_a_mean_of_their_own() -> None:
    found = [measured("a", 1, 0.2), measured("b", 1, 0.4), measured("c", 1, 0.9, held_out=True)]
    means = {line.stream: line.average_precision for line in summaries(found)}
    assert means[CHOSEN] == pytest.approx(0.3)
    assert means[HELD_OUT] == pytest.approx(0.9)


def test_a_line_has_the_spread_over_seeds() -> None:
    line = summaries([measured("a", 1, 0.2), measured("a", 2, 0.3), measured("a", 3, 0.6)])[0]
    assert (line.average_precision, line.least, line.most) == (0.3, 0.2, 0.6)
    assert line.text == "0.900 / 0.300 ±0.200"


def test_the_command_prints_a_table_and_writes_each_figure(tmp_path: Path) -> None:
    options = "--streams accounts --detectors isolation_forest --seeds 1 --size 0.05 --out"
    run = CliRunner().invoke(memory_ablation, [*options.split(), str(tmp_path)])
    assert run.exit_code == 0, run.output
    assert "without memory" in run.output
    written = json.loads((tmp_path / "memory-ablation.json").read_text())
    assert {one["variant"] for one in written} == {
        variant.name for variant in variants("card-transactions")
    }
    assert all(0.0 <= one["average_precision"] <= 1.0 for one in written)


def test_the_presets_alone_can_be_compared(tmp_path: Path) -> None:
    options = "--streams cards --detectors robust_zscore --seeds 1 --size 0.05 --presets-only --out"
    run = CliRunner().invoke(memory_ablation, [*options.split(), str(tmp_path)])
    assert run.exit_code == 0, run.output
    written = json.loads((tmp_path / "memory-ablation.json").read_text())
    assert [one["variant"] for one in written] == ["without memory", "preset"]


@pytest.mark.parametrize("option", ["--streams", "--detectors"])
def test_an_unknown_name_is_told_which_there_are(option: str) -> None:
    run = CliRunner().invoke(memory_ablation, [option, "nonsense"])
    assert run.exit_code == 2
    assert "choose from" in run.output
