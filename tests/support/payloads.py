"""Records as topics have them, for a model that was fitted on card transactions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.histories import BASE, iso

RECORDS = 120

Write = Callable[[Mapping[str, Any]], bytes]


@dataclass(frozen=True)
class Payload:
    """How each transaction is written to a topic, and what must come of it.

    Parameters
    ----------
    name
        Says what is special about it.
    write
        From a row of history to a record's value.
    settings
        Of the worker: roles, payload, strict.
    rejected
        The word of all dead letters; None where all records are scored.
    says
        Words of each dead letter's error.
    absent
        Features that every record lacks.
    entity
        Whether the entity and the time of the record are read, and not Kafka's.
    """

    name: str
    write: Write
    settings: Mapping[str, Any] = field(default_factory=dict)
    rejected: str | None = None
    says: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    entity: bool = True


def encode(value: object) -> bytes:
    return json.dumps(value, default=iso).encode()


def flat(row: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Write a row by the file's own names, without its label."""
    return {n: v for n, v in row.items() if n != "is_fraud"} | changes


def documented(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "entity": row["card"],
        "time": row["time"],
        "features": {"amount": row["amount"], "shop": row["shop"]},
    }


def envelope(row: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Write a row as Debezium does."""
    source = {"connector": "postgresql", "db": "bank", "table": "payments", "ts_ms": 1}
    return {"before": None, "after": flat(row), "op": "c", "ts_ms": 2, "source": source} | changes


def renamed(row: Mapping[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in flat(row).items()}


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    purchase = {"amount": row["amount"], "at": {"shop": row["shop"]}}
    return {
        "id": row["id"],
        "who": {"card": row["card"]},
        "time": row["time"],
        "purchase": purchase,
    }


PAYLOADS: tuple[Payload, ...] = (
    Payload("flat, by the file's own names", lambda r: encode(flat(r))),
    Payload("the documented shape", lambda r: encode(documented(r))),
    Payload(
        "a list of features",
        lambda r: encode(documented(r) | {"features": [r["amount"], r["shop"]]}),
    ),
    Payload(
        "a row in a list",
        lambda r: encode({"data": [[r["amount"], r["shop"]]], "current_time": r["time"]}),
        entity=False,
    ),
    Payload("fields that nobody needs", lambda r: encode(flat(r, note={"a": [1, None]}, x=1e9))),
    Payload("numbers as strings", lambda r: encode(flat(r, amount=f" {r['amount']:.2f}"))),
    Payload(
        "epoch seconds as strings",
        lambda r: encode(flat(r, time=str(int(r["time"].timestamp())))),
    ),
    Payload(
        "epoch milliseconds", lambda r: encode(flat(r, time=int(r["time"].timestamp() * 1000)))
    ),
    Payload(
        "numbers as strings, refused",
        lambda r: encode(flat(r, amount=f"{r['amount']:.2f}")),
        {"strict": True},
        rejected="wrong-type",
        says=("amount", "string"),
    ),
    Payload(
        "words for numbers",
        lambda r: encode(flat(r, amount="twelve")),
        rejected="wrong-type",
        says=("amount", "twelve"),
    ),
    Payload("Debezium's envelope", lambda r: encode(envelope(r))),
    Payload(
        "Debezium's envelope with its schema",
        lambda r: encode({"schema": {"type": "struct", "fields": []}, "payload": envelope(r)}),
    ),
    Payload(
        "Debezium's envelope, said",
        lambda r: encode({"schema": {}, "payload": envelope(r)}),
        {"payload": "debezium"},
    ),
    Payload(
        "Debezium's envelope, not unwrapped",
        lambda r: encode({"schema": {}, "payload": envelope(r)}),
        {"payload": "plain"},
        rejected="no-features",
        says=("amount", "payload", "ANOMALY_PAYLOAD=debezium"),
    ),
    Payload(
        "deletions by Debezium",
        lambda r: encode(envelope(r, op="d", after=None, before=flat(r))),
        rejected="null-value",
    ),
    Payload(
        "a path to the transaction",
        lambda r: encode({"detail": {"body": flat(r)}}),
        {"payload": "detail.body"},
    ),
    Payload(
        "an object around the transaction that nobody has said",
        lambda r: encode({"detail": flat(r)}),
        rejected="no-features",
        says=("ANOMALY_PAYLOAD=detail",),
    ),
    Payload("the registry's five bytes", lambda r: b"\0\0\0\0\7" + encode(flat(r))),
    Payload(
        "nested fields",
        lambda r: encode(nested(r)),
        {"roles": "key=who.card amount=purchase.amount shop=purchase.at.shop"},
    ),
    Payload(
        "other names, said",
        lambda r: encode(renamed(r, card="customer", amount="amt", time="when")),
        {"roles": "key=customer amount=amt time=when"},
    ),
    Payload(
        "one other name that nobody has said",
        lambda r: encode(renamed(r, amount="Amount")),
        absent=("amount",),
    ),
    Payload(
        "only other names",
        lambda r: encode(renamed(r, amount="Amount", shop="Shop")),
        rejected="no-features",
        says=("amount", "Amount"),
    ),
    Payload("no category", lambda r: encode(flat(r, shop=None)), absent=("shop",)),
    Payload(
        "two rows in a record",
        lambda r: encode({"data": [[1.0, "food"], [2.0, "fuel"]]}),
        rejected="wrong-length",
        says=("2 rows",),
    ),
    Payload(
        "an object where a list is due",
        lambda r: encode({"data": {"amount": r["amount"]}}),
        rejected="wrong-type",
        says=("`data` must be a list",),
    ),
    Payload("values that are no JSON", lambda r: b"amount=3;shop=food", rejected="not-json"),
)
"""Payloads as topics have them."""

ROWS = BASE[:RECORDS]
