"""``dlq list`` and ``dlq replay`` from the command line to a broker in memory and back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anomaly_app.dead_letters.command import dlq
from tests.support.factories import transaction
from tests.support.memory_kafka import MemoryBroker, clients_of

PARTITIONS = 2


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, model_folder: Path) -> Iterator[MemoryBroker]:
    monkeypatch.setenv("ANOMALY_MODEL", str(model_folder))
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    with clients_of(MemoryBroker()) as broker:
        for topic in ("transactions", "transactions-dlq"):
            broker.create(topic, PARTITIONS)
        yield broker


def add_letter(broker: MemoryBroker, value: bytes | None, *, offset: int, error: str) -> None:
    source = {"error": error, "source-topic": "transactions", "source-partition": "1"}
    headers = {**source, "source-offset": str(offset)}
    pairs = [(name, text.encode()) for name, text in headers.items()]
    broker.append("transactions-dlq", value, b"card-1", 1, 1_767_268_800_000 + offset, pairs)


@pytest.fixture
def letters(broker: MemoryBroker) -> MemoryBroker:
    """Two that would be accepted now, and one that would not."""
    add_letter(broker, transaction(20.0, id=1), offset=4, error="too-large: 900 bytes")
    add_letter(broker, b"{", offset=5, error="not-json: cut off")
    add_letter(broker, transaction(30.0, id=2), offset=6, error="wrong-type: of an old model")
    return broker


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(dlq, arguments, input=stdin)


def test_without_letters_the_list_says_so(broker: MemoryBroker) -> None:
    assert run("list").stdout == "no dead letters on transactions-dlq\n"


def test_the_list_has_counts_and_letters(letters: MemoryBroker) -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["WAITING", "REPLAYED", "REASON"]
    assert lines[4].split() == ["3", "0", "(all)"]
    assert [line.split()[0] for line in lines if line.startswith("1-")] == ["1-0", "1-1", "1-2"]
    found = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [one["reason"] for one in found] == ["too-large", "not-json", "wrong-type"]


def test_what_would_be_accepted_is_replayed_once(letters: MemoryBroker) -> None:
    assert run("replay", "--all").exit_code == 0
    values = sorted(letters.values("transactions"), key=str)
    assert values == [transaction(20.0, id=1), transaction(30.0, id=2)]
    assert {record.key for record in letters.records("transactions")} == {b"card-1"}
    assert run("replay", "--all").exit_code == 0
    assert len(letters.records("transactions")) == 2
    listed = run("list").stdout.splitlines()
    assert listed[4].split() == ["1", "2", "(all)"]


def test_a_dry_run_sends_nothing(letters: MemoryBroker) -> None:
    said = run("replay", "--all", "--dry-run").stdout
    assert [line.split()[0] for line in said.splitlines() if line.startswith("1-")] == [
        "1-0",
        "1-1",
        "1-2",
    ]
    assert letters.records("transactions") == []


def test_letters_are_replayed_by_reason_and_by_position(letters: MemoryBroker) -> None:
    assert run("replay", "--reason", "wrong-type").exit_code == 0
    assert letters.values("transactions") == [transaction(30.0, id=2)]
    assert run("replay", "--offset", "1-0").exit_code == 0
    assert len(letters.records("transactions")) == 2


def test_a_position_without_a_letter_is_refused_and_nothing_is_sent(letters: MemoryBroker) -> None:
    ended = run("replay", "--offset", "1-99")
    assert ended.exit_code == 1
    assert "there is no dead letter at 1-99 of transactions-dlq" in ended.stderr
    assert letters.records("transactions") == []


def test_a_replay_that_is_refused_goes_on_where_it_was(letters: MemoryBroker) -> None:
    letters.topic("transactions").max_message_bytes = 10
    ended = run("replay", "--all")
    assert ended.exit_code == 1
    assert "letter 1-0 (and 1 more) could not be sent to transactions" in ended.stderr
    assert "0 were replayed before that" in ended.stderr
    letters.topic("transactions").max_message_bytes = 1_000_000
    assert run("replay", "--all").exit_code == 0
    assert len(letters.records("transactions")) == 2


@pytest.mark.parametrize("command", [("list",), ("replay", "--all")])
def test_a_broker_that_is_away_is_one_line(letters: MemoryBroker, command: tuple[str, ...]) -> None:
    letters.is_down = True
    ended = run(*command)
    assert ended.exit_code == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("Error: no broker answers at kafka://127.0.0.1:9092")
