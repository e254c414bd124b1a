"""``label`` from the command line to a broker in memory and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.messages import Feedback, feedback_key, read_feedback, write_feedback
from anomaly_app.core.learning.label import Basis, Label, Undo
from anomaly_app.labels.command import label
from tests.support.incidents import NOON
from tests.support.memory_kafka import MemoryBroker, clients_of

GROUP = "anomaly-app"

RUMOUR = b"no feedback at all"


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBroker]:
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    with clients_of(MemoryBroker()) as broker:
        broker.create("feedback")
        yield broker


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(label, arguments, input=stdin)


def said_by(*arguments: str, stdin: str = "") -> list[str]:
    """Lines of a command that did what it should."""
    ended = run(*arguments, stdin=stdin)
    assert (ended.exit_code, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout.splitlines()


def refused(*arguments: str, stdin: str = "") -> str:
    """The one line of a command that did nothing."""
    ended = run(*arguments, stdin=stdin)
    assert ended.exit_code == 1
    return ended.stderr.splitlines()[-1]


def on_topic(broker: MemoryBroker) -> list[Feedback]:
    values = [value for value in broker.values("feedback") if value != RUMOUR]
    found = [read_feedback(value, GROUP) for value in values]
    return [one for one in found if one is not None]


def say_in_slack(broker: MemoryBroker, action: str = "fraud", group: str = GROUP) -> None:
    press = Press(
        id=f"p-{action}", incident="i-1", action=action, user="grace", receiver="slack", at=NOON
    )
    broker.append("feedback", write_feedback(press, group), feedback_key(press))


def listed(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said_by("list", "--json", *arguments)]


def test_a_label_is_on_the_topic_with_who_when_and_what(broker: MemoryBroker) -> None:
    [name] = said_by(
        *("add", "fraud", "--anomaly", "transactions-3-1042", "--user", "ada"),
        *("--note", "a stolen card", "--outcome"),
    )
    [said] = on_topic(broker)
    assert isinstance(said, Label)
    assert (said.id, said.name, said.verdict, said.basis) == (
        *(name, "transactions-3-1042", "fraud", Basis.OUTCOME),
    )
    assert (said.user, said.via, said.note) == ("ada", "command", "a stolen card")


def test_several_are_labelled_at_once_each_with_an_id(broker: MemoryBroker) -> None:
    names = said_by(
        *("add", "expected", "--entity", "card-1", "--entity", "card-2"),
        *("--transaction", "71", "--incident", "i-7", "--user", "ada"),
    )
    said = {one.id: one for one in on_topic(broker)}
    assert len({*names}) == 4
    found = [said[name] for name in names]
    assert [one.name for one in found if isinstance(one, Label)] == ["71", "card-1", "card-2"]
    [answer] = [one for one in found if isinstance(one, Press)]
    assert (answer.incident, answer.action, answer.receiver) == ("i-7", "expected", "")


def test_the_label_of_an_entity_may_be_for_a_time(broker: MemoryBroker) -> None:
    said_by(
        *("add", "fraud", "--entity", "card-1", "--user", "ada"),
        *("--since", "2026-01-05T20:00Z", "--until", "2026-01-06T06:00:00+01:00"),
    )
    [said] = on_topic(broker)
    assert isinstance(said, Label)
    assert said.since is not None
    assert said.until is not None
    assert said.until - said.since == 9 * 3_600.0


def test_labels_and_answers_are_listed_and_taken_back(broker: MemoryBroker) -> None:
    say_in_slack(broker)
    say_in_slack(broker, "take")
    say_in_slack(broker, "expected", group="another")
    broker.append("feedback", RUMOUR)
    [name] = said_by("add", "expected", "--entity", "card-\x1b[2J", "--user", "ada")
    first, second = listed()
    assert (first["about"], first["name"], first["via"]) == ("incident", "i-1", "slack")
    assert (second["id"], second["basis"], second["undone_by"]) == (name, "opinion", None)

    assert said_by("undo", name, "p-fraud", "--user", "bob") == ["2 label(s) taken back"]
    assert said_by("undo", name) == ["0 label(s) taken back; 1 had been before"]
    assert [one["undone_by"] for one in listed()] == ["bob", "bob"]
    assert len([one for one in on_topic(broker) if isinstance(one, Undo)]) == 2

    head, *rows = said_by("list")
    assert head.split("  ")[0] == "ID"
    assert [row.split()[0] for row in rows] == ["p-fraud", name]
    assert all(row.isprintable() for row in rows)
    assert "entity card-\\x1b[2J" in rows[1]


def test_what_comes_again_with_the_same_id_changes_nothing(broker: MemoryBroker) -> None:
    for verdict in ("fraud", "expected"):
        wish = {"id": "case-7", "about": "transaction", "name": "71", "verdict": verdict}
        message = {"type": "label", "user": "ada", "at": NOON, **wish}
        broker.append("feedback", json.dumps(message).encode(), b"case-7")
    for user in ("bob", "eve"):
        undo = {"type": "undo", "id": f"u-{user}", "said": "case-7", "user": user, "at": NOON}
        broker.append("feedback", json.dumps(undo).encode(), b"case-7")
    [one] = listed()
    assert (one["verdict"], one["undone_by"]) == ("fraud", "bob")


def test_a_take_is_no_label_but_can_be_taken_back(broker: MemoryBroker) -> None:
    say_in_slack(broker, "take")
    assert said_by("list") == ["there are no labels"]
    assert said_by("undo", "p-take") == ["1 label(s) taken back"]


def test_the_latest_are_shown_unless_all_are_asked_for(broker: MemoryBroker) -> None:
    names = [name for n in range(25) for name in said_by("add", "fraud", "--entity", f"c-{n}")]
    _, *rows, more = said_by("list")
    assert len(rows) == 20
    assert more == "5 older are not shown: --all shows them"
    assert {row.split()[0] for row in said_by("list", "--all")[1:]} == {*names}
    assert [one["name"] for one in listed("--entity", "c-3", "--entity", "c-9")] == ["c-3", "c-9"]
    assert said_by("list", "--anomaly", "c-3") == ["there are no such labels"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("add", "fraud"), "say of what: --anomaly, --incident, --transaction or --entity"),
        (("add", "fraud", "--anomaly", "card-1"), "is no anomaly: its id is TOPIC-PARTITION"),
        (("add", "fraud", "--incident", "a/b"), "it names no incident"),
        (("add", "fraud", "--incident", "i-1", "--outcome"), "is an answer, an opinion"),
        (("add", "fraud", "--entity", "c", "--since", "now"), "time 'now' is neither ISO 8601"),
        (("add", "fraud", "--transaction", "7", "--since", "2026-01-05"), "only the label of an"),
        (("add", "fraud", "--entity", "c", "--user", " "), "say who"),
        (("undo", "no id"), '"no id" is not the id of a label'),
        (("undo", "s-0"), "there is no label s-0: `label list` has those there are"),
        (("undo", "s-0", "--user", ""), "an undo needs a user"),
    ],
)
def test_what_cannot_be_said_is_one_line_and_nothing_is_kept(
    broker: MemoryBroker, arguments: tuple[str, ...], line: str
) -> None:
    assert line in refused(*arguments)
    assert broker.values("feedback") == []


@pytest.mark.parametrize(
    "arguments", [("add", "fraud", "--entity", "c"), ("list",), ("undo", "s-0")]
)
def test_without_the_topic_or_the_broker_there_is_one_line(
    broker: MemoryBroker, arguments: tuple[str, ...]
) -> None:
    del broker.topics["feedback"]
    assert "feedback does not exist" in refused(*arguments)
    broker.is_down = True
    assert "no broker answers" in refused(*arguments)


CHARGEBACKS = """transaction_id;amount;reported_at;reason
71;12.50;2026-01-05;not received
transactions-3-1042;950;2026-01-06T10:00:00Z;"stolen;
lost"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chargebacks.csv"
    path.write_bytes(b"\xef\xbb\xbf" + CHARGEBACKS.encode())
    return path


def test_a_file_of_chargebacks_is_imported_once(broker: MemoryBroker, file: Path) -> None:
    columns, dry = said_by("import", str(file), "--dry-run")
    assert columns == (
        'columns: id is "transaction_id", date is "reported_at", note is "reason"; all are fraud'
    )
    assert dry == (
        f"2 label(s) would be added from {file} (2 fraud); 0 known before, 0 line(s) left out"
    )
    assert on_topic(broker) == []
    assert said_by("import", str(file))[-1].startswith("2 label(s) added from ")
    for _ in range(2):
        assert said_by("import", str(file))[-1] == (
            f"0 label(s) added from {file}; 2 known before, 0 line(s) left out"
        )
    first, second = sorted(on_topic(broker), key=lambda one: one.at)
    assert isinstance(first, Label)
    assert isinstance(second, Label)
    assert (first.about, first.name, first.note) == ("transaction", "71", "not received")
    assert (second.about, second.name, second.note) == (
        *("anomaly", "transactions-3-1042", "stolen; lost"),
    )
    assert {first.basis, second.basis} == {Basis.OUTCOME}
    assert (first.via, first.at) == ("file", 1_767_571_200.0)


def test_what_was_taken_back_stays_so_when_its_file_is_imported_again(
    broker: MemoryBroker, file: Path
) -> None:
    said_by("import", str(file))
    first, _ = listed()
    said_by("undo", first["id"], "--user", "ada")
    said_by("import", str(file))
    assert [one["undone_by"] for one in listed()] == ["ada", None]


def test_lines_that_are_no_label_are_told_and_counted(broker: MemoryBroker, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    bad = "".join(f",fraud,2026-01-0{n}\n" for n in range(1, 9))
    path.write_text("id,fraud,date\n1,maybe,2026-01-01\n2,1,2126-01-01\n3,0,2026-01-05\n" + bad)
    ended = run("import", str(path))
    assert ended.exit_code == 0
    assert ended.stderr.splitlines() == [
        'line 2 is left out: its label "maybe" is neither fraud nor expected',
        "line 3 is left out: bad-time: time 2126-01-01 is not between the years 1970 and 2100",
        *(f"line {n} is left out: it has no id" for n in (5, 6, 7)),
        "further lines that are left out are only counted",
    ]
    assert ended.stdout.splitlines()[-1] == (
        f"1 label(s) added from {path} (1 expected); 0 known before, 10 line(s) left out"
    )
    path.write_text("id\n\n")
    assert "0 label(s) added" in said_by("import", str(path))[-1]
    path.write_text("id,fraud\n1,perhaps\n")
    assert refused("import", str(path)) == f"Error: no line of {path} is a label"


def test_a_file_may_come_through_a_pipe(broker: MemoryBroker) -> None:
    lines = said_by("import", "-", "--id", "payment", "--user", "bank", stdin="Payment\n7\n7\n")
    assert lines[0] == 'columns: id is "Payment"; all are fraud; all are known from now on'
    assert lines[1].endswith("(1 fraud); 1 known before, 0 line(s) left out")
    [said] = on_topic(broker)
    assert isinstance(said, Label)
    assert (said.name, said.user) == ("7", "bank")
    assert (
        "1 known before"
        in said_by("import", "-", "--id", "payment", "--user", "bank", stdin="Payment\n7\n")[1]
    )


def test_a_big_file_is_sent_completely(broker: MemoryBroker, tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("txn\n" + "".join(f"{n}\n" for n in range(1_234)))
    assert said_by("import", str(path))[-1].startswith("1,234 label(s) added")
    assert len({one.id for one in on_topic(broker)}) == 1_234


@pytest.mark.parametrize(
    ("content", "options", "line"),
    [
        (b"", (), "the first line of the file has no names of columns"),
        (b"amount,shop\n1,2\n", (), "Name it with --id; the columns are amount, shop"),
        (b"id\n1\n", ("--date", "day"), 'there is no column "day"; the columns are id'),
        (b"id\n1\n", ("--time-format", "%"), "the time format '%' cannot be read"),
        (b"id\n1\n", ("--user", ""), "say who"),
        ("id\n1\n".encode("utf-16"), (), "the file is no text in UTF-8"),
        (b"x" * 20_000 + b"\n", (), "it has more than 10,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    broker: MemoryBroker, tmp_path: Path, content: bytes, options: tuple[str, ...], line: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert line in refused("import", str(path), *options)
    assert broker.values("feedback") == []


@pytest.mark.parametrize("command", ["", "add", "undo", "list", "import"])
def test_help_is_there_for_each_command(command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage: ")
