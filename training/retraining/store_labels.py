"""Labels from the store, which knows the anomalies of incidents and the ids of transactions."""

import msgspec
from sqlalchemy import Connection, Engine, select

from anomaly_app.core.learning.label import About
from anomaly_app.errors import SchemaDiffers
from anomaly_app.store.chunks import chunks
from anomaly_app.store.engine import reading, shown
from anomaly_app.store.said_rows import INCIDENT
from anomaly_app.store.schema import schema_of
from anomaly_app.store.settling import concerned, members_of, said_of
from anomaly_app.store.tables import anomalies, labels
from training.retraining.kept import Kept
from training.retraining.known_labels import KnownLabels

MOST_KEPT = 100_000
"""Labelled transactions of the store that are learnt or judged."""


def labels_in(engine: Engine) -> KnownLabels:
    """Read all labels, those taken back as well.

    What was said of an anomaly or of its incident is also found by the transaction's own id, so
    that it applies to rows that are not read from the topic.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    SchemaDiffers
        Its tables are of another version, or there are none.
    """
    schema = schema_of(engine)
    if schema.found != schema.wanted:
        raise SchemaDiffers(
            f"the store {shown(engine)} has schema {schema.found or 'none'}, and this app needs "
            f"{schema.wanted}: start a worker of this version, or run `store upgrade`"
        )
    known = KnownLabels()
    with reading(engine) as connection:
        members: dict[str, set[str]] = {}
        for row in connection.execute(select(labels).order_by(labels.c.id)):
            said = said_of(row)
            match row.about:
                case About.TRANSACTION:
                    known.of_transaction(row.name, said)
                case About.ENTITY:
                    since = None if row.since is None else row.since.timestamp()
                    known.of_entity(row.name, said, since, row.until.timestamp())
                case _ if row.about == INCIDENT:
                    if row.name not in members:
                        members[row.name] = members_of(connection, [row.name])
                    for anomaly in members[row.name]:
                        known.of_anomaly(anomaly, said)
                case _:
                    known.of_anomaly(row.name, said)
        _add_transaction_ids(connection, known)
    return known


def _add_transaction_ids(connection: Connection, known: KnownLabels) -> None:
    columns = anomalies.c
    for chunk in chunks([*known.anomalies]):
        query = select(columns.id, columns.transaction_id).where(
            columns.id.in_(chunk), columns.transaction_id.is_not(None)
        )
        for anomaly, transaction in connection.execute(query):
            for said in known.anomalies[anomaly]:
                known.of_transaction(transaction, said)


def kept_in(engine: Engine) -> list[Kept]:
    """Read the anomalies to which labels apply, the latest `MOST_KEPT`, with their features.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    columns = anomalies.c
    found: list[Kept] = []
    with reading(engine) as connection:
        said = connection.execute(select(labels)).all()
        for chunk in chunks(concerned(connection, said)):
            query = select(
                *(columns.id, columns.transaction_id, columns.entity, columns.time),
                columns.features_json,
            ).where(columns.id.in_(chunk), columns.features_json.is_not(None))
            for row in connection.execute(query):
                features = msgspec.json.decode(row.features_json)
                found.append(
                    Kept(row.id, row.transaction_id, row.entity, row.time.timestamp(), features)
                )
    return sorted(found, key=lambda one: one.time)[-MOST_KEPT:]
