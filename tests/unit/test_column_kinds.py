"""Numbers, categories and identifiers: told by values and by names."""

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.feature import Row
from anomaly_app.core.roles.roles import Roles
from tests.support.factories import history
from training.columns.column_kinds import is_category, is_identifier
from training.encoding import encode_history
from training.history import History
from training.schema import MAX_CATEGORIES, infer_schema

ROWS = 400
RANDOM = np.random.default_rng(1)
REPEATED = RANDOM.integers(100, 160, ROWS)
CARDS = RANDOM.choice(9 * 10**15, ROWS, replace=False) + 10**15
AMOUNTS = RANDOM.choice(10**6, ROWS, replace=False)


@pytest.mark.parametrize(
    "name",
    [
        *("merchant_id", "merchantId", "MerchantID", "merchantid", "zip", "ZIPCode", "error_code"),
        *("Area Code", "flight-number", "dst.port", "id", "customerId", "house no", "mcc"),
    ],
)
def test_repeated_whole_numbers_that_are_named_so_are_categories(name: str) -> None:
    assert is_category(pl.Series(name, REPEATED))
    assert not is_category(pl.Series(name, REPEATED / 7))


@pytest.mark.parametrize(
    "name",
    [
        *("amount", "paid", "humid", "grid", "number", "number_of_calls", "num_files", "barcodes2"),
        *("Number vmail messages", "total_no", "merch_lat", "code_length", "sum_of_id", "n"),
    ],
)
def test_whole_numbers_of_other_names_are_quantities(name: str) -> None:
    assert not is_category(pl.Series(name, REPEATED))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("whatever", [f"t{i}" for i in range(ROWS)]),
        ("whatever", [f"t{i}" if i < 60 else None for i in range(ROWS)]),
        ("trans_num", AMOUNTS),
        ("session id", AMOUNTS),
        ("card", CARDS),
        ("row", RANDOM.permutation(ROWS)),
    ],
    ids=[
        "strings",
        "strings with gaps",
        "named number",
        "named id",
        "one length",
        "serial numbers",
    ],
)
def test_what_is_almost_always_different_and_no_quantity_is_an_identifier(
    name: str, values: Any
) -> None:
    assert is_identifier(pl.Series(name, values))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pairs", [f"t{i // 2}" for i in range(ROWS)]),
        ("few", [f"t{i}" for i in range(19)]),
        ("cents", AMOUNTS),
        ("number_of_bytes", AMOUNTS),
        ("amount", CARDS / 1e9),
        ("merchant_id", REPEATED),
    ],
)
def test_what_repeats_or_measures_is_no_identifier(name: str, values: Any) -> None:
    assert not is_identifier(pl.Series(name, values))


def test_what_was_asked_for_is_kept_whatever_it_is() -> None:
    made = history(ROWS)
    frame = made.frame.with_columns(pl.Series("token", [f"t{i}" for i in range(ROWS)]))
    data = dataclasses.replace(made, frame=frame)
    assert "token" in infer_schema(data).left_out
    for roles in (Roles(features=("amount", "token")), Roles(categories=("token",))):
        assert infer_schema(dataclasses.replace(data, roles=roles)).left_out == {}


def many_merchants(more: int) -> History:
    """Each merchant twice, and the first one ten times."""
    names = [f"m{i:05d}" for i in range(MAX_CATEGORIES + more)] * 2 + ["m00000"] * 8
    return History("made", pl.DataFrame({"merchant": names, "amount": np.arange(len(names)) % 97}))


def test_as_many_categories_are_held_as_the_bound_says_and_none_is_rare() -> None:
    [merchant, _] = infer_schema(many_merchants(0)).schema.features
    assert (len(merchant.categories), merchant.rare_values) == (MAX_CATEGORIES, 0)


def test_beyond_the_bound_the_rarest_are_one_class_to_which_new_ones_belong() -> None:
    data = many_merchants(5)
    schema = infer_schema(data).schema
    merchant = schema.features[0]
    assert merchant.categories[0] == "m00000"
    assert (len(merchant.categories), merchant.rare_values) == (MAX_CATEGORIES, 5)
    assert merchant.rare_rate == pytest.approx(10 / len(data))
    rare = float(MAX_CATEGORIES)
    rows: list[Row] = [[f"m{MAX_CATEGORIES + 4}", 1.0], ["never seen", 1.0], ["m00000", 1.0]]
    assert schema.encode(rows, [0.0] * 3)[:, 0].tolist() == [rare, rare, 0.0]
    assert merchant.value_of(rare) == "one of 5 rare values"


STRINGS = st.sampled_from(["food", "fuel", "7", "-7", "007", "", "9" * 30, "never"]) | st.none()
WHOLE = st.sampled_from([7, -7, 0, 10**12, 311]) | st.none()


@given(st.lists(st.tuples(STRINGS, WHOLE, st.floats(-1e9, 1e9) | st.none()), max_size=20))
def test_a_table_is_encoded_bit_for_bit_as_the_worker_encodes_its_rows(
    rows: list[tuple[str | None, int | None, float | None]],
) -> None:
    learnt = History(
        "made",
        pl.DataFrame(
            {
                "shop": ["food", "fuel", "7", "-7", "007", ""] * 9,
                "code": [7, -7, 0, 311, 311, 7] * 9,
                "amount": np.arange(54.0) ** 2 % 53,
            }
        ),
    )
    schema = infer_schema(learnt).schema
    assert [feature.kind for feature in schema.features] == ["category", "category", "number"]
    frame = pl.DataFrame(rows, schema=learnt.frame.schema, orient="row")
    encoded = encode_history(History("new", frame), schema)
    np.testing.assert_array_equal(encoded, schema.encode(rows, [0.0] * len(rows)))


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64, pl.String, pl.UInt8])
def test_codes_are_known_again_whatever_type_another_file_holds_them_in(
    dtype: type[pl.DataType],
) -> None:
    codes = pl.Series("code", [7, 0, 31, None] * 20)
    schema = infer_schema(History("made", pl.DataFrame({"code": codes}))).schema
    data = History("new", pl.DataFrame({"code": codes.cast(dtype)}))
    assert encode_history(data, schema)[:4, 0].tolist() == pytest.approx(
        [2.0, 0.0, 1.0, np.nan], nan_ok=True
    )
