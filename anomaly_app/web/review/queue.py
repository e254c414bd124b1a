"""The queue: anomalies that nobody has judged, in an order, page by page."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection

from anomaly_app.store.queries import MOST_COUNTED, Order, Page, judged, queue, waiting
from anomaly_app.store.teaching import teaching
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.review.rendering import Answer, page
from anomaly_app.web.review.shown import anomaly_row

KEYS = (
    ("j k", "move"), ("f", "fraud"), ("e", "expected"), ("u", "take back"), ("Enter", "open"),
    ("n", "more"),
)  # fmt: skip


class Waiting(NamedTuple):
    """What a page of the queue shows."""

    found: Page
    counts: Mapping[str, int]
    judged: Mapping[str, int]


def order_in(query: Mapping[str, str]) -> Order:
    """Return the order that is asked for."""
    given = query.get("order", "")
    return Order(given) if given in [*Order] else Order.SEVERITY


def after_in(query: Mapping[str, str]) -> tuple[float, str] | None:
    """Return the place in the queue after which a page begins; None for its beginning."""
    number, _, name = query.get("after", "").partition(" ")
    try:
        return (float(number), name) if name else None
    except ValueError:
        return None


def ask_for(connection: Connection, order: Order, after: tuple[float, str] | None) -> Waiting:
    """Ask for a page of the queue."""
    if order == Order.TEACHES:
        found = Page(teaching(connection), None)
    else:
        found = queue(connection, order, after=after)
    return Waiting(found, waiting(connection), judged(connection))


def queue_page(shown: Waiting, order: Order, person: Person) -> Answer:
    """Return a page of the queue."""
    after = shown.found.after
    more = None if after is None else _path(order, after)
    return page(
        "queue.html",
        title="Anomalies to review",
        here="queue",
        person=person,
        keys=KEYS,
        waiting_words=_in_words(shown.counts),
        judged=sum(shown.judged.values()),
        order=order.value,
        rows=[anomaly_row(one) for one in shown.found.rows],
        may_label=person.role.may(Role.REVIEWER),
        query="?" + urlencode({"order": order.value}),
        here_path=f"/review?order={order.value}",
        more=more,
    )


def _path(order: Order, after: tuple[float, str]) -> str:
    place, name = after
    return "/review?" + urlencode({"order": order.value, "after": f"{place!r} {name}"})


def _in_words(counts: Mapping[str, int]) -> str:
    said = [f"{_number(count)} {severity}" for severity, count in counts.items() if count]
    return "To review: " + ", ".join(said) if said else "Nothing to review"


def _number(count: int) -> str:
    return f"more than {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,}"
