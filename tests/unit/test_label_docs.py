"""What the page about labels says is so."""

import re
import shlex
from io import BytesIO
from pathlib import Path

import click
import msgspec
import pytest

from anomaly_app.core.feedback.messages import read_feedback
from anomaly_app.core.learning.label import Basis, Label, Undo
from anomaly_app.labels.command import label
from anomaly_app.labels.outcomes import NAMES, Reading, columns_of
from anomaly_app.labels.rows import Lines, header_of, rows_of

PAGE = (Path(__file__).parents[2] / "docs/labels.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_messages_for_other_programs_are_read() -> None:
    text = block("json").replace("\n ", " ")
    said = [read_feedback(line.encode(), "anomaly-app") for line in text.splitlines()]
    assert [type(one) for one in said] == [Label, Undo]


def test_every_field_of_a_label_and_of_an_undo_is_named() -> None:
    fields = {field.name for kind in (Label, Undo) for field in msgspec.structs.fields(kind)}
    assert {name for name in fields if f"`{name}`" not in PAGE} == set()


def test_the_file_of_chargebacks_is_imported() -> None:
    lines = Lines(BytesIO(block("csv").encode()))
    header, delimiter = header_of(lines)
    columns = columns_of(header, {})
    reading = Reading(columns, "transactions", Basis.OUTCOME, "acquirer", None, 1_770_940_800.0)
    made = [reading.label_of(row.cells) for row in rows_of(lines, delimiter)]
    assert [(one.about, one.name, one.note) for one in made] == [
        ("transaction", "71", "not received"),
        ("anomaly", "transactions-3-1042", "stolen"),
    ]


def test_the_names_of_columns_are_those_that_are_found() -> None:
    chargebacks = PAGE.partition("## Chargebacks")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (id|verdict|date|note) \| (.*?) \|", chargebacks, re.MULTILINE)
    known = {name for names in NAMES.values() for name in names}
    named = [name for _, text in rows for name in re.findall(r"`([a-z_]+)`", text)]
    assert len(named) > 10
    assert {name for name in named if name.replace("_", "") not in known} == set()


COMMANDS = re.findall(r"^faust -A anomaly_app.app label (.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_understood(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chargebacks.csv").touch()
    name, *words = shlex.split(line)
    command = label.get_command(click.Context(label), name)
    assert command is not None
    with command.make_context(name, words) as context:
        assert context.params
