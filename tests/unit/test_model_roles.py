"""New data are read by the roles in a model's manifest."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.roles.missing_columns import missing_columns, nearest_column
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from tests.support.factories import fitted
from training.history import History
from training.history.model_roles import read_for_model

ROLES = Roles(key="card", time="at", label="bad")

CELLS = {
    "card": "c1",
    "customer": "c2",
    "at": "2026-01-01T12:00:00Z",
    "bad": "0",
    "shop": "food",
    "Shops": "food",
}


def manifest(roles: Roles = ROLES) -> Manifest:
    return msgspec.structs.replace(fitted().manifest, roles=roles)


def read(
    folder: Path, columns: list[str], said: str = "", model: Manifest | None = None
) -> History:
    file = folder / "new.csv"
    header = ",".join(f'"{column}"' for column in columns)
    file.write_text(f"{header}\n{','.join(CELLS.get(column, '1.5') for column in columns)}\n")
    return read_for_model(file, model or manifest(), Roles.parse(said))


def refusal(folder: Path, columns: list[str], said: str = "") -> str:
    with pytest.raises(DataError) as caught:
        read(folder, columns, said)
    return str(caught.value)


def test_a_file_with_the_columns_of_the_history_needs_no_roles(tmp_path: Path) -> None:
    made = read(tmp_path, ["card", "at", "amount", "shop", "bad", "note"])
    assert made.frame.columns == ["amount", "shop"]
    assert made.entities is not None
    assert made.entities[0] == "c1"
    assert made.times is not None
    assert made.labels is not None


def test_new_data_may_lack_label_key_and_time(tmp_path: Path) -> None:
    made = read(tmp_path, ["amount", "shop"])
    assert (made.entities, made.times, made.labels) == (None, None, None)


def test_a_part_that_is_missing_may_have_another_column(tmp_path: Path) -> None:
    made = read(tmp_path, ["customer", "amount", "shop"])
    assert made.entities is not None
    assert made.entities[0] == "c2"


def test_a_part_that_is_said_must_be_there(tmp_path: Path) -> None:
    words = refusal(tmp_path, ["customer", "amount", "shop"], "key=cust")
    assert "no column 'cust': the columns are customer, amount, shop; nearest: 'customer'" in words
    assert "--roles 'key=customer'" in words


def test_windows_of_labels_are_read_again(tmp_path: Path) -> None:
    windows = tmp_path / "windows.json"
    windows.write_text('{"c1.csv": [["2026-01-01 11:00", "2026-01-01 13:00"]]}')
    model = manifest(Roles(key="card", time="at", label=str(windows)))
    made = read(tmp_path, ["card", "at", "amount", "shop"], model=model)
    assert made.labels is not None
    assert made.labels.all()
    windows.unlink()
    assert read(tmp_path, ["card", "at", "amount", "shop"], model=model).labels is None


def test_a_renamed_column_is_said_with_roles(tmp_path: Path) -> None:
    made = read(tmp_path, ["amt", "shop"], "amount=amt")
    assert made.frame.columns == ["amount", "shop"]


def test_a_category_of_digits_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("amount,shop\n1.5,311\n2.5,311\n")
    assert read_for_model(file, manifest(), Roles()).frame["shop"].to_list() == ["311", "311"]


@pytest.mark.parametrize(
    ("columns", "said", "words"),
    [
        (["amt", "shop"], "", "no column 'amount': the columns are amt, shop; nearest: 'amt'; "),
        (["amt", "shop"], "", "give --roles 'amount=amt'"),
        (["lat", "Amount USD", "shop"], "", "give --roles 'amount=\"Amount USD\"'"),
        (["Amount", "Shops"], "", "give --roles 'amount=Amount shop=Shops'"),
        (["x", "shop"], "", "give --roles 'amount=COLUMN'"),
        (["amt", "shop"], "amount=value", "no column 'value'"),
        (["x"], "", "no columns 'amount', 'shop'"),
        (["card", "at", "shop"], "", "give --roles 'amount=COLUMN'"),
    ],
)
def test_a_missing_column_is_named_with_those_there_are_and_what_to_say(
    tmp_path: Path, columns: list[str], said: str, words: str
) -> None:
    assert words in refusal(tmp_path, columns, said)


@pytest.mark.parametrize("columns", [["amt", "shop"], ["Amount USD", "shop"], ["Amount", "Shops"]])
def test_what_an_error_says_to_give_is_understood(tmp_path: Path, columns: list[str]) -> None:
    given = refusal(tmp_path, columns).partition("--roles '")[2].partition("'")[0]
    assert read(tmp_path, columns, given).frame.columns == ["amount", "shop"]


@given(st.text(min_size=1), st.lists(st.text(min_size=1), unique=True, max_size=6))
def test_any_names_have_a_line(column: str, columns: list[str]) -> None:
    assert repr(column) in missing_columns({column: column}, columns)
    assert nearest_column(column, columns) in {None, *columns}
    assert nearest_column(column, [*columns, column]) is not None
