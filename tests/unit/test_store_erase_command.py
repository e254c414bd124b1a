"""``store erase`` from the command line to a broker in memory and a file of SQLite."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from anomaly_app.core.feedback.action import Action
from anomaly_app.core.feedback.messages import Feedback, read_feedback
from anomaly_app.core.learning.label import About
from anomaly_app.erasing import command
from anomaly_app.incidents import saying
from anomaly_app.settings import Settings
from anomaly_app.store import schema
from anomaly_app.store.digests import Digests, digests_of, forms_of
from anomaly_app.store.writing import write
from tests.support.memory_kafka import MemoryBroker, clients_of
from tests.support.stores import (
    anomaly_id,
    batch_of,
    found,
    in_order,
    incident,
    label,
    member,
    rows,
    said,
    sqlite_store,
    take,
)

KEY = "a key of sixteen characters"


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBroker]:
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    monkeypatch.setenv("ANOMALY_GROUP", "tests")
    with clients_of(MemoryBroker()) as broker:
        broker.create("feedback")
        yield broker


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("ANOMALY_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    with sqlite_store(tmp_path) as engine:
        take(
            engine,
            in_order(
                *(found(1, "ann", transaction_id="t-1"), found(2, "bob"), member(1, "i-1")),
                *(incident("i-1", entity="ann"), label("t-1", about=About.TRANSACTION)),
            ),
        )
        yield engine


@pytest.fixture
def worker(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores what is said as soon as it is."""

    async def say_all(what: Sequence[Feedback], settings: Settings, progress: Any = None) -> None:
        await saying.say_all(what, settings, progress)
        write(store, batch_of([said(one) for one in what]), digests_of(settings))

    monkeypatch.setattr(command, "say_all", say_all)


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command.erase, arguments, input=stdin)


def lines_of(*arguments: str, stdin: str = "") -> list[str]:
    """Of a command that did what it should."""
    ended = run(*arguments, stdin=stdin)
    assert (ended.exit_code, ended.stderr) == (0, ""), ended.output
    return ended.stdout.splitlines()


def refused(*arguments: str) -> str:
    """The one line of a command that did nothing."""
    ended = run(*arguments)
    assert ended.exit_code == 1
    return ended.output.splitlines()[-1]


def on_topic(broker: MemoryBroker) -> list[Action]:
    found = [read_feedback(value, "tests") for value in broker.values("feedback")]
    return [one for one in found if isinstance(one, Action)]


@pytest.mark.usefixtures("worker")
def test_what_is_erased_is_said_before_and_after(broker: MemoryBroker, store: Engine) -> None:
    lines = lines_of("ann", "--user", "ada", stdin="y\n")
    assert lines[0].endswith("has of it: 1 anomalies, 1 labels, 1 incidents")
    assert lines[-1] == "erased: 1 anomalies, 1 labels, 1 incidents"
    assert [row["id"] for row in rows(store, "anomalies")] == [anomaly_id(2)]
    [action] = on_topic(broker)
    assert (action.action, action.user, action.via) == ("erase", "ada", "command")


@pytest.mark.usefixtures("worker")
def test_the_name_is_in_no_message(broker: MemoryBroker, store: Engine) -> None:
    lines_of("ann", "--yes", "--user", "ada")
    lines_of("a name of more than sixty-four characters, " * 3, "--yes", "--user", "ada")
    written = b"".join(value for value in broker.values("feedback") if value)
    assert b'ann"' not in written
    assert b"a name" not in written
    assert len(on_topic(broker)) == 1 + len(forms_of("a name of more than sixty-four " * 6))
    assert {row["action"] for row in rows(store, "audit")} == {"erase", "label"}


def test_nothing_is_said_without_a_yes(broker: MemoryBroker, store: Engine) -> None:
    ended = run("ann", stdin="n\n")
    assert ended.exit_code == 1
    assert on_topic(broker) == []
    assert len(rows(store, "anomalies")) == 2


@pytest.mark.usefixtures("store")
def test_without_a_worker_it_is_done_later(broker: MemoryBroker) -> None:
    lines = lines_of("ann", "--yes", "--wait", "0.3")
    assert lines[-1] == "no worker has done it within 0.3 s: it is done as soon as one runs"
    assert len(on_topic(broker)) == 1


@pytest.mark.usefixtures("worker")
def test_a_key_makes_other_digests(
    broker: MemoryBroker, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_HASH_KEY", KEY)
    assert any("hash=" in line for line in lines_of("nobody", "--yes"))
    lines_of("ann", "--yes")
    subjects = {one.subject for one in on_topic(broker)}
    assert Digests(KEY.encode()).marks("ann")[0].text in subjects
    assert Digests().marks("ann")[0].text not in subjects
    assert [row["entity"] for row in rows(store, "anomalies")] == ["bob"]


@pytest.mark.usefixtures("worker", "broker")
def test_any_text_can_be_the_name(store: Engine) -> None:
    take(store, in_order(found(3, "a\ufffdb"), found(4, "x" * 700), found(5, "-x")))
    # As a shell gives bytes that are not UTF-8.
    lines_of("a\udcffb", "--yes")
    lines_of("x" * 700, "--yes")
    lines_of("--yes", "--", "-x")
    assert [row["entity"] for row in rows(store, "anomalies")] == ["ann", "bob"]


@pytest.mark.usefixtures("broker")
def test_errors_are_one_line(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ENTITY is a name" in refused("")
    assert "ENTITY is a name" in refused("•••")
    assert "needs a user" in refused("ann", "--yes", "--user", "")
    schema.downgrade(store, "1")
    assert "has schema 1, and this app needs 2" in refused("ann", "--yes")
    monkeypatch.setenv("ANOMALY_STORE", "none")
    assert "ANOMALY_STORE is none" in refused("ann", "--yes")


def test_a_broker_without_the_topic_is_an_error_of_one_line(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    with clients_of(MemoryBroker()):
        assert "feedback" in refused("ann", "--yes")
    assert len(rows(store, "anomalies")) == 2
