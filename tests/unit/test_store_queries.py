"""What a page for reviewing asks of the store.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from anomaly_app.core.learning.label import About, Verdict
from anomaly_app.store import queries
from anomaly_app.store.engine import reading
from anomaly_app.store.queries import Order, Search
from anomaly_app.store.values import moment
from tests.support.factories import NOON
from tests.support.stores import (
    Message,
    anomaly_id,
    answer,
    emptied,
    found,
    in_order,
    incident,
    label,
    member,
    sqlite_store,
    take,
    undo,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with sqlite_store(tmp_path_factory.mktemp("store")) as engine:
        yield engine


def some() -> list[Message]:
    """Twelve anomalies of three entities, a minute apart, each rarer than the one before."""
    return [
        found(
            place,
            entity=f"card-{place % 3}",
            time=NOON + 60 * place,
            p_value=10.0 ** -(3 + place / 6),
            severity="critical" if place > 6 else "high",
            transaction_id=f"t-{place}",
        )
        for place in range(12)
    ]


def names(rows: Any) -> list[int]:
    return [int(row["id"].rsplit("-", 1)[1]) for row in rows]


def test_the_queue_begins_with_the_rarest_or_with_the_most_borderline(store: Engine) -> None:
    take(emptied(store), in_order(*some(), label(anomaly_id(11), named="l-1")))
    with reading(store) as connection:
        rarest = queries.queue(connection, Order.SEVERITY)
        teaches = queries.queue(connection, Order.TEACHES)
    assert names(rarest.rows) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert names(teaches.rows) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert "transaction_json" not in rarest.rows[0]


@pytest.mark.parametrize("order", Order)
def test_a_page_goes_on_after_the_one_before(store: Engine, order: Order) -> None:
    # All of them are equally rare: their ids decide.
    take(emptied(store), in_order(*(found(place, p_value=1e-4) for place in range(10, 33))))
    with reading(store) as connection:
        seen, after = [], None
        while True:
            page = queries.queue(connection, order, after=after, most=5)
            seen += names(page.rows)
            if page.after is None:
                break
            after = page.after
        searched = queries.search(connection, Search(), most=20)
        last = queries.search(connection, Search(), most=20, after=searched.after)
    assert sorted(seen) == list(range(10, 33))
    assert len(seen) == 23
    assert names(searched.rows) + names(last.rows) == list(range(32, 9, -1))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Search(), list(range(11, -1, -1))),
        (Search(id=anomaly_id(4)), [4]),
        (Search(entity="card-1"), [10, 7, 4, 1]),
        (Search(entity="card-1", severity="critical"), [10, 7]),
        (Search(transaction_id="t-3"), [3]),
        (Search(incident="i-2"), [5, 2]),
        (Search(feature="amount", since=moment(NOON + 600)), [11, 10]),
        (Search(until=moment(NOON + 120)), [1, 0]),
        (Search(model="transactions", model_version="1", entity="card-0"), [9, 6, 3, 0]),
        (Search(model="other"), []),
        (Search(verdict="fraud"), [5, 2]),
        (Search(verdict="none", entity="card-2"), [11, 8]),
        (Search(verdict="disputed"), []),
    ],
    ids=str,
)
def test_a_search_finds_what_matches(store: Engine, wanted: Search, expected: list[int]) -> None:
    merged = (member(2, "i-1"), member(5, "i-2"), incident("i-1", "i-2"), answer("i-2"))
    take(emptied(store), in_order(*some(), *merged))
    with reading(store) as connection:
        assert names(queries.search(connection, wanted).rows) == expected
        assert queries.incident_names(connection, "i-2") == {"i-1", "i-2"}


def test_counts_end_at_their_bound(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 3)
    take(emptied(store), in_order(*some(), label(anomaly_id(0)), label(anomaly_id(1), named="x")))
    with reading(store) as connection:
        assert queries.waiting(connection) == {"critical": 4, "high": 3, "medium": 0}
        assert queries.judged(connection) == {"fraud": 2, "expected": 0, "disputed": 0}


def test_what_was_said_of_an_anomaly_is_listed_with_what_was_taken_back(store: Engine) -> None:
    hour = 3600.0
    take(
        emptied(store),
        in_order(
            *some(),
            *(member(4, "i-1"), incident("i-1", "i-2"), answer("i-2", at=NOON + hour)),
            label(anomaly_id(4), Verdict.EXPECTED, named="l-1", at=NOON + 2 * hour),
            label("card-1", about=About.ENTITY, named="l-2", at=NOON + 3 * hour),
            label("card-1", about=About.ENTITY, named="l-3", at=NOON + hour, until=NOON),
            label("t-4", about=About.TRANSACTION, named="l-4", at=NOON + 4 * hour),
            undo("l-1"),
        ),
    )
    with reading(store) as connection:
        one = queries.one(connection, anomaly_id(4))
        assert one is not None
        said = queries.said_of(connection, one)
        merged = queries.incident(connection, "i-1")
        assert queries.one(connection, "none-0-0") is None
    assert [label["id"] for label in said] == ["l-4", "l-2", "l-1", "p-1"]
    assert [label["undone_by"] for label in said] == [None, None, "ann", None]
    assert (one["verdict"], one["incident"]) == ("fraud", "i-2")
    assert merged is not None
    assert merged["merged_into"] == "i-2"
    assert one["labelled_at"] - one["time"] == timedelta(hours=4, minutes=-4)
