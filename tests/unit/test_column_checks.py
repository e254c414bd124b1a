"""What is said of the columns of a history before a model learns it, and what is left unsaid."""

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from tests.support.factories import history
from training.checks.columns import column_warnings
from training.encoding import encode_history
from training.fit import FitOptions, fit_model
from training.history import History, read_history
from training.schema import infer_schema

ROWS = 200
KEEP = "keep it with --roles keep=…"
IDENTIFIER = f"almost every value is different, so it looks like an identifier; {KEEP}"
NEITHER = "is neither a number nor a string"
TELLS = f"it predicts the label on its own, like a second label; {KEEP}"


def with_columns(rows: int = ROWS, **columns: Any) -> History:
    """Ordinary rows, of which every tenth is labelled at random, and some columns more."""
    made = history(rows, anomalies=0)
    labels = np.random.default_rng(5).permutation(np.arange(rows) % 10 == 0)
    given = [pl.Series(name, values) for name, values in columns.items()]
    return dataclasses.replace(made, frame=made.frame.with_columns(given), labels=labels)


def warnings_of(data: History) -> list[str]:
    inferred = infer_schema(data)
    return list(column_warnings(data, inferred.schema, inferred.left_out))


def labels_of(data: History) -> np.ndarray:
    assert data.labels is not None
    return data.labels


def only_warning(data: History) -> str:
    (warning,) = warnings_of(data)
    return warning


@pytest.mark.parametrize(
    "data",
    [
        dataclasses.replace(history(), labels=None),
        dataclasses.replace(history(), labels=np.zeros(2_000, dtype=bool)),
        dataclasses.replace(history(), labels=np.ones(2_000, dtype=bool)),
        dataclasses.replace(history(), times=None, labels=None),
        with_columns(),
        with_columns(rows=5_000),
    ],
    ids=["no labels", "no anomalies", "nothing else", "no times", "few rows", "many rows"],
)
def test_ordinary_columns_are_not_warned_of(data: History) -> None:
    assert warnings_of(data) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([7.5] * ROWS, "it has only one value"),
        (["same"] * ROWS, "it has only one value"),
        ([True] * ROWS, "it has only one value"),
        ([None, 7.5] * (ROWS // 2), "it has only one value"),
        ([float("nan"), 7.5] * (ROWS // 2), "it has only one value"),
        ([None] * ROWS, "it is empty"),
        ([float("nan"), None] * (ROWS // 2), "it is empty"),
        (pl.Series([None] * ROWS, dtype=pl.String), "it is empty"),
        ([f"t{i}" for i in range(ROWS)], IDENTIFIER),
        ([f"t{i}" if i < 60 else None for i in range(ROWS)], IDENTIFIER),
        (
            [date(2026, 1, 1) + timedelta(i) for i in range(ROWS)],
            "it has times, not numbers or strings",
        ),
        ([[1, 2]] * ROWS, "it has lists, not numbers or strings"),
        ([{"x": 1}] * ROWS, "it has binary data, not numbers or strings"),
        (
            pl.Series([object()] * ROWS, dtype=pl.Object),
            "it has binary data, not numbers or strings",
        ),
    ],
)
def test_a_useless_column_is_left_out_with_the_reason(values: Any, reason: str) -> None:
    data = with_columns(odd=values)
    assert infer_schema(data).left_out == {"odd": reason}
    assert warnings_of(data) == [f"odd was left out: {reason}"]


@pytest.mark.parametrize("original", ["amount", "shop"])
def test_a_copy_of_a_column_is_left_out(original: str) -> None:
    data = with_columns(copy=history(ROWS, anomalies=0).frame[original])
    assert only_warning(data) == f"copy was left out: it is the same as {original}"


def test_a_copy_with_gaps_in_the_same_places_is_left_out_and_with_others_is_not() -> None:
    values = [None if i % 3 == 0 else float(i % 11) for i in range(ROWS)]
    others = [None if i % 3 == 1 else float(i % 11) for i in range(ROWS)]
    data = with_columns(first=values, same=values, other=others)
    assert infer_schema(data).left_out == {"same": "it is the same as first"}


@pytest.mark.parametrize(
    "values",
    [
        [True, False] * (ROWS // 2),
        [f"t{i // 2}" for i in range(ROWS)],
        [None, "a", None, "b"] * (ROWS // 4),
        [1, 2] * (ROWS // 2),
    ],
    ids=["boolean", "each text twice", "text with gaps", "two numbers"],
)
def test_a_column_that_says_something_is_kept(values: list[Any]) -> None:
    data = with_columns(useful=values)
    assert infer_schema(data).left_out == {}
    assert warnings_of(data) == []


def test_a_table_without_any_usable_column_is_refused_with_the_reasons() -> None:
    data = History("bare", pl.DataFrame({"one": [1] * 5, "none": [None] * 5}))
    with pytest.raises(DataError, match="^bare has no usable feature .one: it has only one value"):
        infer_schema(data)


def test_an_infinite_value_is_refused_with_its_column() -> None:
    with pytest.raises(DataError, match="^column 'odd' has an infinite value$"):
        infer_schema(with_columns(odd=[1.0, float("inf")] * (ROWS // 2)))


@pytest.mark.parametrize("rows", [1, 2, 3, 19])
def test_tiny_tables_are_no_special_case(rows: int) -> None:
    frame = pl.DataFrame({"n": np.arange(rows) * 1.0, "flag": np.arange(rows) % 2 == 0})
    labels = np.arange(rows) == 0
    data = History("tiny", frame.with_columns(a=pl.lit(5.0), b=pl.lit("x")), labels=labels)
    if rows == 1:
        with pytest.raises(DataError, match="no usable feature"):
            infer_schema(data)
        return
    said = warnings_of(data)
    assert "a was left out: it has only one value" in said
    assert not any("counts" in warning for warning in said)


LABELS = labels_of(with_columns())
NOISE = np.random.default_rng(6).normal(size=ROWS)


@pytest.mark.parametrize(
    "values",
    [
        LABELS * 10 + NOISE,
        LABELS * -10 + NOISE,
        np.where(LABELS, 10 + NOISE, np.nan),
        np.where(LABELS, np.nan, NOISE),
    ],
    ids=["number", "inverted number", "known of anomalies only", "missing for anomalies only"],
)
def test_a_quantity_that_leaks_the_label_is_named(values: Any) -> None:
    said = [warning for warning in warnings_of(with_columns(leak=values)) if "AUC" in warning]
    assert len(said) == 1
    assert said[0].startswith(
        "leak may leak the label: on its own, it predicts the label with an AUC"
    )
    assert said[0].endswith(
        "1.000; if it is only known afterwards, leave it out with --roles without=leak"
    )


IN_DISGUISE = {
    "boolean": LABELS,
    "inverted boolean": ~LABELS,
    "another label": LABELS.astype(int),
    "category": np.where(LABELS, "refunded", "paid"),
    "kinds of anomalies": [f"case-{i % 3}" if label else "none" for i, label in enumerate(LABELS)],
    "kinds as numbers": [i % 3 if label else 3 for i, label in enumerate(LABELS)],
    "missing for anomalies": [
        None if label else shop for label, shop in zip(LABELS, "ab" * ROWS, strict=False)
    ],
}


@pytest.mark.parametrize("kind", IN_DISGUISE)
def test_a_label_in_disguise_is_left_out(kind: str) -> None:
    data = with_columns(attack_cat=IN_DISGUISE[kind])
    assert infer_schema(data).left_out == {"attack_cat": TELLS}
    assert only_warning(data) == f"attack_cat was left out: {TELLS}"


@pytest.mark.parametrize("kind", IN_DISGUISE)
def test_a_label_in_disguise_that_was_asked_for_is_kept_and_named(kind: str) -> None:
    data = with_columns(attack_cat=IN_DISGUISE[kind])
    asked = dataclasses.replace(data, roles=Roles(features=("amount", "shop", "attack_cat")))
    assert infer_schema(asked).left_out == {}
    if kind != "kinds as numbers":  # in the middle of the others' range
        assert "attack_cat may leak the label" in only_warning(asked)


def test_rows_that_nobody_labelled_say_nothing_of_a_disguise() -> None:
    data = with_columns(state=np.where(LABELS, "open", "closed"))
    known = ~LABELS | (np.arange(ROWS) % 2 == 0)
    assert infer_schema(dataclasses.replace(data, labelled=known)).left_out == {"state": TELLS}
    assert infer_schema(dataclasses.replace(data, labelled=~LABELS)).left_out == {}


@pytest.mark.parametrize("place", [0, 1])
def test_a_leaking_category_is_found_although_anomalies_come_at_every_other_row(place: int) -> None:
    labels = np.arange(ROWS) % 10 == place
    data = with_columns(leak=np.where(labels, "refunded", "paid"))
    assert only_warning(dataclasses.replace(data, labels=labels)).startswith("leak was left out")


def test_a_column_that_tells_much_but_not_all_is_not_taken_for_a_leak() -> None:
    data = with_columns(
        hint=LABELS * 2 + NOISE,
        kind=np.where(LABELS ^ (np.arange(ROWS) % 15 == 0), "refunded", "paid"),
        some=np.where(LABELS & (np.arange(ROWS) % 2 == 0), np.nan, NOISE),
    )
    assert warnings_of(data) == []


def test_categories_of_which_each_has_few_rows_do_not_tell_their_own_label() -> None:
    pairs = np.random.default_rng(8).permutation(np.arange(ROWS) // 2)
    assert warnings_of(with_columns(pair=[f"p{pair}" for pair in pairs])) == []


@pytest.mark.parametrize(
    ("values", "direction"),
    [
        (np.arange(ROWS), "up"),
        (1e9 + np.cumsum(np.abs(NOISE)), "up"),
        (-np.arange(ROWS), "down"),
        (np.where(np.arange(ROWS) % 3 == 0, np.nan, np.arange(ROWS)), "up"),
        (np.arange(ROWS) // 2, "up"),
    ],
    ids=["counter", "clock", "countdown", "counter with gaps", "counter of pairs"],
)
def test_a_counter_is_named(values: Any, direction: str) -> None:
    data = with_columns(number=values)
    reason = f"it only counts {direction}: every new value will be outside its range; {KEEP}"
    assert infer_schema(data).left_out == {"number": reason}
    assert only_warning(data) == f"number was left out: {reason}"
    asked = dataclasses.replace(data, roles=Roles(features=("amount", "shop", "number")))
    assert only_warning(asked) == (
        f"number only counts {direction}: every new transaction will be outside its range; "
        "leave it out with --roles without=number"
    )


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(7).permutation(ROWS) * 3.5,
        np.arange(ROWS) % 50,
        np.arange(ROWS) // 40,
        np.cumsum(NOISE),
    ],
    ids=["shuffled", "starts again", "few steps", "wanders"],
)
def test_numbers_that_do_not_only_count_are_not_taken_for_a_counter(values: Any) -> None:
    assert warnings_of(with_columns(number=values)) == []


def test_a_counter_is_named_without_times_too() -> None:
    data = dataclasses.replace(with_columns(number=np.arange(ROWS)), times=None)
    training = fit_model(data, FitOptions(detector="robust_zscore"), version="1").manifest.training
    assert [warning.split(":")[1] for warning in training.warnings] == [" it only counts up"]


@pytest.mark.parametrize(
    ("present", "warning"),
    [(99, "rare is missing in 50.5% of the rows"), (40, "rare is missing in 80% of the rows")],
)
@pytest.mark.parametrize("kind", ["number", "nan", "text"])
def test_a_mostly_missing_column_is_named(present: int, warning: str, kind: str) -> None:
    value: list[Any] = ["a", "b"] if kind == "text" else [3.0, 5.0]
    gap = float("nan") if kind == "nan" else None
    filled = np.random.default_rng(4).permutation(np.arange(ROWS) < present)
    values = [value[i % 2] if there else gap for i, there in enumerate(filled)]
    assert only_warning(with_columns(rare=values)) == warning


def test_a_column_that_half_the_rows_have_is_not_named() -> None:
    filled = np.random.default_rng(4).permutation(np.arange(ROWS) < ROWS // 2)
    assert warnings_of(with_columns(some=np.where(filled, NOISE, np.nan))) == []


@pytest.mark.parametrize(("distinct", "warned"), [(ROWS // 2, False), (ROWS // 2 - 2, True)])
def test_repeated_rows_are_named_when_they_are_more_than_half(distinct: int, warned: bool) -> None:
    amounts = np.random.default_rng(3).permutation(np.arange(ROWS) % distinct) * 1.5
    data = History("made", pl.DataFrame({"amount": amounts}))
    expected = "51% of the rows are duplicates: distances to nearest neighbours will be 0"
    assert warnings_of(data) == ([expected] if warned else [])


def test_rows_that_only_an_identifier_tells_apart_are_repeated() -> None:
    frame = pl.DataFrame({"amount": [1.0, 2.0] * 50, "token": [f"t{i}" for i in range(100)]})
    assert warnings_of(History("made", frame)) == [
        f"token was left out: {IDENTIFIER}",
        "98% of the rows are duplicates: distances to nearest neighbours will be 0",
    ]


def test_texts_that_a_file_holds_as_a_categorical_type_are_categories(tmp_path: Path) -> None:
    shops = history(ROWS).frame["shop"]
    kinds = {"plain": shops, "coded": shops.cast(pl.Categorical).reverse()}
    kinds["listed"] = shops.shuffle(seed=1).cast(pl.Enum(["food", "fuel", "books"]))
    pl.DataFrame(kinds).write_parquet(tmp_path / "a.parquet")
    data = read_history(tmp_path / "a.parquet")
    schema = infer_schema(data).schema
    assert [feature.kind for feature in schema.features] == ["category"] * 3
    assert np.isfinite(encode_history(data, schema)).all()
