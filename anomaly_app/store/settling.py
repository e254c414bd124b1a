"""What each anomaly comes to: its incident as it is now, and what labels say of it together.

The columns `DERIVED` of the anomalies are computed anew whenever a message concerns them, so that
they depend on what was said, and not on the order in which it arrived.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from anomaly_app.core.learning.label import About, Basis, Verdict
from anomaly_app.core.learning.together import Closeness, Said, put_together
from anomaly_app.store.chains import Chains, merged_from
from anomaly_app.store.chunks import chunks
from anomaly_app.store.said_rows import INCIDENT
from anomaly_app.store.tables import anomalies, labels, members
from anomaly_app.store.values import moment

DISPUTED = "disputed"
"""Verdict of an anomaly of which as many say one thing as the other."""

CLOSENESS = {
    About.ANOMALY: Closeness.ITSELF,
    About.TRANSACTION: Closeness.ITSELF,
    INCIDENT: Closeness.INCIDENT,
    About.ENTITY: Closeness.ENTITY,
}


class Settled(NamedTuple):
    """The derived columns of an anomaly."""

    incident: str | None
    verdict: str | None
    basis: str | None
    labelled_at: datetime | None


def settle(connection: Connection, names: Iterable[str]) -> None:
    """Compute the derived columns of some anomalies, and write those that have changed.

    Parameters
    ----------
    connection
        In a transaction that writes.
    names
        Ids of anomalies; those that are not there yet are settled when they come.
    """
    for chunk in chunks(names):
        changed = [
            {"key": row.id, **settled._asdict()}
            for row, settled in _settled(connection, chunk)
            if settled != (row.incident, row.verdict, row.basis, row.labelled_at)
        ]
        if changed:
            statement = update(anomalies).where(anomalies.c.id == bindparam("key"))
            connection.execute(statement, changed)


def concerned(connection: Connection, said: Iterable[Row[Any]]) -> set[str]:
    """Return the ids of the anomalies to which some labels apply.

    Parameters
    ----------
    connection
        In a transaction.
    said
        Rows of labels, whether they still stand or not.
    """
    found: set[str] = set()
    by_about: dict[str, set[str]] = defaultdict(set)
    for label in said:
        if label.about == About.ENTITY:
            query = select(anomalies.c.id).where(
                anomalies.c.entity == label.name, anomalies.c.time <= label.until
            )
            if label.since is not None:
                query = query.where(anomalies.c.time >= label.since)
            found.update(connection.scalars(query))
        else:
            by_about[label.about].add(label.name)
    found |= by_about[About.ANOMALY]
    for chunk in chunks(by_about[About.TRANSACTION]):
        query = select(anomalies.c.id).where(anomalies.c.transaction_id.in_(chunk))
        found.update(connection.scalars(query))
    return found | members_of(connection, by_about[INCIDENT])


def members_of(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return the ids of the anomalies of incidents, and of those that were merged into them."""
    found: set[str] = set()
    for chunk in chunks(merged_from(connection, names)):
        query = select(members.c.anomaly).where(members.c.incident.in_(chunk))
        found.update(connection.scalars(query))
    return found


def _settled(connection: Connection, names: Sequence[str]) -> list[tuple[Any, Settled]]:
    columns = anomalies.c
    query = (
        select(
            *(columns.id, columns.entity, columns.time, columns.transaction_id),
            *(columns.incident, columns.verdict, columns.basis, columns.labelled_at),
            members.c.incident.label("member_of"),
        )
        .outerjoin(members, members.c.anomaly == columns.id)
        .where(columns.id.in_(names))
    )
    rows = connection.execute(query).all()
    chains = Chains.of(connection, {row.member_of for row in rows if row.member_of is not None})
    asked: dict[str, set[str]] = {
        About.ANOMALY: {row.id for row in rows},
        About.TRANSACTION: {row.transaction_id for row in rows if row.transaction_id is not None},
        About.ENTITY: {row.entity for row in rows if row.entity is not None},
        INCIDENT: {
            step
            for row in rows
            if row.member_of is not None
            for step in chains.chain(row.member_of)
        },
    }
    said = _labels(connection, asked)
    found: list[tuple[Any, Settled]] = []
    for row in rows:
        chain = [] if row.member_of is None else chains.chain(row.member_of)
        applies = [
            *said[About.ANOMALY, row.id],
            *said[About.TRANSACTION, row.transaction_id],
            *(label for step in chain for label in said[INCIDENT, step]),
            *(
                label
                for label in said[About.ENTITY, row.entity]
                if row.time <= label.until and (label.since is None or label.since <= row.time)
            ),
        ]
        found.append((row, _together(applies, chain[-1] if chain else None)))
    return found


def _labels(
    connection: Connection, asked: dict[str, set[str]]
) -> defaultdict[tuple[str, str | None], list[Row[Any]]]:
    """Return the labels that stand, by what they are about."""
    found: defaultdict[tuple[str, str | None], list[Row[Any]]] = defaultdict(list)
    for about, names in asked.items():
        for chunk in chunks(names):
            query = select(labels).where(
                labels.c.name.in_(chunk), labels.c.about == str(about), labels.c.undone_at.is_(None)
            )
            for label in connection.execute(query):
                found[about, label.name].append(label)
    return found


def _together(applies: Sequence[Row[Any]], incident: str | None) -> Settled:
    judged = put_together((said_of(label) for label in applies), as_of=math.inf)
    if judged is None:
        return Settled(incident, None, None, None)
    verdict = DISPUTED if judged.verdict is None else str(judged.verdict)
    return Settled(incident, verdict, str(judged.basis), moment(judged.at))


def said_of(label: Row[Any]) -> Said:
    """Return a label as the rule for several labels takes it."""
    return Said(
        id=label.id,
        closeness=CLOSENESS[label.about],
        verdict=Verdict(label.verdict),
        basis=Basis(label.basis),
        user=label.user_name,
        at=label.at.timestamp(),
        undone_at=None if label.undone_at is None else label.undone_at.timestamp(),
    )
