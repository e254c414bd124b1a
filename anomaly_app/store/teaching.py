"""The queue by what a label would teach: the least clear, and of many kinds."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, select

from anomaly_app.core.learning.teaching import Candidate, most_teaching
from anomaly_app.store.queries import ON_A_PAGE, Found, Order, queue
from anomaly_app.store.tables import anomalies

CANDIDATES = 500
"""The least clear ones, of which those are chosen that teach most."""

LATELY = 300
"""Labels of each verdict that count for what is known of a kind: the latest."""

VERDICTS = ("fraud", "expected", "disputed")


def teaching(connection: Connection, *, most: int = ON_A_PAGE) -> Sequence[Found]:
    """Return anomalies without a verdict, those first that teach most.

    There is one page of them: what is said there changes what teaches.

    Parameters
    ----------
    connection
        In a transaction.
    most
        Rows on the page.
    """
    found = queue(connection, Order.TEACHES, most=CANDIDATES).rows
    rows = {row["id"]: row for row in found}
    candidates = [Candidate(row["id"], row["borderline"], row["feature"]) for row in found]
    return [rows[one.id] for one in most_teaching(candidates, _labelled(connection), most)]


def _labelled(connection: Connection) -> Counter[str | None]:
    columns = anomalies.c
    counts: Counter[str | None] = Counter()
    for verdict in VERDICTS:
        query = select(columns.feature).where(columns.verdict == verdict)
        counts.update(connection.scalars(query.order_by(columns.time.desc()).limit(LATELY)))
    return counts
