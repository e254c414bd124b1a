"""Parts of columns whose names are in no list."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.roles.roles import Roles
from tests.support.histories import BASE, changed, renamed, table
from training.checks.label_leakage import Labelled
from training.columns.key_inference import infer_key
from training.columns.label_column_names import word_of_label
from training.columns.labels import of_column
from training.columns.time_inference import infer_time
from training.columns.time_intervals import interval_starts
from training.history import History, read_history


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("fraud_reported", "fraud"),
        ("isFlaggedFraud", "fraud"),
        ("ATT_FLAG", "flag"),
        ("default.payment.next.month", "default"),
        ("Pass/Fail", "fail"),
        ("Bankrupt?", "bankrupt"),
        ("Churn", "churn"),
    ],
)
def test_a_word_in_a_name_tells_a_label(column: str, word: str) -> None:
    found = word_of_label(column)
    assert found is not None
    assert found[1] == word


@pytest.mark.parametrize(
    "column",
    [
        *("default_value", "label_count", "target_temperature", "fraud_score", "previous_fraud"),
        *("attack_time", "defaulting_soon", "flagship", "holiday_flag", "amount", ""),
    ],
)
def test_a_word_beside_it_tells_that_it_is_none(column: str) -> None:
    assert word_of_label(column) is None


def test_a_stronger_word_is_preferred(tmp_path: Path) -> None:
    rows = [
        {"target": i % 7, "alarm": i % 2, "was_fraud": int(i % 50 == 0), "amount": i * 37 % 101}
        for i in range(300)
    ]
    (tmp_path / "a.csv").write_bytes(table(rows))
    history = read_history(tmp_path / "a.csv", Roles(absent=("key",)))
    assert history.roles.label == "was_fraud"
    assert history.frame.columns == ["amount"]


@pytest.mark.parametrize("words", ["label=none", "features=amount,fraud_reported"])
def test_what_was_said_wins(tmp_path: Path, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(table(renamed(BASE, is_fraud="fraud_reported")))
    assert read_history(tmp_path / "a.csv", Roles.parse(words)).roles.label is None


def keys(name: str, values: list[str | int | float]) -> str | None:
    frame = pl.DataFrame({name: values})
    return infer_key(frame, Roles(), set()).column


def test_a_key_repeats_and_has_a_name_of_one() -> None:
    assert keys("listing_id", [i % 30 for i in range(300)]) == "listing_id"
    assert keys("listing_id", [i % 90 for i in range(300)]) is None
    assert keys("listing_id", [7] * 300) is None
    assert keys("listing_id", [i % 30 for i in range(60)]) is None
    assert keys("listing_id", [i % 30 + 0.5 for i in range(300)]) is None
    assert keys("Area", [i % 30 for i in range(300)]) is None
    assert keys("Area", [f"a{i % 30}" for i in range(300)]) == "Area"
    assert keys("number_of_pumps", [i % 5 for i in range(300)]) is None
    assert keys("event_id", [i % 5 for i in range(300)]) is None


@pytest.mark.parametrize(
    ("name", "first", "step", "is_time"),
    [
        ("t", 1_700_000_000, 0, False),
        ("t", 1_700_000_000, 7, True),
        ("t", 17, 7, False),
        ("clicked", 1_700_000_000, 7, True),
        ("clicked", 1_700_000_000, -7, False),
        ("clicked", 1_700_000_000, 1, False),
        ("order_number", 1_700_000_000, 7, False),
        ("event_ms", 1_700_000_000_000, 7_000, True),
    ],
)
def test_numbers_are_times_that_count_from_1970(
    name: str, first: int, step: int, is_time: bool
) -> None:
    frame = pl.DataFrame({name: [first + step * i for i in range(300)]})
    assert (infer_time(frame, Roles(), set()).column == name) == is_time


def labelled(column: list[int], labels: list[int]) -> bool:
    series = pl.Series("kind", column)
    history = History("a", pl.DataFrame([series]), labels=np.array(labels, dtype=bool))
    return Labelled(history).is_part_of_label(series)


def test_a_part_of_the_label_has_anomalies_only_and_enough_of_them() -> None:
    frauds = [1] * 100 + [0] * 900
    assert labelled([1] * 20 + [0] * 980, frauds)
    assert not labelled([1] * 9 + [0] * 991, frauds)
    assert not labelled([1] * 20 + [0] * 979 + [1], frauds)
    assert not labelled([1] * 20 + [2] * 80 + [0] * 900, frauds)
    assert not labelled([1] * 10 + [0] * 990, [1] * 300 + [0] * 700)


def test_dashes_are_normal_only_where_most_rows_have_them_beside_words() -> None:
    usual = of_column(pl.Series("label", ["-"] * 8 + ["KERN", "APP"]))
    assert usual.anomalous.sum() == 2
    assert usual.labelled is None
    said = of_column(pl.Series("label", ["-"] * 8 + ["KERN", "APP"]), "KERN")
    assert said.anomalous.sum() == 1
    assert said.labelled is None
    few = of_column(pl.Series("label", ["-"] + ["fraud", "legit"] * 4))
    assert few.labelled is not None
    assert few.labelled.sum() == 8
    numbers = of_column(pl.Series("label", ["-"] * 8 + ["0", "1"]))
    assert numbers.labelled is not None
    assert numbers.labelled.sum() == 2


def test_a_newer_file_is_read_by_what_was_found(tmp_path: Path) -> None:
    rows = renamed(
        changed(BASE, is_fraud=lambda v: "STOLEN" if v else "-"),
        time="seen",
        card="owner_no",
        is_fraud="Label",
    )
    (tmp_path / "a.csv").write_bytes(table(rows))
    first = read_history(tmp_path / "a.csv")
    again = read_history(tmp_path / "a.csv", learnt=first.roles)
    assert (again.roles.key, again.roles.time, again.roles.label) == ("owner_no", "seen", "Label")
    assert again.labels is not None
    assert first.labels is not None
    assert (again.labels == first.labels).all()
    assert again.frame.equals(first.frame)


@pytest.mark.parametrize("values", ["{} to {}", "{} - {}", "{}.5 - {}.5"])
def test_intervals_of_numbers_are_no_times(values: str) -> None:
    frame = pl.DataFrame({"age": [values.format(20 + i % 9, 30 + i % 9) for i in range(50)]})
    assert interval_starts(frame, Roles())[1] == []
