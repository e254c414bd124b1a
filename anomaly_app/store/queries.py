"""What a page for reviewing anomalies asks: each answer is read off an index, a page at a time.

Pages go on after the last row of the one before, and never count what they skip. Numbers of rows
are counted up to a bound, as counting millions takes seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, Select, func, or_, select, tuple_

from anomaly_app.core.learning.label import About
from anomaly_app.core.scoring.severity import CRITICAL_BELOW, HIGH_BELOW
from anomaly_app.store.chains import Chains, merged_from
from anomaly_app.store.chunks import plain_row
from anomaly_app.store.said_rows import INCIDENT
from anomaly_app.store.tables import anomalies, incidents, labels, members

MOST_COUNTED = 1_000
"""Larger numbers are given as this many and one: "more than 1,000"."""

ON_A_PAGE = 50

UNLABELLED = "none"
"""The verdict of a search for anomalies that have none."""

Found: TypeAlias = dict[str, Any]

LISTED = tuple(
    column
    for column in anomalies.columns
    if column.name not in {"transaction_json", "features_json"}
)
"""What a list shows: a transaction may be large."""


class Order(StrEnum):
    """Which anomalies without a verdict come first."""

    SEVERITY = "severity"
    """The rarest."""
    TEACHES = "teaches"
    """The most borderline: a label on them says most about where the threshold should be."""


@dataclass(frozen=True)
class Search:
    """What is looked for; all that is given must hold."""

    id: str | None = None
    entity: str | None = None
    incident: str | None = None
    transaction_id: str | None = None
    feature: str | None = None
    """The one that is most unusual."""
    severity: str | None = None
    model: str | None = None
    model_version: str | None = None
    verdict: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Page(NamedTuple):
    """A part of a list."""

    rows: Sequence[Found]
    after: tuple[Any, Any] | None
    """Where the next page begins; None if this is the last one."""


def queue(
    connection: Connection,
    order: Order = Order.SEVERITY,
    *,
    after: tuple[float, str] | None = None,
    most: int = ON_A_PAGE,
) -> Page:
    """Return anomalies without a verdict, those first that should be looked at first.

    Parameters
    ----------
    connection
        In a transaction.
    order
        What comes first.
    after
        Where the page before ended.
    most
        Rows on the page.
    """
    place = (anomalies.c.borderline, anomalies.c.id)
    query = select(*LISTED).where(anomalies.c.verdict.is_(None))
    return _page(connection, query, place, after, most, descending=order == Order.TEACHES)


def search(
    connection: Connection,
    wanted: Search,
    *,
    after: tuple[datetime, str] | None = None,
    most: int = ON_A_PAGE,
) -> Page:
    """Return anomalies that match, the latest first; see `queue`."""
    query = select(*LISTED).where(*_conditions(wanted))
    return _page(
        connection, query, (anomalies.c.time, anomalies.c.id), after, most, descending=True
    )


def one(connection: Connection, name: str) -> Found | None:
    """Return everything that is known of an anomaly; None if it is not there."""
    query = select(anomalies).where(anomalies.c.id == name)
    return _first(connection, query)


def said_of(connection: Connection, anomaly: Found) -> Sequence[Found]:
    """Return all labels that apply to an anomaly, also those taken back, the latest first."""
    query = select(members.c.incident).where(members.c.anomaly == anomaly["id"])
    member_of = connection.scalar(query)
    chain = [] if member_of is None else Chains.of(connection, [member_of]).chain(str(member_of))
    columns = labels.c
    entity = (
        (columns.about == About.ENTITY)
        & (columns.name == anomaly["entity"])
        & (columns.until >= anomaly["time"])
        & or_(columns.since.is_(None), columns.since <= anomaly["time"])
    )
    applies = or_(
        (columns.about == About.ANOMALY) & (columns.name == anomaly["id"]),
        (columns.about == About.TRANSACTION) & (columns.name == anomaly["transaction_id"]),
        (columns.about == INCIDENT) & columns.name.in_(chain),
        entity,
    )
    found = select(labels).where(applies).order_by(columns.at.desc(), columns.id)
    return [plain_row(row) for row in connection.execute(found).mappings()]


def incident(connection: Connection, name: str) -> Found | None:
    """Return an incident; None if it is not there."""
    query = select(incidents).where(incidents.c.id == name)
    return _first(connection, query)


def incident_names(connection: Connection, name: str) -> set[str]:
    """Return an incident with all that were merged into it."""
    return merged_from(connection, [name])


def waiting(connection: Connection) -> dict[str, int]:
    """Count the anomalies without a verdict by severity, each up to `MOST_COUNTED` and one."""
    column = anomalies.c.borderline
    ranges: dict[str, list[ColumnElement[bool]]] = {
        "critical": [column < CRITICAL_BELOW],
        "high": [column >= CRITICAL_BELOW, column < HIGH_BELOW],
        "medium": [column >= HIGH_BELOW],
    }
    return {
        severity: count(connection, [anomalies.c.verdict.is_(None), *conditions])
        for severity, conditions in ranges.items()
    }


def judged(connection: Connection) -> dict[str, int]:
    """Count the anomalies by verdict, each up to `MOST_COUNTED` and one."""
    return {
        verdict: count(connection, [anomalies.c.verdict == verdict])
        for verdict in ("fraud", "expected", "disputed")
    }


def count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    """Count anomalies, up to `MOST_COUNTED` and one."""
    some = select(anomalies.c.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    return int(connection.scalar(select(func.count()).select_from(some)) or 0)


def _first(connection: Connection, query: Select[Any]) -> Found | None:
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else plain_row(row)


def _conditions(wanted: Search) -> list[ColumnElement[bool]]:
    columns = anomalies.c
    equal = (
        *("id", "entity", "incident", "transaction_id", "feature"),
        *("severity", "model", "model_version"),
    )
    conditions: list[ColumnElement[bool]] = [
        columns[name] == value for name in equal if (value := getattr(wanted, name)) is not None
    ]
    if wanted.verdict == UNLABELLED:
        conditions.append(columns.verdict.is_(None))
    elif wanted.verdict is not None:
        conditions.append(columns.verdict == wanted.verdict)
    if wanted.since is not None:
        conditions.append(columns.time >= wanted.since)
    if wanted.until is not None:
        conditions.append(columns.time < wanted.until)
    return conditions


def _page(
    connection: Connection,
    query: Select[Any],
    place: tuple[Column[Any], Column[Any]],
    after: tuple[Any, Any] | None,
    most: int,
    *,
    descending: bool,
) -> Page:
    if after is not None:
        here = tuple_(*place)
        query = query.where(here < after if descending else here > after)
    ordered = [column.desc() if descending else column for column in place]
    asked = query.order_by(*ordered).limit(most + 1)
    rows = [plain_row(row) for row in connection.execute(asked).mappings()]
    if len(rows) <= most:
        return Page(rows, None)
    last = rows[most - 1]
    return Page(rows[:most], (last[place[0].name], last[place[1].name]))
