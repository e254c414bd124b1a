"""What the store has of an entity, and whether it is erased."""

from collections.abc import Sequence

from sqlalchemy import Engine, func, or_, select

from anomaly_app.core.learning.label import About
from anomaly_app.errors import StoreError
from anomaly_app.store.digests import Mark, forms_of
from anomaly_app.store.engine import reading
from anomaly_app.store.schema import schema_of
from anomaly_app.store.store import Store
from anomaly_app.store.tables import anomalies, erased, incidents, labels
from anomaly_app.store.values import moment


def check_tables(store: Store) -> None:
    """Check that the store has the tables of this app.

    Raises
    ------
    StoreError
        It has others, or none, or does not answer.
    """
    schema = schema_of(store.engine)
    if schema.found != schema.wanted:
        raise StoreError(
            f"the store {store.address} has schema {schema.found or 'none'}, and this app needs "
            f"{schema.wanted}: check ANOMALY_STORE, start a worker of this version, or run "
            "`store upgrade`"
        )


def count(engine: Engine, entity: str) -> dict[str, int]:
    """Count what is deleted when an entity is erased.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    forms = forms_of(entity)
    of_it = anomalies.c.entity == forms[0]
    ids = select(anomalies.c.id).where(of_it)
    transactions = select(anomalies.c.transaction_id).where(of_it)
    said = or_(
        (labels.c.about == About.ENTITY) & (labels.c.name == forms[0]),
        (labels.c.about == About.ANOMALY) & labels.c.name.in_(ids),
        (labels.c.about == About.TRANSACTION) & labels.c.name.in_(transactions),
    )
    wanted = {
        "anomalies": select(func.count()).select_from(anomalies).where(of_it),
        "labels": select(func.count()).select_from(labels).where(said),
        "incidents": select(func.count())
        .select_from(incidents)
        .where(incidents.c.entity.in_(forms)),
    }
    with reading(engine) as connection:
        return {kind: int(connection.scalar(query) or 0) for kind, query in wanted.items()}


def is_erased(engine: Engine, marks: Sequence[Mark], until: float) -> bool:
    """Return whether a worker has erased what has these marks, up to a time.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    texts = [mark.text for mark in marks]
    query = (
        select(func.count())
        .select_from(erased)
        .where(erased.c.mark.in_(texts), erased.c.until >= moment(until))
    )
    with reading(engine) as connection:
        return connection.scalar(query) == len(texts)
