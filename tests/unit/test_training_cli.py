"""The command line of training: what it takes, what it shows, and how it fails."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anomaly_app.core.wording import NOTHING
from anomaly_app.errors import DataError
from anomaly_app.registry.artifacts import load_model
from anomaly_app.registry.versions import MANIFEST_FILE, MODEL_FILE
from tests.support.factories import NOON, history
from training.cli import COMMANDS, cli
from training.commands.options import read_params
from training.commands.threshold_options import read_costs

FAST = ("--detector", "robust_zscore")


def run(*arguments: object) -> tuple[int, str]:
    ended = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.exit_code, " ".join(ended.output.split())


Columns = Mapping[str, pl.Series | None]
"""Columns to put in place of what there is; None takes one away."""


def write(file: Path, columns: Columns | None = None, *, seed: int = 0) -> Path:
    made = history(600, seed, anomalies=12)
    frame = made.frame.with_columns(
        pl.Series("cust", made.entities),
        pl.Series("time", NOON + 900.0 * np.arange(600)),  # six days
        pl.Series("is_fraud", made.labels).cast(pl.Int8),
    )
    changes = (columns or {}).items()
    gone = [name for name, column in changes if column is None]
    given = [column.alias(name) for name, column in changes if column is not None]
    frame.with_columns(given).drop(gone).write_csv(file)
    return file


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "history.csv")


def fit(data: Path, *options: object) -> str:
    code, output = run("fit", data, "--out", data.parent / "models", *FAST, *options)
    assert code == 0, output
    return output


def model_of(data: Path) -> Path:
    return data.parent / "models" / "transactions"


def test_the_list_of_commands_is_shown_without_loading_any() -> None:
    script = (
        "import sys; from training.cli import cli; cli(['--help'], standalone_mode=False); "
        "sys.exit(bool({'numpy', 'polars', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for name, purpose in COMMANDS.items():
        assert f"  {name}" in ran.stdout.decode()
        assert purpose in ran.stdout.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_an_example_and_short_lines(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"], terminal_width=100).output
    assert f"python -m training {name} " in shown
    assert COMMANDS[name] in shown
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_a_fit_shows_features_warnings_threshold_measures_and_the_way_on(data: Path) -> None:
    write(data, {"steady": pl.Series(range(600)), "one": pl.Series([1] * 600)})
    output = fit(data, "--alert-rate", "0.02")
    for words in (
        "features of the model",
        "left out one it has only one value",
        "steady it only counts up",
        "2% of ordinary rows",
        "AUC",
        "ANOMALY_MODEL=",
    ):
        assert words in output


def test_a_detector_and_its_parameters_can_be_chosen(data: Path) -> None:
    fit(data, "--detector", "knn", "--param", "n_neighbors=3", "--trim", "0.1")
    assert load_model(model_of(data)).manifest.detector == "knn"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ([], "0.5% of ordinary rows"),
        (["--alert-rate", "0.02"], "2% of ordinary rows"),
        (["--alerts-per-day", "20"], "at most 20 alerts a day"),
        (["--alerts-per-day", "5", "--transactions-per-day", "1000"], "at 1,000 rows a day"),
        (["--f-beta", "1"], "best F1"),
        (["--cost", "100:1"], "lowest cost at 100 for a missed anomaly and 1 for a false alert"),
    ],
)
def test_the_threshold_follows_the_rule_that_was_given(
    data: Path, options: list[str], rule: str
) -> None:
    assert rule in fit(data, *options)
    assert rule in load_model(model_of(data)).manifest.threshold_rule


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--alert-rate", "0.1", "--cost", "5:1"], "give only one of --alert-rate"),
        (["--transactions-per-day", "9"], "needs --alerts-per-day"),
        (["--alert-rate", "2"], "--alert-rate"),
        (["--cost", "many"], "MISSED:FALSE_ALERT"),
        (["--cost", "0:1"], "above 0"),
        (["--detector", "oracle"], "isolation_forest"),
        (["--detector", "knn", "--param", "neighbors=3"], "n_neighbors"),
        (["--param", "trim"], "name=value"),
        (["--param", "random_state=1"], "use --seed"),
        (["--param", 'trim="much"'], "robust_zscore rejects its parameters"),
        (["--param", "trim=0.9"], "must be at least 0 and below 0.5"),
        (["--detector", "gradient_boosting", "--trim", "0.1"], "has no parameter 'trim'"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    data: Path, options: list[str], words: str
) -> None:
    code, output = run("fit", data, *FAST, *options)
    assert code in {1, 2}
    assert words in output
    assert "Traceback" not in output
    assert not (data.parent / "models").exists()


@pytest.mark.parametrize(
    ("option", "missing", "words"),
    [
        ("--f-beta=1", "is_fraud", "use --alert-rate"),
        ("--alerts-per-day=3", "time", "add --transactions-per-day"),
    ],
)
def test_a_rule_that_lacks_its_data_says_what_to_give(
    data: Path, option: str, missing: str, words: str
) -> None:
    write(data, {missing: None})
    code, output = run("fit", data, *FAST, option)
    assert code == 1
    assert words in output


def test_an_artifact_is_evaluated_and_a_report_written(data: Path) -> None:
    fit(data, "--alert-rate", "0.02")
    newer = write(data.parent / "newer.csv", seed=1)
    code, output = run("evaluate", model_of(data), newer)
    assert code == 0, output
    for words in ("rows │ 600", "AUC", "recall", "wrote evaluation-transactions-1.html"):
        assert words in output
    assert "newer.csv" in (data.parent / "evaluation-transactions-1.html").read_text()
    assert "was fitted on" not in output


def test_an_evaluation_on_the_training_data_says_so(data: Path) -> None:
    fit(data)
    assert "was fitted on 450 of these rows" in run("evaluate", model_of(data), data)[1]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"amount": None}, "there is no column 'amount'"),
        ({"time": None}, "set --roles time=COLUMN"),
        ({"amount": pl.Series(["much"] * 600)}, "has no numbers, unlike in training"),
        ({"amount": pl.Series([1e999] * 600)}, "infinite"),
    ],
)
def test_data_that_do_not_suit_the_model_are_refused(
    data: Path, columns: Columns, words: str
) -> None:
    fit(data)
    code, output = run("evaluate", model_of(data), write(data.parent / "other.csv", columns))
    assert code == 1
    assert words in output


def test_data_that_are_unlike_the_training_data_are_warned_of(data: Path) -> None:
    fit(data)
    other = write(
        data.parent / "other.csv",
        {
            "shop": pl.Series(["casino"] * 600),
            "amount": pl.Series([None, *[5_000.0] * 5] * 100),
        },
    )
    output = run("evaluate", model_of(data), other)[1]
    assert "shop: 100% of the rows have a string unknown in training" in output
    assert "amount: 83.3% of the rows are outside the training range" in output
    assert "amount: missing in 16.7% of the rows" in output
    assert "600 of 600 rows alert (100%); about 3 (0.5%) were expected Likely causes:" in output


def test_an_evaluation_says_loudly_that_nothing_alerts(data: Path) -> None:
    fit(data, "--alert-rate", "0.02")
    quiet = write(data.parent / "quiet.csv", {"amount": pl.Series([20.0] * 600)})
    code, output = run("evaluate", model_of(data), quiet)
    assert code == 0, output
    said = "none of 600 rows alerts; about 12 were expected"
    assert f"{said} No feature is outside its training range" in output
    assert f"precision │ {NOTHING} │ │" in output
    page = (data.parent / "evaluation-transactions-1.html").read_text()
    assert said in page
    assert "Alerts far from the requested share" in page
    assert "No feature is outside its training range" in page


def test_an_evaluation_whose_alerts_are_as_asked_is_not_loud(data: Path) -> None:
    fit(data, "--alert-rate", "0.02")
    output = run("evaluate", model_of(data), write(data.parent / "newer.csv", seed=1))[1]
    assert "requested alert rate" in output
    assert "were expected" not in output
    page = (data.parent / "evaluation-transactions-1.html").read_text()
    assert "Alerts far from the requested share" not in page


def test_data_are_evaluated_by_the_roles_of_the_model(data: Path) -> None:
    table = pl.read_csv(data).rename({"cust": "holder", "time": "moment", "is_fraud": "bad"})
    table.write_csv(data)
    fit(data, "--roles", "key=holder time=moment label=bad", "--alert-rate", "0.02")
    code, output = run("evaluate", model_of(data), data)
    assert code == 0, output
    assert "recall" in output
    table.rename({"amount": "Amount USD"}).write_csv(data.parent / "other.csv")
    code, output = run("evaluate", model_of(data), data.parent / "other.csv")
    assert code == 1
    assert "there is no column 'amount'" in output
    given = 'amount="Amount USD"'
    assert f"give --roles '{given}'" in output
    code, output = run("evaluate", model_of(data), data.parent / "other.csv", "--roles", given)
    assert code == 0, output


def test_a_detector_whose_alerts_are_far_off_is_marked_in_the_terminal(data: Path) -> None:
    drifted = np.where(np.arange(600) < 450, 20.0, 500.0) + np.random.default_rng(0).normal(
        size=600
    )
    write(data, {"amount": pl.Series(drifted)})
    code, output = run("compare", data, "--detectors", "robust_zscore,ecod")
    assert code == 0, output
    assert "100%!" in output
    assert "! alerts on far more or fewer rows than requested (0.5%)" in output
    assert "but its alerts are off: 150 of 150 rows alert (100%)" in output
    assert "amount: 100% of the rows are outside the training range" in output


def test_detectors_are_compared_best_first(data: Path) -> None:
    write(data, {"is_fraud": pl.Series(np.random.default_rng(0).integers(0, 2, 600))})
    code, output = run("compare", data, "--detectors", "pca,robust_zscore,ecod")
    assert code == 0, output
    assert "on 150 held-back rows of history.csv" in output
    precisions = re.findall(r"(?:pca|robust_zscore|ecod) (0\.\d+)=? ", output)
    assert len(precisions) == 3
    assert precisions == sorted(precisions, reverse=True)
    assert "wrote comparison-history.html" in output


def test_without_labels_the_learner_is_left_out_with_a_word(data: Path) -> None:
    write(data, {"is_fraud": None})
    code, output = run("compare", data, "--detectors", "gradient_boosting,robust_zscore")
    assert code == 0, output
    assert "left out gradient_boosting: gradient_boosting needs labels of both kinds" in output
    code, output = run("compare", data, "--detectors", "gradient_boosting")
    assert code == 1
    assert "Error: gradient_boosting needs labels of both kinds" in output


def test_a_detector_that_does_not_exist_is_named_with_those_that_do(data: Path) -> None:
    code, output = run("compare", data, "--detectors", "pca,oracle")
    assert code == 2
    assert "unknown detector oracle; choose from default," in output


def test_a_report_that_cannot_be_written_is_one_line(data: Path) -> None:
    fit(data)
    code, output = run("evaluate", model_of(data), data, "--report", data.parent / "no" / "r.html")
    assert code == 1
    assert "give another file with --report" in output


def labelled_sets(folder: Path) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("first", "second"):
        truth = np.arange(200) < 10
        matrix = rng.normal(size=(200, 3)) + 6.0 * truth[:, np.newaxis]
        np.savez(folder / f"{name}.npz", X=matrix, y=truth.astype(int))
    return folder


def test_the_benchmark_shows_averages_and_writes_every_measurement(data: Path) -> None:
    sets, file = labelled_sets(data.parent / "sets"), data.parent / "measured.json"
    detectors = ("--detectors", "pca,robust_zscore")
    code, output = run(
        "benchmark", "--data", sets, "--seeds", 2, *detectors, "--per-set", "--json", file
    )
    assert code == 0, output
    for title in ("first, protocol A", "second, protocol C", "2 sets, protocol A"):
        assert title in output
    measured = json.loads(file.read_text())
    assert len(measured) == 2 * 2 * 2 * 2
    assert set(measured[0]) == {
        *("detector", "dataset", "protocol", "seed", "auc", "ap", "us_per_row", "fit_seconds")
    }


def test_the_benchmark_reads_all_sets_before_it_starts(data: Path) -> None:
    sets = labelled_sets(data.parent / "sets")
    (sets / "third.npz").write_bytes(b"nothing")
    code, output = run("benchmark", "--data", sets, "--detectors", "pca", "--seeds", "1")
    assert code == 1
    assert "third.npz" in output


def test_the_benchmark_refuses_detectors_that_learn_from_labels(data: Path) -> None:
    code, output = run("benchmark", "--data", data.parent, "--detectors", "gradient_boosting")
    assert code == 2
    assert "needs labels" in output


def test_an_artifact_is_shown_without_unpickling_it(data: Path) -> None:
    fit(data)
    folder = model_of(data) / "1"
    code, output = run("inspect", folder)
    assert code == 0, output
    for words in (
        "robust_zscore",
        "0.5% of ordinary rows",
        "450 rows of history.csv",
        "matches its sha256",
    ):
        assert words in output
    (folder / MODEL_FILE).write_bytes(b"other code")
    code, output = run("inspect", model_of(data))
    assert code == 1
    assert "DIFFERS from its sha256: workers refuse it" in output


@pytest.mark.parametrize("gone", [MODEL_FILE, MANIFEST_FILE])
def test_half_an_artifact_is_one_line(data: Path, gone: str) -> None:
    fit(data)
    (model_of(data) / "1" / gone).unlink()
    code, output = run("inspect", model_of(data) / "1")
    assert code == 1
    assert gone in output


def test_names_from_data_are_no_commands_to_the_terminal(data: Path) -> None:
    write(data, {"[red]loud[/]": pl.Series(np.random.default_rng(0).normal(size=600))})
    assert "[red]loud[/]" in fit(data)


def test_parameters_are_json_or_else_texts() -> None:
    words = ["n_neighbors=3", "scaling=normal_scores", "max_rows=null"]
    read = read_params("knn", words)
    assert read == {"n_neighbors": 3, "scaling": "normal_scores", "max_rows": None}


def test_costs_are_two_numbers() -> None:
    assert read_costs("100:0.5") == (100.0, 0.5)
    for words in ("100", "1:2:3", "a:b", "-1:1", "inf:1", "nan:1"):
        with pytest.raises(DataError, match="MISSED:FALSE_ALERT"):
            read_costs(words)


def manifest_of(data: Path, version: int) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(
        (model_of(data) / str(version) / MANIFEST_FILE).read_text()
    )
    return manifest


def test_a_moved_threshold_is_a_new_version_of_the_same_fit(data: Path) -> None:
    fit(data)
    code, output = run("threshold", model_of(data), "--alerts-per-day", 20)
    assert code == 0, output
    assert "→ 20, at 97 rows a day" in output
    assert "the fit of version 1 with the new threshold" in output
    old, new = manifest_of(data, 1), manifest_of(data, 2)
    assert new["alert_rate"] == pytest.approx(20 / 96.66, rel=1e-3)
    assert new["threshold_rule"].startswith("at most 20 alerts a day")
    assert set(old["metrics"]) - set(new["metrics"]) == {"alert_rate", "precision", "recall"}
    moved = {"version", "alert_rate", "threshold_rule", "alerts_a_day", "created_at", "metrics"}
    assert {k: v for k, v in old.items() if k not in moved} == {
        k: v for k, v in new.items() if k not in moved
    }
    pickles = [(model_of(data) / str(v) / MODEL_FILE).read_bytes() for v in (1, 2)]
    assert pickles[0] == pickles[1]
    assert load_model(model_of(data)).manifest.version == "2"


def test_a_threshold_from_labels_needs_labelled_data(data: Path) -> None:
    fit(data)
    code, output = run("threshold", model_of(data), data, "--cost", "100:1")
    assert code == 0, output
    assert "lowest cost at 100 for a missed anomaly" in output
    assert "the model was fitted on" in output
    for options, line in (
        (["--f-beta", 1], "--f-beta and --cost need labelled DATA"),
        ([], "give --alert-rate, --alerts-per-day, --f-beta or --cost"),
        (["--alert-rate", 0.1, "--cost", "1:1"], "give only one of"),
        ([data, "--alert-rate", 0.1], "DATA is only used with --f-beta and --cost"),
        ([data, "--f-beta", 1, "--roles", "label=none"], "need labels of both kinds"),
    ):
        code, output = run("threshold", model_of(data), *options)
        assert code != 0
        assert line in output
    assert not (model_of(data) / "3").exists()


def test_a_model_of_no_times_cannot_count_alerts_a_day(data: Path) -> None:
    write(data, {"time": None})
    fit(data)
    code, output = run("threshold", model_of(data), "--alerts-per-day", 20)
    assert code == 1
    assert "add --transactions-per-day" in output
    code, output = run(
        "threshold", model_of(data), "--alerts-per-day", 20, "--transactions-per-day", 4000
    )
    assert code == 0, output
    assert "alert rate 0.005 → 0.005" in output


def test_a_threshold_is_not_moved_where_versions_have_no_place(data: Path, tmp_path: Path) -> None:
    fit(data)
    (model_of(data) / "1").rename(tmp_path / "alone")
    code, output = run("threshold", tmp_path / "alone", "--alert-rate", 0.01)
    assert code == 1
    assert "copy it to models/transactions/1 first" in output


@pytest.mark.parametrize("word", ["7", "0d", "-1d", "7 d", "7y", "1.5h", ""])
def test_a_time_that_is_none_is_told(data: Path, word: str) -> None:
    code, output = run("fit", "kafka://127.0.0.1:1/x", "--last", word)
    assert code == 2
    assert "is not a duration such as 90m, 12h, 7d or 2w" in output


def test_last_goes_with_a_topic_only(data: Path) -> None:
    code, output = run("fit", data, "--last", "7d")
    assert code == 2
    assert "--last needs a topic" in output


def test_a_topic_that_cannot_be_reached_is_one_line(data: Path) -> None:
    for words, line in (
        ("kafka://127.0.0.1:1/x", "Error: no broker answers at kafka://127.0.0.1:1"),
        ("kafka://127.0.0.1/x", "Error: ANOMALY_BROKER: it must be of the form"),
    ):
        code, output = run("fit", words)
        assert code == 1
        assert output.startswith(line)
