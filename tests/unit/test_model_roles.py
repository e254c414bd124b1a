"""New data are read by the roles in a model's manifest."""

from pathlib import Path

import msgspec
import polars as pl
import pytest

from anomaly_app.core.errors import DataError
from anomaly_app.core.manifest import Manifest
from anomaly_app.core.roles import Roles
from tests.support.factories import fitted, history
from training.model_roles import read_for_model, roles_for

COLUMNS = ["card", "at", "amount", "shop", "bad"]

ROLES = Roles(key="card", time="at", label="bad")


def manifest(roles: Roles = ROLES) -> Manifest:
    return msgspec.structs.replace(fitted().manifest, roles=roles)


def found(columns: list[str], said: str = "") -> Roles:
    return roles_for(manifest(), Roles.parse(said), columns)


def refusal(columns: list[str], said: str = "") -> str:
    with pytest.raises(DataError) as caught:
        found(columns, said)
    return str(caught.value)


def test_a_file_with_the_columns_of_the_history_needs_no_roles() -> None:
    roles = found(COLUMNS)
    assert (roles.key, roles.time, roles.label) == ("card", "at", "bad")
    assert roles.features == ("amount", "shop")
    assert roles.categories == ("shop",)


def test_other_columns_than_the_models_features_are_left_alone() -> None:
    assert found([*COLUMNS, "note"]).features == ("amount", "shop")


def test_new_data_may_lack_label_key_and_time() -> None:
    roles = found(["amount", "shop"])
    assert (roles.key, roles.time, roles.label) == (None, None, None)


def test_a_part_that_is_said_stays_said_although_the_file_lacks_it() -> None:
    assert found(COLUMNS, "key=customer").key == "customer"


def test_windows_of_labels_are_a_file_and_no_column(tmp_path: Path) -> None:
    windows = tmp_path / "windows.json"
    windows.write_text("{}")
    model = manifest(Roles(label=str(windows)))
    assert roles_for(model, Roles(), COLUMNS).label == str(windows)
    windows.unlink()
    assert roles_for(model, Roles(), COLUMNS).label is None


def test_a_value_of_a_label_goes_with_its_column() -> None:
    model = manifest(Roles(label="bad:fraud"))
    assert roles_for(model, Roles(), COLUMNS).label == "bad:fraud"
    assert roles_for(model, Roles(), ["amount", "shop"]).label is None


def test_a_renamed_column_is_said_with_roles() -> None:
    assert found(["amt", "shop"], "amount=amt").field_of("amount") == "amt"


@pytest.mark.parametrize(
    ("columns", "said", "words"),
    [
        (["amt", "shop"], "", "(nearest: 'amt' for 'amount')"),
        (["amt", "shop"], "", "give --roles 'amount=amt'"),
        (["lat", "Amount USD", "shop"], "", "give --roles 'amount=\"Amount USD\"'"),
        (["Amount", "Shops"], "", "give --roles 'amount=Amount shop=Shops'"),
        (["x", "shop"], "", "give --roles 'amount=COLUMN'"),
        (["amt", "shop"], "amount=value", "needs the column 'value'"),
        (["amt", "shop"], "", "the file has amt, shop"),
        ([], "", "needs the columns 'amount', 'shop'"),
    ],
)
def test_a_missing_column_is_named_with_those_there_are_and_what_to_say(
    columns: list[str], said: str, words: str
) -> None:
    assert words in refusal(columns, said)


def test_what_an_error_says_to_give_is_understood() -> None:
    for columns in (["amt", "shop"], ["Amount USD", "shop"], ["Amount", "Shops"]):
        given = refusal(columns).partition("--roles ")[2].strip("'")
        assert found(columns, given).features == ("amount", "shop")


def test_a_column_with_another_part_is_not_the_nearest() -> None:
    model = manifest(msgspec.structs.replace(ROLES, time="amount_at"))
    with pytest.raises(DataError, match="amount=COLUMN"):
        roles_for(model, Roles(), ["card", "amount_at", "shop"])


@pytest.mark.parametrize("name", ["amount", "amt"])
def test_a_file_is_read_with_the_names_of_the_models_features(tmp_path: Path, name: str) -> None:
    file = tmp_path / "new.csv"
    history(50).frame.rename({"amount": name}).with_columns(pl.lit("x").alias("note")).write_csv(
        file
    )
    read = read_for_model(file, manifest(), Roles.parse(f"amount={name}" if name == "amt" else ""))
    assert read.frame.columns == ["amount", "shop"]


def test_a_category_of_digits_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("amount,shop\n1.5,311\n2.5,311\n")
    assert read_for_model(file, manifest(), Roles()).frame["shop"].to_list() == ["311", "311"]
