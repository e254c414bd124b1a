"""What a worker's store does with messages: what cannot be stored stops nothing.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from sqlalchemy import Engine

from anomaly_app.core.learning.label import Verdict
from anomaly_app.errors import PositionsMoved
from anomaly_app.store import rows as store_rows
from anomaly_app.store import store as store_module
from anomaly_app.store.batch import Place
from anomaly_app.store.comparing import Read, Told, compare
from anomaly_app.store.partitions import starts_of
from anomaly_app.store.retention import DAY, Retention, delete_old
from anomaly_app.store.rows import Made, Message
from anomaly_app.store.store import Store
from tests.support.factories import NOON
from tests.support.stores import (
    GROUP,
    TOPICS,
    anomaly_id,
    answer,
    contents,
    emptied,
    found,
    in_order,
    incident,
    label,
    member,
    rows,
    sqlite_store,
    take,
    verdicts,
)

HERE = Place(TOPICS.anomalies, 0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with sqlite_store(tmp_path_factory.mktemp("store")) as engine:
        yield engine


def new_store(engine: Engine) -> Store:
    made = Store(emptied(engine), TOPICS, GROUP)
    made.place({HERE: 0})
    return made


def poisoned(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the database refuse the rows of some anomalies."""

    def rows_of(message: Message, *rest: object) -> list[Made]:
        made = store_rows.rows_of(message, *rest)  # type: ignore[arg-type]
        for _, row in made:
            if row["id"] in names:
                row["severity"] = None
        return made

    monkeypatch.setattr(store_module, "rows_of", rows_of)


@pytest.mark.parametrize("bad", [[3], [0], [9], [2, 3, 7]])
def test_only_what_the_database_refuses_is_left_out(
    store: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    bad: list[int],
) -> None:
    poisoned(monkeypatch, *map(anomaly_id, bad))
    taking = new_store(store)
    messages = in_order(*(found(place) for place in range(10)))
    with caplog.at_level(logging.WARNING):
        assert taking.take(messages, {HERE: 0}) == {HERE: 10}
    assert sorted(verdicts(store)) == [anomaly_id(n) for n in range(10) if n not in bad]
    assert taking.counts.refused == len(bad)
    assert taking.counts.written["anomalies"] == 10 - len(bad)
    assert f"anomalies partition 0 offset {bad[0]} is not stored" in caplog.text
    assert taking.positions() == {HERE: 10}


def test_what_cannot_be_read_is_counted_and_passed(store: Engine) -> None:
    taking = new_store(store)
    messages = in_order(found(1), replace(found(2), value=b"{"), found(3))
    assert taking.take(messages, {HERE: 0}) == {HERE: 3}
    assert (taking.counts.unreadable, len(verdicts(store))) == (1, 2)


def test_a_store_that_was_emptied_says_so(store: Engine) -> None:
    taking = new_store(store)
    taking.take(in_order(found(1)), {HERE: 0})
    emptied(store)
    with pytest.raises(PositionsMoved):
        taking.take([replace(found(2), offset=1)], {HERE: 1})
    assert taking.counts.written == {"anomalies": 1}


def test_reading_goes_on_where_the_store_is() -> None:
    partitions = [TopicPartition("anomalies", place) for place in range(4)]
    known = {Place("anomalies", 0): 7, Place("anomalies", 1): 7, Place("anomalies", 2): 7}
    bounds = dict(zip(partitions, [(0, 9), (8, 9), (2, 5), (3, 4)], strict=True))
    starts, lost = starts_of(known, bounds)
    assert list(starts.values()) == [7, 8, 2, 3]
    assert lost == 1


def test_old_anomalies_without_a_label_are_deleted_and_nothing_else(store: Engine) -> None:
    take(
        emptied(store),
        in_order(
            *(found(1, time=NOON - 400 * DAY), found(2, time=NOON - 400 * DAY), found(3)),
            *(member(1, "i-1"), member(3, "i-1"), incident("i-1"), label(anomaly_id(2))),
        ),
    )
    assert delete_old(store, NOON - 365 * DAY) == 1
    assert verdicts(store) == {anomaly_id(2): "fraud", anomaly_id(3): None}
    assert [row["anomaly"] for row in rows(store, "members")] == [anomaly_id(3)]
    assert len(rows(store, "labels")) == 1


def test_deleting_goes_on_until_nothing_is_left_and_then_rests(store: Engine) -> None:
    take(
        emptied(store),
        in_order(*(found(n, time=NOON - 9 * DAY) for n in range(1_500))),
        at_once=900,
    )
    clock = [100.0]
    retention = Retention(store, 7, lambda: clock[0], lambda: NOON)
    assert [retention.step() for _ in range(3)] == [1_000, 500, 0]
    take(store, in_order(found(9, time=NOON - 9 * DAY)))
    assert retention.step() == 0
    clock[0] += 3_600.0
    assert retention.step() == 1


def test_nothing_is_deleted_if_the_settings_say_so(store: Engine) -> None:
    take(emptied(store), in_order(found(1, time=NOON - 4000 * DAY)))
    assert Retention(store, 0, lambda: 0.0, lambda: NOON).step() == 0
    assert len(verdicts(store)) == 1


TABLES = dict.fromkeys(("incidents", "members"), TOPICS.incidents) | dict.fromkeys(
    ("labels", "silences", "audit"), TOPICS.feedback
)


def told(engine: Engine, begin: int = 0, end: int = 99, *, whole: bool = True) -> Told:
    read = {Place(topic, 0): Read(begin, end) for topic in TOPICS}
    return Told(engine, read, TABLES | {"anomalies": TOPICS.anomalies}, 0.0, whole)


def test_a_comparison_names_what_differs(
    store: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages = in_order(found(1), found(2), found(3), member(1, "i-1"), answer("i-1"))
    with sqlite_store(tmp_path_factory.mktemp("other")) as other:
        take(emptied(store), messages)
        take(other, messages)
        assert all(one.is_same for one in compare(store, told(other)))
        take(emptied(store), [messages[0], messages[1], *messages[3:]])
        take(store, [replace(found(2, score=0.1), offset=1, timestamp=messages[1].timestamp + 9)])
        take(store, [replace(found(4), offset=5)])
        compared = {one.table: one for one in compare(store, told(other))}
        line = compared["anomalies"].line
        assert compared["anomalies"].differing == [anomaly_id(2)]
        assert compared["anomalies"].missing == [anomaly_id(3)]
        assert compared["anomalies"].extra == [anomaly_id(4)]
        assert line.startswith("anomalies: 1 rows are the same, 1 differ (transactions-0-2)")
        assert compared["members"].is_same


def test_what_is_newer_or_older_than_what_was_read_is_no_difference(
    store: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages = in_order(*(found(place) for place in range(6)))
    with sqlite_store(tmp_path_factory.mktemp("other")) as other:
        take(emptied(store), messages)
        take(other, messages[2:4])
        found_anomalies = compare(store, told(other, 2, 4))[0]
    assert found_anomalies.is_same
    assert (found_anomalies.same, found_anomalies.older, found_anomalies.newer) == (2, 2, 2)


def test_verdicts_are_not_compared_if_a_topic_has_lost_labels(
    store: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages = in_order(found(1), label(anomaly_id(1), Verdict.EXPECTED))
    with sqlite_store(tmp_path_factory.mktemp("other")) as other:
        take(emptied(store), messages)
        take(other, messages[:1])
        assert not compare(store, told(other))[0].is_same
        assert compare(store, told(other, whole=False))[0].is_same
    assert contents(store)["anomalies"][0]["verdict"] == "expected"
