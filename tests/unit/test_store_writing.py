"""What messages come to in the store, whatever the order and however often they arrive.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from anomaly_app.core.learning.label import About, Basis, Verdict
from anomaly_app.errors import PositionsMoved, RowsRefused
from anomaly_app.store.batch import Place, Step
from anomaly_app.store.engine import writing
from anomaly_app.store.writing import positions_in, set_positions, write
from tests.support.factories import NOON
from tests.support.store_oracle import expected_verdicts
from tests.support.stores import (
    GROUP,
    TOPICS,
    Message,
    anomaly_id,
    answer,
    batch_of,
    contents,
    emptied,
    expiry,
    follow,
    found,
    in_order,
    incident,
    label,
    member,
    rows,
    said,
    silence,
    sqlite_store,
    take,
    undo,
    verdicts,
)

__all__ = ["GROUP", "said"]

PLACES = st.integers(0, 3)
ENTITIES = st.sampled_from(["card-1", "card-2"])
TRANSACTIONS = st.sampled_from([None, "t-1", "t-2"])
INCIDENTS = st.sampled_from(["i-1", "i-2", "i-3"])
IDS = st.sampled_from(["l-1", "l-2", "l-3", "l-4"])
USERS = st.sampled_from(["ann", "bob", "cid"])
MOMENTS = st.integers(-3, 3).map(lambda hours: NOON + 3600.0 * hours)
VERDICTS = st.sampled_from(Verdict)


@st.composite
def labels(draw: st.DrawFn) -> Message:
    about = draw(st.sampled_from(About))
    names = {
        About.ANOMALY: PLACES.map(anomaly_id),
        About.TRANSACTION: st.sampled_from(["t-1", "t-2"]),
        About.ENTITY: ENTITIES,
    }
    at, times = draw(MOMENTS), {}
    if about == About.ENTITY:
        until = draw(st.none() | MOMENTS)
        since = draw(st.none() | MOMENTS)
        # A label whose time ends before it begins is refused.
        ends = at if until is None else min(at, until)
        times = {"since": None if since is None else min(since, ends), "until": until}
    return label(
        draw(names[about]),
        draw(VERDICTS),
        named=draw(IDS),
        about=about,
        basis=draw(st.sampled_from(Basis)),
        user=draw(USERS),
        at=at,
        **times,
    )


MESSAGES = st.one_of(
    st.builds(found, PLACES, ENTITIES, MOMENTS, TRANSACTIONS),
    st.builds(member, PLACES, INCIDENTS),
    st.builds(incident, INCIDENTS, st.none() | INCIDENTS),
    labels(),
    st.builds(answer, INCIDENTS, VERDICTS.map(str), named=IDS, user=USERS, at=MOMENTS),
    st.builds(undo, IDS, named=st.just("u-1"), user=USERS, at=MOMENTS),
    st.builds(silence, st.just("s-1"), user=USERS),
    st.builds(expiry, st.just("s-1"), at=MOMENTS),
)

STREAMS = st.lists(MESSAGES, min_size=1, max_size=30).map(lambda made: in_order(*made))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with sqlite_store(tmp_path_factory.mktemp("store")) as engine:
        yield engine


@given(stream=STREAMS, at_once=st.integers(1, 30), shuffle=st.randoms(use_true_random=False))
def test_order_repetition_and_batches_change_nothing(
    store: Engine, stream: list[Message], at_once: int, shuffle: random.Random
) -> None:
    take(emptied(store), stream)
    expected = contents(store)
    again = stream + shuffle.choices(stream, k=len(stream) // 2)
    shuffle.shuffle(again)
    take(emptied(store), again, at_once=at_once)
    assert contents(store) == expected


@given(stream=STREAMS, at_once=st.integers(1, 30))
def test_verdicts_are_those_of_all_messages_put_together(
    store: Engine, stream: list[Message], at_once: int
) -> None:
    take(emptied(store), stream, at_once=at_once)
    assert verdicts(store) == expected_verdicts(stream)


def test_a_message_stands_in_its_table_once(store: Engine) -> None:
    messages = in_order(
        *(found(1), member(1, "i-1"), incident("i-1"), label(anomaly_id(1)), silence(), expiry())
    )
    follow(emptied(store), messages, at_once=2)
    take(store, messages)
    counts = {table: len(found) for table, found in contents(store).items()}
    assert counts == {
        "anomalies": 1,
        "incidents": 1,
        "members": 1,
        "labels": 1,
        "silences": 1,
        "audit": 3,
        "erased": 0,
    }


def test_columns_are_what_the_message_says(store: Engine) -> None:
    take(emptied(store), in_order(found(7, transaction_id="t-7"), member(7, "i-1")))
    [row] = rows(store, "anomalies")
    assert row["id"] == "transactions-0-7"
    assert row["transaction_id"] == "t-7"
    assert row["feature"] == "amount"
    assert row["time"].timestamp() == NOON
    assert row["incident"] == "i-1"
    assert row["verdict"] is None
    assert 0.0 < row["borderline"] < 1.0
    assert row["features_json"] == '{"amount":950.0,"shop":"casino"}'


def test_an_answer_reaches_what_was_merged_into_its_incident(store: Engine) -> None:
    take(
        emptied(store),
        in_order(found(1), member(1, "i-1"), answer("i-2"), incident("i-1", merged_into="i-2")),
        at_once=1,
    )
    [row] = rows(store, "anomalies")
    assert (row["incident"], row["verdict"]) == ("i-2", "fraud")


def test_incidents_merged_in_a_circle_end(store: Engine) -> None:
    circle = in_order(found(1), member(1, "i-1"), incident("i-1", "i-2"), incident("i-2", "i-1"))
    take(emptied(store), circle)
    [row] = rows(store, "anomalies")
    assert row["incident"] == "i-2"


def test_what_is_taken_back_is_no_verdict_any_more(store: Engine) -> None:
    messages = in_order(found(1), label(anomaly_id(1), named="l-1"))
    take(emptied(store), messages)
    assert verdicts(store) == {anomaly_id(1): "fraud"}
    take(store, [replace(undo("l-1", user="bob"), offset=1)])
    assert verdicts(store) == {anomaly_id(1): None}
    [row] = rows(store, "labels")
    assert (row["undone_at"].timestamp(), row["undone_by"]) == (NOON + 7200, "bob")


def test_two_of_two_opinions_are_disputed(store: Engine) -> None:
    take(
        emptied(store),
        in_order(
            found(1),
            label(anomaly_id(1), named="l-1", user="ann"),
            label(anomaly_id(1), Verdict.EXPECTED, named="l-2", user="bob"),
        ),
    )
    assert verdicts(store) == {anomaly_id(1): "disputed"}


def test_the_trail_has_who_did_what_and_when(store: Engine) -> None:
    take(emptied(store), in_order(answer("i-1", "take"), silence(), expiry(), undo("p-1")))
    trail = [(row["action"], row["subject"], row["user_name"]) for row in rows(store, "audit")]
    assert trail == [
        ("take", "i-1", "ann"),
        ("silence", "s-1", "ann"),
        ("expire", "s-1", "bob"),
        ("undo", "p-1", "ann"),
    ]
    [row] = rows(store, "silences")
    assert (row["ended_at"].timestamp(), row["ended_by"]) == (NOON + 60, "bob")
    assert rows(store, "labels") == []


def test_what_is_for_another_group_is_left_out(store: Engine) -> None:
    strange = replace(label(), value=label().value.replace(b'"tests"', b'"other"'))  # type: ignore[union-attr]
    take(emptied(store), [strange])
    assert rows(store, "audit") == []


def test_positions_go_with_the_rows_and_only_forward(store: Engine) -> None:
    place = Place(TOPICS.anomalies, 0)
    with writing(emptied(store)) as connection:
        set_positions(connection, {place: 0})
    write(store, batch_of([found(1)], {place: Step(0, 5)}))
    write(store, batch_of([found(1)], {place: Step(0, 1)}))
    with writing(store) as connection:
        assert positions_in(connection) == {place: 5}
        set_positions(connection, {place: 2})
    with writing(store) as connection:
        assert positions_in(connection) == {place: 2}


def test_a_store_that_was_emptied_takes_nothing_out_of_the_middle(store: Engine) -> None:
    emptied(store)
    with pytest.raises(PositionsMoved, match="up to offset none, not 10"):
        write(store, batch_of([found(1)], {Place(TOPICS.anomalies, 0): Step(10, 11)}))
    assert rows(store, "anomalies") == []


def test_nothing_of_a_batch_is_written_if_the_database_refuses_a_row(store: Engine) -> None:
    place = Place(TOPICS.anomalies, 0)
    batch = batch_of([found(1), found(2)], {place: Step(-1, 2)})
    batch.rows["anomalies"][1]["score"] = None
    with pytest.raises(RowsRefused, match="ANOMALY_STORE"):
        write(emptied(store), batch)
    assert contents(store, positions=True)["anomalies"] == []
    assert contents(store, positions=True)["positions"] == []
