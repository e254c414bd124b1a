"""One anomaly: why, what would make it ordinary, its neighbours, and what was said."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from sqlalchemy import Connection

from anomaly_app.core.model.model import Model
from anomaly_app.core.wording import how_unusual
from anomaly_app.store.queries import Order, Search, one, queue, said_of, search
from anomaly_app.store.teaching import teaching
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.review.ordinary import Ordinary, ordinary_beside
from anomaly_app.web.review.rendering import Answer, page
from anomaly_app.web.review.shown import (
    anomaly_row,
    label_row,
    reason_rows,
    source_of,
    values_of,
)
from anomaly_app.web.review.timeline import Point, timeline

KEYS = (("f", "fraud"), ("e", "expected"), ("n", "next"), ("u", "take back"), ("b", "back"))

MOST_POINTS = 200
"""Anomalies in the timeline: the latest."""

LONGEST_TRANSACTION = 20_000


class Detail(NamedTuple):
    """What the store has of an anomaly."""

    found: Mapping[str, Any]
    labels: Sequence[Mapping[str, Any]]
    others: Sequence[Mapping[str, Any]]
    """The latest anomalies of its entity."""
    following: str | None
    """Id of the next one in the queue."""


def path_of(name: str, query: Mapping[str, str]) -> str:
    """Return the path of an anomaly's page."""
    asked = "?" + urlencode(query) if query else ""
    return f"/review/anomalies/{quote(name, safe='')}{asked}"


def ask_for(connection: Connection, name: str, order: Order) -> Detail | None:
    """Ask for an anomaly and what belongs to it; None if there is none."""
    found = one(connection, name)
    if found is None:
        return None
    entity = found["entity"]
    others = (
        [] if entity is None else search(connection, Search(entity=entity), most=MOST_POINTS).rows
    )
    return Detail(found, said_of(connection, found), others, _following(connection, found, order))


def _following(connection: Connection, found: Mapping[str, Any], order: Order) -> str | None:
    """Return the id of the next one in the queue."""
    if order == Order.TEACHES:
        names = [each["id"] for each in teaching(connection)]
        # The store may not have heard yet what was said of those before it.
        after = names.index(found["id"]) + 1 if found["id"] in names else 0
        return next(iter(names[after:]), None)
    place = found["borderline"], found["id"]
    rows = queue(connection, order, after=place, most=1).rows
    return rows[0]["id"] if rows else None


def ordinary_of(model: Model | None, detail: Detail) -> Ordinary | None:
    """Compare an anomaly with what is ordinary; None without a model, or without its values."""
    values = values_of(detail.found)
    if model is None or not values:
        return None
    return ordinary_beside(model, values, detail.found["entity"])


class Last(NamedTuple):
    """What somebody has just said."""

    id: str
    verdict: str
    back: str
    """Where taking it back leads."""


def detail_page(
    detail: Detail,
    ordinary: Ordinary | None,
    person: Person,
    *,
    order: Order,
    label_id: str,
    last: Last | None,
    has_memory: bool,
) -> Answer:
    """Return the page of an anomaly.

    Parameters
    ----------
    detail
        What the store has.
    ordinary
        What the model says.
    person
        Who asks.
    order
        Of the queue that goes on after it.
    label_id
        Id of the label that is given on this page: giving it twice is giving it once.
    last
        What was said on the page before.
    has_memory
        Whether there is a page of what is remembered.
    """
    row, query = anomaly_row(detail.found), {"order": order.value}
    onward = path_of(detail.following, query) if detail.following else f"/review?{urlencode(query)}"
    return page(
        "anomaly.html",
        title=f"{row.severity}: {row.entity or 'no entity'}",
        here="",
        person=person,
        keys=KEYS,
        row=row,
        how_unusual=how_unusual(detail.found["p_value"]).capitalize(),
        source=source_of(row.id),
        model=f"{detail.found['model']} {detail.found['model_version']}",
        reasons=reason_rows(detail.found),
        ordinary=ordinary,
        timeline=_timeline(detail, row.id),
        has_memory=has_memory,
        labels=[label_row(each) for each in detail.labels],
        transaction=_transaction(detail.found["transaction_json"]),
        may_label=person.role.may(Role.REVIEWER),
        label_id=label_id,
        here_path=path_of(row.id, query),
        onward=onward,
        last=last,
    )


def _timeline(detail: Detail, name: str) -> str:
    rows = detail.others
    if not rows:
        return ""
    points = [
        Point(each["id"], each["time"].timestamp(), each["p_value"], each["verdict"])
        for each in rows
    ]
    return timeline(points, name)


def _transaction(text: str) -> str:
    with suppress(msgspec.DecodeError, RecursionError):
        text = msgspec.json.format(text, indent=2)
    return text if len(text) <= LONGEST_TRANSACTION else text[:LONGEST_TRANSACTION] + "…"
