"""A preset finds the columns that it is about, and writes them into its features."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.history import History
from training.memory import PRESETS, bind, bind_to, read_preset
from training.memory.fields import Field, find_columns
from training.memory.remember import remember
from training.schema import infer_schema

MERCHANTS = [f"shop-{i % 30}" for i in range(300)]


def payments(**columns: Any) -> History:
    frame = pl.DataFrame({"amt": np.linspace(1.0, 9.0, 300), "merchant": MERCHANTS, **columns})
    return History("payments.csv", frame)


def written(folder: Path, text: str) -> str:
    file = folder / "memory.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_is_about_and_is_a_memory_of_its_own_kinds(name: str) -> None:
    preset = read_preset(name)
    assert preset.about.endswith(".")
    bound = bind_to(preset, {kind: [kind] for kind in preset.fields})
    assert bound.dropped == ()
    assert bound.warning is None
    assert bound.spec.keys[0].features


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_still_works_where_only_a_number_is_known(name: str) -> None:
    frame = pl.DataFrame({"x": np.linspace(0.5, 2.0, 50)})
    bound = bind(read_preset(name), History("numbers.csv", frame))
    assert bound.spec.keys[0].features


def test_columns_are_found_by_their_names() -> None:
    columns = bind(read_preset("card-transactions"), payments()).columns
    assert columns["amount"] == ["amt"]
    assert columns["merchant"] == ["merchant"]


def test_what_the_data_lack_is_said_in_one_line() -> None:
    bound = bind(read_preset("requests"), payments())
    assert bound.warning is not None
    assert "\n" not in bound.warning
    assert "endpoint" in bound.warning
    assert not any("distinct" in feature for feature in bound.spec.keys[0].features)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (Field("number", names=("amt",)), ["amt"]),
        (Field("number", names=("amount",)), []),
        (Field("number", names=("amount",), otherwise="only"), ["amt"]),
        (Field("text", names=("payee",), otherwise="most_values"), ["merchant"]),
        (Field("text"), ["merchant"]),
        (Field("number", most=9), ["amt"]),
    ],
)
def test_a_kind_of_columns_is_found_by_words_or_by_what_is_left(
    field: Field, found: list[str]
) -> None:
    assert find_columns(payments(), field) == found


def test_a_name_that_is_the_word_comes_before_one_that_contains_it() -> None:
    history = payments(card_amount=np.ones(300), amount=np.ones(300))
    field = Field("number", names=("amount",), most=2)
    assert find_columns(history, field) == ["amount", "card_amount"]


def test_a_feature_of_several_columns_is_there_once_for_each(tmp_path: Path) -> None:
    text = "fields: {value: {type: number, most: 9}}\nkeys: [{features: ['mean:{value}:1h']}]"
    bound = bind(read_preset(written(tmp_path, text)), payments(flow=np.linspace(0.0, 1.0, 300)))
    assert bound.spec.keys[0].features == ("mean:amt:1h", "mean:flow:1h")


def test_a_file_may_name_the_columns_itself(tmp_path: Path) -> None:
    preset = read_preset(written(tmp_path, '{"keys": [{"features": ["count:1h"]}]}'))
    assert bind(preset, payments()).spec.keys[0].features == ("count:1h",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: [", "--memory"),
        ("keys: 3", "Expected `array`"),
        ("keys: [{features: ['sum:{money}:1h']}]", "{money}"),
        ("keys: [{features: ['summe:amount:1h']}]", "summe"),
        ("keys: []", "memory"),
        ("other: 1", "other"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        bind(read_preset(written(tmp_path, text)), payments())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_neither_a_preset_nor_a_file_is_told_what_there_is() -> None:
    with pytest.raises(DataError, match="card-transactions"):
        read_preset("cards")


@pytest.mark.parametrize(
    ("seconds", "window"), [(1.0, "1m"), (300.0, "5h"), (1750.0, "30h"), (61.0, "1h")]
)
def test_windows_may_be_in_usual_intervals(tmp_path: Path, seconds: float, window: str) -> None:
    text = "fields: {value: {type: number}}\nkeys: [{features: ['mean:{value}:60i']}]"
    history = History(
        "readings.csv",
        pl.DataFrame({"x": np.linspace(0.5, 2.0, 50)}),
        entities=pl.Series(["a", "b"] * 25),
        times=np.repeat(np.arange(25) * seconds, 2),
    )
    bound = bind(read_preset(written(tmp_path, text)), history)
    assert bound.spec.keys[0].features == (f"mean:x:{window}",)


def test_similar_histories_give_the_same_memory() -> None:
    preset = read_preset("card-transactions")
    one = bind(preset, payments()).spec
    other = bind(preset, payments(amt=np.linspace(1.1, 9.1, 300))).spec
    assert one == other
    assert one.keys[0].typical == {"amt": 4.0}


@pytest.mark.parametrize("size", [1e-5, 1e-3, 1.0, 1e3, 1e9])
def test_fields_of_any_size_are_remembered_precisely_and_do_not_saturate(size: float) -> None:
    values = (np.arange(600) % 10 + 1.0) * size
    history = History(
        "sensors.csv",
        pl.DataFrame({"x": values}),
        entities=pl.Series(["pump"] * 600),
        times=60.0 * np.arange(600, dtype=np.float64),
    )
    spec = bind(read_preset("machine-readings"), history).spec
    [name] = spec.keys[0].features
    found = remember(history, spec).frame[name].to_numpy()[-10:]
    np.testing.assert_allclose(found, 5.5 * size, rtol=0.1)


def test_a_unit_that_the_file_names_is_kept(tmp_path: Path) -> None:
    text = "keys: [{features: ['sum:amt:1h'], units: {amt: 0.5}}]"
    history = payments(amt=np.linspace(1e-6, 2e-6, 300))
    assert bind(read_preset(written(tmp_path, text)), history).spec.keys[0].units == {"amt": 0.5}


def test_a_column_that_the_memory_reads_is_no_feature_unless_the_roles_keep_it() -> None:
    history = payments(entity=[f"card-{i % 9}" for i in range(300)])
    history = dataclasses.replace(
        history,
        frame=history.frame.drop("entity"),
        entities=history.frame["entity"],
        times=60.0 * np.arange(300.0),
    )
    bound = bind(read_preset("card-transactions"), history)
    remembered = remember(history, bound.spec, only_remembered=bound.only_remembered)
    left_out = infer_schema(remembered).left_out
    assert {"amt", "merchant"} <= left_out.keys()
    kept = dataclasses.replace(remembered, roles=Roles(keep=("amt",)))
    assert "amt" in {feature.name for feature in infer_schema(kept).schema.features}
    assert "merchant" in infer_schema(kept).left_out


def test_the_memory_of_a_card_is_small() -> None:
    preset = read_preset("card-transactions")
    bound = bind_to(preset, {kind: [kind] for kind in preset.fields})
    assert Plan(bound.spec.keys[0]).record_bytes <= 400
