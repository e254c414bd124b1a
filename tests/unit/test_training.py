"""Training: files in, artifact out, and one clear line where that cannot be."""

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from anomaly_app.registry.artifacts import load_model
from tests.support.factories import history, record
from training.cli import cli
from training.encoding import encode_history
from training.fit import FitOptions, fit_model
from training.history import read_history
from training.schema import infer_schema
from training.threshold import ThresholdOptions

CSV = "id,cust,when,amt,shop,is_fraud\n1,a,2026-01-02T00:00:00Z,2.5,food,0\n2,b,2026-01-01,9.5,,1\n"


def write(path: Path, text: str = CSV) -> Path:
    path.write_text(text)
    return path


def listed(column: pl.Series | None) -> list[Any] | None:
    return None if column is None else column.to_list()


def table(rows: int = 400) -> pl.DataFrame:
    made = history(rows)
    return made.frame.with_columns(
        pl.Series("cust", made.entities),
        pl.Series("time", made.times),
        pl.Series("is_fraud", made.labels).cast(pl.Int8),
    )


def test_parts_of_the_columns_are_inferred_from_their_names() -> None:
    roles = Roles().infer(["unix_time", "Cust", "amt", "is_fraud", "id"])
    assert (roles.key, roles.label, roles.time, roles.id) == ("Cust", "is_fraud", "unix_time", "id")
    assert roles.feature_columns(["unix_time", "Cust", "amt", "is_fraud", "id"]) == ["amt"]


def test_parts_can_be_said_in_a_few_words() -> None:
    roles = Roles.parse("key=who label=bad features=a,b categories=b")
    assert roles == Roles(key="who", label="bad", features=("a", "b"), categories=("b",))


@pytest.mark.parametrize("words", ["key", "=red", "key="])
def test_words_that_say_nothing_are_named(words: str) -> None:
    with pytest.raises(DataError, match="part=column"):
        Roles.parse(words)


def test_a_csv_is_read_in_time_order(tmp_path: Path) -> None:
    read = read_history(write(tmp_path / "a.csv"), Roles(time="when"))
    assert listed(read.ids) == [2, 1]
    assert listed(read.entities) == ["b", "a"]
    assert read.labels is not None
    assert read.labels.tolist() == [True, False]
    assert read.frame.columns == ["amt", "shop"]
    assert read.frame["shop"].to_list() == [None, "food"]


def test_gzip_parquet_and_npz_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    pl.read_csv(CSV.encode()).write_parquet(tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", X=np.ones((3, 2)), y=np.array([0, 1, 0]))
    assert len(read_history(tmp_path / "a.csv.gz")) == 2
    assert read_history(tmp_path / "a.parquet").frame.equals(
        read_history(tmp_path / "a.csv.gz").frame
    )
    from_npz = read_history(tmp_path / "a.npz")
    assert from_npz.frame.columns == ["f0", "f1"]
    assert from_npz.labels is not None
    assert from_npz.labels.sum() == 1


def test_a_folder_of_series_is_one_table_with_the_names_as_keys(tmp_path: Path) -> None:
    for name, start in (("pump", 1), ("valve", 2)):
        write(
            tmp_path / f"{name}.csv",
            f"timestamp,value\n2026-01-0{start} 00:00:00,1.0\n2026-01-03,2.0\n",
        )
    windows = {"x/pump.csv": [["2026-01-02 00:00:00.000000", "2026-01-04 00:00:00.000000"]]}
    labels = tmp_path / "windows.json"
    labels.write_text(json.dumps(windows))
    read = read_history(tmp_path, Roles(label=str(labels)))
    assert listed(read.entities) == ["pump", "valve", "pump", "valve"]
    assert read.labels is not None
    assert read.labels.tolist() == [False, False, True, False]
    assert read.frame.columns == ["value"]


def test_series_of_their_own_are_cut_each_for_itself() -> None:
    made = history(10, anomalies=1)
    made = dataclasses.replace(made, entities=pl.Series(["a"] * 4 + ["b"] * 6))
    first, rest = made.split(0.5, each_entity=True)
    assert (listed(first.ids), listed(rest.ids)) == ([0, 1, 4, 5, 6], [2, 3, 7, 8, 9])
    first, rest = made.split(0.5)
    assert (listed(first.ids), listed(rest.ids)) == ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "file not found"),
        ("a.parquet", b"not parquet", "cannot read"),
        ("a.npz", b"not npz", "cannot read .* as npz"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"a,b\n", "no rows"),
        ("a.csv", b"time,cust\n5,1\n", "has no features"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_history(tmp_path / name)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'nobody': the columns are id, cust"):
        read_history(write(tmp_path / "a.csv"), Roles(key="nobody"))


def test_useless_columns_are_left_out_with_the_reason() -> None:
    made = history(300)
    wide = made.frame.with_columns(
        pl.lit(1.0).alias("constant"),
        pl.Series("token", [f"t{i}" for i in range(300)]),
        pl.Series("flag", [i % 2 == 0 for i in range(300)]),
    )
    inferred = infer_schema(type(made)(source="wide", frame=wide))
    assert [f.name for f in inferred.schema.features] == ["amount", "shop", "flag"]
    assert set(inferred.left_out) == {"constant", "token"}
    assert "identifier" in inferred.left_out["token"]


def test_training_encodes_as_the_worker_decodes() -> None:
    made = history(200)
    schema = infer_schema(made).schema
    assert made.times is not None
    records = [
        record(json.dumps({"time": time, "features": row}).encode())
        for time, row in zip(made.times.tolist(), made.frame.iter_rows(named=True), strict=True)
    ]
    decoded = Decoder(schema, max_bytes=10_000).decode(records)
    np.testing.assert_array_equal(decoded.matrix, encode_history(made, schema))


def test_the_same_data_and_seed_give_the_same_artifact() -> None:
    first, second, other = (
        fit_model(history(500), FitOptions(random_state=seed), version="1") for seed in (1, 1, 2)
    )
    assert first.manifest.sha256 == second.manifest.sha256
    assert first.manifest.training == second.manifest.training
    assert first.manifest.sha256 != other.manifest.sha256


@pytest.mark.parametrize("alert_rate", [0.005, 0.02, 0.1])
def test_the_alert_rate_is_kept_on_the_rows_held_back(alert_rate: float) -> None:
    fitted = fit_model(
        history(8_000), FitOptions(threshold=ThresholdOptions(alert_rate=alert_rate)), version="1"
    )
    assert fitted.manifest.metrics["alert_rate"] == pytest.approx(alert_rate, rel=0.3)


def test_synthetic_anomalies_are_found() -> None:
    metrics = fit_model(
        history(4_000, anomalies=80),
        FitOptions(threshold=ThresholdOptions(alert_rate=0.02)),
        version="1",
    ).manifest.metrics
    assert metrics["roc_auc"] > 0.95
    assert metrics["recall"] > 0.5


def test_too_little_history_is_refused() -> None:
    with pytest.raises(DataError, match="100 are needed"):
        fit_model(history(60, anomalies=1), FitOptions(), version="1")


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(cli, list(arguments))
    return ended.exit_code, ended.output


def test_fit_writes_an_artifact_that_loads_and_says_how_to_use_it(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "h.csv")
    code, output = run("fit", str(tmp_path / "h.csv"), "--out", str(tmp_path / "models"))
    assert code == 0, output
    assert "ANOMALY_MODEL=" in output.replace("\n", "")
    assert load_model(tmp_path / "models" / "transactions").manifest.version == "1"
    run("fit", str(tmp_path / "h.csv"), "--out", str(tmp_path / "models"))
    assert load_model(tmp_path / "models" / "transactions").manifest.version == "2"


@pytest.mark.parametrize(
    "arguments", [["fit", "nowhere.csv"], ["fit", "h.csv", "--alert-rate", "2"], ["fit"], ["what"]]
)
def test_a_users_mistake_is_one_line_without_a_trace(arguments: list[str]) -> None:
    code, output = run(*arguments)
    assert code in {1, 2}
    assert "Error: " in output
    assert "Traceback" not in output


def test_help_teaches() -> None:
    lines = [line.strip() for line in run("--help")[1].splitlines()]
    assert "faust -A anomaly_app.app worker -l info" in lines
    assert "key=cust" in run("fit", "--help")[1]


def test_roles_said_of_a_topic_go_over_those_of_history() -> None:
    history = Roles.parse("key=cust time=ts timezone=Europe/Berlin label=is_fraud")
    assert history.changed_by(Roles.parse("")) == history
    changed = history.changed_by(Roles.parse("key=card label=none amount=amt"))
    assert (changed.key, changed.time, changed.label) == ("card", "ts", None)
    assert changed.timezone == "Europe/Berlin"
    assert changed.infer(["card", "is_fraud"]).label is None
    assert changed.changed_by(Roles.parse("label=fraud")).absent == ()
    assert history.changed_by(Roles.parse("timezone=Asia/Tokyo")).timezone == "Asia/Tokyo"
