"""The audit trail, as a page asks for it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from anomaly_app.store.chunks import plain_row
from anomaly_app.store.tables import audit


def audited(connection: Connection, *, skipped: int, most: int) -> Sequence[dict[str, Any]]:
    """Return rows of the audit trail, the latest first.

    Parameters
    ----------
    connection
        In a transaction.
    skipped
        Rows of the pages before.
    most
        Rows on the page.
    """
    place = (audit.c.at.desc(), audit.c.kafka_offset.desc())
    query = select(audit).order_by(*place).offset(skipped).limit(most)
    return [plain_row(row) for row in connection.execute(query).mappings()]
