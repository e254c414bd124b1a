"""Numbers that stand for a missing value: found in history, and taken as such where it is said."""

import json
from typing import Any

import polars as pl
import pytest

from anomaly_app.core.decoding.decode import Decoder
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from tests.support.factories import NOON, SCHEMA, record
from training.tables.files import typed
from training.tables.sentinels import sentinels_of
from training.tables.table import Table

READINGS = [20.0 + i * 7 % 31 for i in range(300)]


def often(value: float, share: float = 0.1, rest: list[float] | None = None) -> pl.Series:
    rest = READINGS if rest is None else rest
    return pl.Series("a", [*rest, *[value] * round(share * len(rest))], dtype=pl.Float64)


@pytest.mark.parametrize("value", [-200, -999, 9999, 1e20, 999, -1e6])
def test_a_value_that_repeats_far_from_all_others_is_found(value: float) -> None:
    (found,) = sentinels_of(often(value))
    assert (found.value, found.rows) == (value, 30)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(-200, 2, 1479), (-1, 0, 1), (999, 0, 600), (-99, 0, 500)]
)
def test_a_value_that_programs_write_for_none_need_not_be_as_far(
    value: float, low: float, high: float
) -> None:
    rest = [low + (high - low) * (i * 7 % 301) / 300 for i in range(301)]
    assert [one.value for one in sentinels_of(often(value, rest=rest))] == [value]


def test_two_of_them_do_not_hide_each_other() -> None:
    column = pl.concat([often(-999), often(9999)])
    assert [one.value for one in sentinels_of(column)] == [-999, 9999]


@pytest.mark.parametrize(
    "column",
    [
        often(0, rest=[float(i) for i in range(300)]),
        often(0),
        often(100, rest=[100 - i / 3 for i in range(300)]),
        often(-200, share=0.001),
        pl.Series("a", [-1, 1] * 150),
        pl.Series("a", [-1, 100, 200] * 100),
        pl.Series("a", [None, None], dtype=pl.Float64),
        pl.Series("a", [], dtype=pl.Float64),
    ],
)
def test_values_near_others_rare_ones_and_codes_are_no_sentinels(column: pl.Series) -> None:
    assert sentinels_of(column) == []


def test_it_is_named_with_what_to_say_and_missing_once_it_is_said() -> None:
    table = Table("made", often(-200).to_frame().with_columns(b=pl.lit(-200.0)))
    (line,) = typed(table, Roles()).of_columns["a"]
    assert line.startswith("a: -200 occurs in 30 rows (9.09%)")
    assert line.endswith("set --roles 'missing=-200'")
    said = typed(table, Roles.parse("missing=-200 categories=b"))
    assert said.of_columns == {}
    assert said.frame.null_count().row(0) == (30, 0)


@pytest.mark.parametrize(
    "value", [{"features": {"amount": -200, "shop": "food"}}, {"data": [[-200.0, "food"]]}]
)
def test_a_record_with_such_a_number_lacks_it(value: dict[str, Any]) -> None:
    decoder = Decoder(SCHEMA, Roles.parse("missing=-1,-200"), max_bytes=1_000_000)
    sent = record(json.dumps({"time": NOON, **value}).encode())
    for _ in range(2):
        (row,) = decoder.decode([sent]).matrix
        assert row[0] != row[0]  # it is NaN
    assert decoder.transaction(sent).row == (None, "food")


def test_the_words_are_read_and_travel() -> None:
    roles = Roles.parse("missing=-200,1e5 missing=-1")
    assert roles.missing == (-200.0, 100_000.0, -1.0)
    assert roles.changed_by(Roles()).missing == roles.missing
    assert roles.changed_by(Roles.parse("missing=0")).missing == (0.0,)
    for word in ("missing=none", "missing=nan", "missing=1,,2"):
        with pytest.raises(DataError, match="numbers that stand for a missing value"):
            Roles.parse(word)
