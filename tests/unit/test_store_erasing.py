"""Entities that are erased: nothing names them any more, whatever the order of messages.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from anomaly_app.core.feedback.action import Action
from anomaly_app.core.learning.label import About, Verdict
from anomaly_app.core.times import iso_time
from anomaly_app.store.batch import Place
from anomaly_app.store.comparing import Read, Told, compare
from anomaly_app.store.digests import Digests
from anomaly_app.store.redacting import redacted
from anomaly_app.store.store import Store
from anomaly_app.store.tables import metadata
from anomaly_app.store.tombstones import copy_erased
from tests.support.erasing_oracle import left_in, not_erased
from tests.support.factories import NOON
from tests.support.store_oracle import expected_verdicts
from tests.support.stores import (
    GROUP,
    TOPICS,
    Message,
    anomaly_id,
    answer,
    contents,
    emptied,
    erasure,
    expiry,
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

NAMES = ("card-1", "card-12", "card-1 b")
"""One is in the others: as a part of a word, and as a word."""

ENTITIES = st.sampled_from(NAMES)
TRANSACTIONS = st.sampled_from([None, "t-1", "t-2"])
PLACES = st.integers(0, 4)
INCIDENTS = st.sampled_from(["i-1", "i-2", "i-3"])
IDS = st.sampled_from(["l-1", "l-2", "l-3", "l-4"])
USERS = st.sampled_from(["ann", "bob"])
MOMENTS = st.integers(-3, 3).map(lambda hours: NOON + 3600.0 * hours)
NOTES = st.sampled_from(["", "of card-1", "card-1 b: known", "xcard-12", "card-12", "erased"])


@st.composite
def said_of_something(draw: st.DrawFn) -> Message:
    about = draw(st.sampled_from(About))
    named = {
        About.ANOMALY: PLACES.map(anomaly_id),
        About.TRANSACTION: st.sampled_from(["t-1", "t-2", "card-12"]),
        About.ENTITY: ENTITIES,
    }
    return label(
        draw(named[about]),
        draw(st.sampled_from(Verdict)),
        named=draw(IDS),
        about=about,
        user=draw(USERS),
        at=draw(MOMENTS),
        note=draw(NOTES),
    )


@st.composite
def documents(draw: st.DrawFn) -> Message:
    return incident(
        draw(INCIDENTS),
        draw(st.none() | INCIDENTS),
        entity=draw(st.none() | ENTITIES),
        title=draw(NOTES),
        sample=[{"entity": draw(ENTITIES)}],
        opened=iso_time(draw(MOMENTS)),
    )


@st.composite
def streams(draw: st.DrawFn) -> list[Message]:
    # An anomaly's id is a place in Kafka: all of its messages are of one record.
    records = [
        found(place, draw(ENTITIES), draw(MOMENTS), draw(TRANSACTIONS)) for place in range(5)
    ]
    messages = st.one_of(
        st.sampled_from(records),
        st.builds(member, PLACES, INCIDENTS),
        documents(),
        said_of_something(),
        st.builds(answer, INCIDENTS, st.just("fraud"), named=IDS, user=USERS, note=NOTES),
        st.builds(undo, IDS, named=st.just("u-1"), user=USERS, at=MOMENTS),
        st.builds(
            silence,
            st.just("s-1"),
            at=MOMENTS,
            note=NOTES,
            matchers=st.tuples(ENTITIES.map(lambda name: f'entity="{name}"')),
        ),
        st.builds(expiry, st.just("s-1"), at=MOMENTS),
        st.builds(erasure, ENTITIES, MOMENTS),
    )
    return in_order(*draw(st.lists(messages, min_size=1, max_size=25)))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with sqlite_store(tmp_path_factory.mktemp("store")) as engine:
        yield engine


@given(stream=streams(), at_once=st.integers(1, 25), shuffle=st.randoms(use_true_random=False))
def test_what_is_left_depends_on_no_order_repetition_or_batch(
    store: Engine, stream: list[Message], at_once: int, shuffle: random.Random
) -> None:
    take(emptied(store), stream)
    expected = contents(store)
    again = stream + shuffle.choices(stream, k=len(stream) // 2)
    shuffle.shuffle(again)
    take(emptied(store), again, at_once=at_once)
    assert contents(store) == expected


@given(stream=streams(), at_once=st.integers(1, 25))
def test_what_is_left_is_what_all_messages_together_leave(
    store: Engine, stream: list[Message], at_once: int
) -> None:
    take(emptied(store), stream, at_once=at_once)
    left = not_erased(stream, NAMES)
    kept = contents(store)
    assert {
        "anomaly": {row["id"] for row in kept["anomalies"]},
        "incident": {row["id"] for row in kept["incidents"]},
        "label": {row["id"] for row in kept["labels"]},
        "member": {row["anomaly"] for row in kept["members"]},
    } == left_in(left)
    assert verdicts(store) == expected_verdicts(left)


HOUR = 3600.0

SMALL = {
    "a label that named something else before": (
        label("t-9", about=About.TRANSACTION),
        label("card-1", about=About.ENTITY),
        erasure("card-1"),
    ),
    "a member that came between two erasures": (
        found(1, time=NOON - 2 * HOUR),
        member(1, "i-1"),
        erasure("card-1", NOON - HOUR),
        erasure("card-1", NOON + HOUR, named="e-2"),
    ),
    "labels before their anomaly": (
        found(1, transaction_id="t-1"),
        label("t-1", named="l-1", note="of a friend", about=About.TRANSACTION),
        label(anomaly_id(1), named="l-2"),
        erasure("card-1"),
    ),
    "a label of two entities": (
        found(1, transaction_id="t-1"),
        found(2, "card-2", transaction_id="t-1"),
        label("t-1", about=About.TRANSACTION),
        erasure("card-1"),
    ),
    "an incident on the way to another one": (
        found(1, "card-2"),
        member(1, "i-1"),
        incident("i-1", "i-2"),
        answer("i-2"),
        erasure("card-1"),
    ),
    "an incident that was about more before": (
        incident("i-1", entity=None, title="2 entities"),
        incident("i-1", entity="card-1"),
        erasure("card-1"),
    ),
    "an anomaly that somebody else had before": (
        found(1, "card-2"),
        found(1, "card-1"),
        erasure("card-1"),
    ),
    "two names in one text": (
        incident("i-1", entity=None, title="card-1 and card-1 b"),
        erasure("card-1"),
        erasure("card-1 b", named="e-2"),
    ),
}

LEFT: dict[str, tuple[list[str], list[str], list[str]]] = {
    "a label that named something else before": ([], [], []),
    "a member that came between two erasures": ([], [], []),
    "labels before their anomaly": ([], [], []),
    "a label of two entities": ([anomaly_id(2)], [], []),
    "an incident on the way to another one": ([anomaly_id(1)], [anomaly_id(1)], ["p-1"]),
    "an incident that was about more before": ([], [], []),
    "an anomaly that somebody else had before": ([], [], []),
    "two names in one text": ([], [], []),
}


@pytest.mark.parametrize("name", SMALL)
def test_every_order_of_some_messages_leaves_the_same(store: Engine, name: str) -> None:
    stream = in_order(*SMALL[name])
    take(emptied(store), stream)
    expected = contents(store)
    assert (
        [row["id"] for row in expected["anomalies"]],
        [row["anomaly"] for row in expected["members"]],
        [row["id"] for row in expected["labels"]],
    ) == LEFT[name]
    assert {row["verdict"] for row in expected["anomalies"]} <= {None}
    assert "friend" not in texts(store)
    for order in permutations(stream):
        take(emptied(store), order, at_once=1)
        assert contents(store) == expected
        take(store, order)
        assert contents(store) == expected


def test_a_place_that_belongs_to_somebody_else_by_now_is_settled_again(store: Engine) -> None:
    first = in_order(found(1), member(1, "i-1"), erasure("card-1", NOON + HOUR))
    later = replace(found(1, "card-2"), offset=9, timestamp=int((NOON + 2 * HOUR) * 1000))
    take(emptied(store), [first[0], later, first[2]])
    take(store, first[1:2])
    take(store, [first[0], *first[1:]])
    [row] = rows(store, "anomalies")
    assert (row["entity"], row["incident"], rows(store, "members")) == ("card-2", None, [])


def everything(name: str) -> list[Message]:
    """Messages of all kinds that name an entity."""
    return [
        found(1, name, transaction_id="t-1"),
        member(1, "i-1"),
        incident("i-1", entity=name, title=name),
        incident("i-2", entity=None, title=f"2 entities: {name}", sample=[{"entity": name}]),
        label(name[:300], named="l-1", about=About.ENTITY),
        label(anomaly_id(1), named="l-2"),
        label("t-1", named="l-3", about=About.TRANSACTION, note="a letter"),
        label("t-9", named="l-4", about=About.TRANSACTION, note=f"as {name[:300]} did"),
        answer("i-2", note=f"{name[:300]} again"),
        silence(matchers=(f"entity={name[:300]}",), note=f"{name[:300]} is away"),
        said(
            Action(
                id="a-1",
                action="export",
                subject=f"entity={name[:300]} verdict=fraud",
                user="ann",
                at=NOON,
            )
        ),
    ]


def texts(store: Engine) -> str:
    return repr([[*row.values()] for found in contents(store).values() for row in found])


def test_nothing_names_what_is_erased_and_the_rest_stays(store: Engine) -> None:
    stream = in_order(*everything("card-7"), found(2, "card-77"), erasure("card-7"))
    take(emptied(store), stream)
    kept = contents(store)
    assert "card-7" not in texts(store).replace("card-77", "")
    assert [row["entity"] for row in kept["anomalies"]] == ["card-77"]
    assert kept["members"] == []
    assert [row["id"] for row in kept["incidents"]] == ["i-2"]
    assert [row["id"] for row in kept["labels"]] == ["l-4", "p-1"]
    assert [row["note"] for row in kept["labels"]] == ["erased", "erased"]
    assert kept["silences"][0]["matchers_json"] == '["erased"]'
    trail = {row["said"]: row for row in kept["audit"]}
    assert {trail[name]["subject"] for name in ("l-1", "l-2", "l-3", "a-1")} == {"erased"}
    assert "t-1" not in trail["l-3"]["detail_json"]
    assert "a letter" not in trail["l-3"]["detail_json"]
    assert all(
        (row["user_name"], row["at"].tzinfo is not None) == ("ann", True) for row in trail.values()
    )


HOSTILE = [
    "x" * 1_000,
    "y " * 400,
    "a\0b",
    "line\nline\t\u202eback",
    '"quoted" \\ and {braces}',
    "ünïcödé 🂡",
    "-",
    "%",
    "'; drop table anomalies --",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("is_first", [True, False])
def test_any_name_can_be_erased(store: Engine, name: str, is_first: bool) -> None:
    marks = [erasure(name, form=n) for n in range(len(Digests().marks(name)))]
    stream = [found(1, name), incident("i-1", entity=name[:40]), incident("i-2", title=name)]
    messages = in_order(*marks, *stream) if is_first else in_order(*stream, *marks)
    take(emptied(store), messages)
    assert rows(store, "anomalies") == []
    titles = {row["id"]: row["title"] for row in rows(store, "incidents")}
    assert titles["i-2"] == "erased"


def test_others_that_people_see_by_the_same_name_keep_their_anomalies(store: Engine) -> None:
    stream = [found(1, "card-1"), found(2, " card-1"), incident("i-1", title="card-1")]
    marks = [erasure(" card-1", form=n) for n in range(2)]
    take(emptied(store), in_order(*stream, label("card-1", about=About.ENTITY), *marks))
    assert [row["entity"] for row in rows(store, "anomalies")] == ["card-1"]
    assert len(rows(store, "labels")) == 1
    assert rows(store, "incidents") == []


def test_texts_are_replaced_in_any_json() -> None:
    given = r'{"a": "x", "b":["x", "y\u0078", "\ud800"],"x":{"x" : "x"},"c": "a\"x"} "x'
    kept = (
        r'{"a": "erased", "b":["erased", "y\u0078", "\ud800"],"x":{"x" : "erased"},"c": "a\"x"} "x'
    )
    assert redacted(given, lambda text: text == "x") == kept
    assert redacted(given, lambda text: text == "x", {"a"}).count("erased") == 2
    assert redacted(given, lambda text: text == "yx").count("erased") == 1
    assert redacted(given, lambda text: text == "\ud800").count("erased") == 1
    assert redacted(given, lambda text: text == 'a"x').count("erased") == 1


@given(document=st.text(max_size=60))
def test_what_names_nobody_stays_as_it_was_written(document: str) -> None:
    assert redacted(document, lambda _: False) == document


def test_what_comes_after_an_erasure_is_stored_as_usual(store: Engine) -> None:
    later = NOON + 9_000
    stream = in_order(
        *everything("card-7"),
        erasure("card-7", NOON + 7_200),
        found(5, "card-7", later),
        label("card-7", named="l-9", about=About.ENTITY, at=later),
        incident("i-9", entity="card-7", title="card-7", opened=iso_time(later)),
    )
    take(emptied(store), stream)
    assert verdicts(store) == {anomaly_id(5): "fraud"}
    assert {row["id"]: row["title"] for row in rows(store, "incidents")}["i-9"] == "card-7"


def test_the_latest_of_several_erasures_counts(store: Engine) -> None:
    times = [NOON + 10, NOON + 30, NOON + 20]
    take(
        emptied(store), in_order(*(erasure("card-1", at) for at in times), found(1, time=NOON + 25))
    )
    assert rows(store, "anomalies") == []
    [row] = rows(store, "erased")
    assert row["until"].timestamp() == NOON + 30


def test_what_was_erased_with_another_key_is_not_found(store: Engine) -> None:
    keyed = erasure("card-1", digests=Digests(b"a key of sixteen"))
    take(emptied(store), in_order(found(1), keyed))
    assert len(rows(store, "anomalies")) == 1
    take(store, in_order(erasure("card-1")))
    assert rows(store, "anomalies") == []


@pytest.mark.parametrize(
    "subject", ["", "card-1", "0" * 64, f"{'0' * 64}-0", f"{'0' * 64}-301", f"{'G' * 64}-6"]
)
def test_an_action_that_marks_nothing_is_only_in_the_trail(store: Engine, subject: str) -> None:
    nothing = Action(id="e-1", action="erase", subject=subject, user="ann", at=NOON)
    take(emptied(store), [said(nothing)])
    assert rows(store, "erased") == []
    assert len(rows(store, "audit")) == 1


def test_the_name_of_another_entity_may_have_the_erased_one_in_it(store: Engine) -> None:
    document = incident("i-1", entity="card-1 b", title="card-1 b", sample=[{"entity": "card-1 b"}])
    take(
        emptied(store),
        in_order(document, incident("i-2", entity=None, title="card-12"), erasure("card-1")),
    )
    first, second = rows(store, "incidents")
    assert (first["title"], second["title"]) == ("card-1 b", "card-12")
    assert '"card-1 b"' in first["document_json"]


def test_many_anomalies_of_an_entity_are_erased(store: Engine) -> None:
    stream = in_order(
        *(found(n, f"card-{n % 3}", transaction_id=f"t-{n}") for n in range(3_600)),
        *(member(n, "i-1") for n in range(3_600)),
        *(label(f"t-{n}", named=f"l-{n}", about=About.TRANSACTION) for n in range(1_500)),
    )
    take(emptied(store), stream, at_once=2_000)
    take(store, in_order(erasure("card-1")))
    kept = contents(store)
    assert {table: len(kept[table]) for table in ("anomalies", "members", "labels")} == {
        "anomalies": 2_400,
        "members": 2_400,
        "labels": 1_000,
    }
    assert [row["verdict"] for row in kept["anomalies"]].count("fraud") == 1_000


def test_nothing_is_left_in_the_file(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        take(store, in_order(*everything("Zaphod-Beeblebrox"), *(found(n, "b") for n in range(50))))
        assert b"Zaphod" in b"".join(file.read_bytes() for file in tmp_path.glob("store.db*"))
        take(store, in_order(erasure("Zaphod-Beeblebrox")))
        assert b"Zaphod" not in b"".join(file.read_bytes() for file in tmp_path.glob("store.db*"))


OF_FEEDBACK = ("labels", "silences", "audit", "erased")


def test_a_comparison_agrees_after_an_erasure_also_if_a_topic_has_lost_its_anomalies(
    store: Engine, tmp_path: Path
) -> None:
    stream = in_order(*everything("card-7"), found(2), label(anomaly_id(2)), erasure("card-7"))
    take(emptied(store), stream)
    topics = dict.fromkeys(("incidents", "members"), TOPICS.incidents) | {
        "anomalies": TOPICS.anomalies
    }
    topics |= dict.fromkeys(OF_FEEDBACK, TOPICS.feedback)
    with sqlite_store(tmp_path) as other:
        copy_erased(store, other)
        take(other, [one for one in stream if one is not stream[0]])
        read = {Place(topic, 0): Read(0, 99) for topic in TOPICS}
        told = Told(other, read, topics, 0.0, is_whole=True)
        assert [one.line for one in compare(store, told) if not one.is_same] == []


def test_a_worker_erases_with_the_key_of_its_settings(store: Engine) -> None:
    digests = Digests(b"a key of sixteen")
    worker = Store(emptied(store), TOPICS, GROUP, digests)
    begins = {Place(topic, 0): 0 for topic in TOPICS}
    worker.place(begins)
    worker.take(in_order(found(1), found(2, "card-2"), erasure("card-1", digests=digests)), begins)
    assert [row["entity"] for row in rows(store, "anomalies")] == ["card-2"]


@given(name=st.text(min_size=1, max_size=400))
def test_no_digest_has_the_name(name: str) -> None:
    for mark in Digests(b"a key of sixteen").marks(name):
        assert len(mark.digest) == 64
        assert 0 < mark.length <= 300
        assert mark.parse(mark.text) == mark


def test_the_tables_of_a_store_without_erasures_stay_empty(store: Engine) -> None:
    take(emptied(store), in_order(found(1), label(), incident("i-1")))
    kept: dict[str, Any] = contents(store, positions=True)
    assert set(kept) == set(metadata.tables)
    assert (kept["erased"], kept["tombstones"]) == ([], [])
