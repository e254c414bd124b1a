"""`store status`: the schema, the rows, and how far each partition is read."""

from typing import Any

from aiokafka import TopicPartition
from sqlalchemy import func, select

from anomaly_app.kafka import broker_errors, describe_topics, open_admin, open_consumer, watermarks
from anomaly_app.settings import Settings
from anomaly_app.store.batch import Place
from anomaly_app.store.engine import reading
from anomaly_app.store.schema import schema_of
from anomaly_app.store.store import Store
from anomaly_app.store.tables import DATA


async def status_of(settings: Settings) -> dict[str, Any]:
    """Return what is known of the store, as JSON-compatible values.

    Raises
    ------
    StoreError
        The database does not answer.
    BrokerError
        The broker does not answer.
    """
    store = Store.of(settings)
    try:
        schema = schema_of(store.engine)
        known: dict[Place, int] = {}
        rows: dict[str, int] = {}
        if schema.found == schema.wanted:
            known = store.positions()
            with reading(store.engine) as connection:
                for table in DATA:
                    query = select(func.count()).select_from(table)
                    rows[str(table.name)] = int(connection.scalar(query) or 0)
        return {
            "store": store.address,
            "schema": schema.found,
            "schema_of_app": schema.wanted,
            "rows": rows,
            "partitions": await _partitions(store, settings, known),
        }
    finally:
        store.close()


async def _partitions(
    store: Store, settings: Settings, known: dict[Place, int]
) -> list[dict[str, Any]]:
    with broker_errors("reading the topics"):
        async with open_admin(settings) as admin:
            topics = await describe_topics(admin, settings, *store.topics)
        wanted = [TopicPartition(name, one) for name, found in topics.items() for one in found]
        async with open_consumer(settings) as consumer:
            bounds = await watermarks(consumer, wanted)
    found = []
    for partition in wanted:
        begin, end = bounds[partition]
        position = known.get(Place(*partition))
        lag = end - (begin if position is None else position)
        found.append({**partition._asdict(), "position": position, "end": end, "lag": max(lag, 0)})
    return found


def status_lines(status: dict[str, Any]) -> list[str]:
    """Format what is known of a store."""
    lines = [f"{status['store']}, schema {status['schema'] or 'none'}"]
    if status["schema"] != status["schema_of_app"]:
        lines.append(f"this app needs schema {status['schema_of_app']}: see `store upgrade`")
    lines += [f"  {table}: {rows:,} rows" for table, rows in status["rows"].items()]
    for one in status["partitions"]:
        position = "nothing" if one["position"] is None else f"up to {one['position']:,}"
        lines.append(
            f"{one['topic']}-{one['partition']}: {position} of {one['end']:,}, lag {one['lag']:,}"
        )
    return lines
