"""Where the transaction is: the record itself, in a Debezium envelope, or at a path."""

from collections.abc import Sequence
from typing import NamedTuple

from anomaly_app.core.decoding.hints import hint_of, nothing_at
from anomaly_app.core.decoding.lazy_json import EMPTY, Object, is_given, kind_of, scalar
from anomaly_app.core.decoding.wire import DEBEZIUM, PLAIN, Wire
from anomaly_app.errors import RecordRejected, Rejection


class Payload(NamedTuple):
    """The object that holds the transaction, and the objects around it."""

    path: str
    """Path from the record to the object; "" if it is the record itself."""
    levels: Sequence[Object]
    """The object itself, then those around it, which may also hold key, time and id."""


def payload_of(record: Object, wire: Wire) -> Payload:
    """Find the object that holds the transaction.

    Raises
    ------
    RecordRejected
        There is no such object.
    """
    if wire.payload == PLAIN:
        return Payload("", [record])
    if wire.payload == DEBEZIUM:
        return _change(record, wire)
    if wire.payload is not None:
        found = record.at(wire.payload)
        if found is None:
            raise RecordRejected(
                Rejection.NO_FEATURES, nothing_at(wire.payload, record) + hint_of(record, wire)
            )
        return Payload(wire.payload, [found, record])
    features = record.fields.get("features")
    is_documented = features is not None and kind_of(features) in EMPTY
    if wire.recognises_envelopes and not is_documented:
        if is_envelope(record) or ((inner := record.inner("payload")) and is_envelope(inner)):
            return _change(record, wire)
        if inner and "schema" in record.fields:
            return Payload("payload", [inner, record])
    return Payload("", [record])


def is_envelope(fields: Object) -> bool:
    """Return whether an object is a Debezium change event."""
    after = fields.fields.get("after")
    return "op" in fields.fields and after is not None and kind_of(after) in {b"{", b"n"}


def _change(record: Object, wire: Wire) -> Payload:
    inner = None if is_envelope(record) else record.inner("payload")
    envelope = inner or record
    around = [inner, record] if inner else [record]
    if scalar(envelope.fields.get("op")) == "d":
        raise RecordRejected(
            Rejection.NULL_VALUE, "it deletes a row (`op` is d), so there is nothing to score"
        )
    after = envelope.fields.get("after")
    if after is not None and kind_of(after) == b"{" and (row := envelope.inner("after")):
        return Payload("payload.after" if inner else "after", [row, *around])
    if after is not None and not is_given(after):
        raise RecordRejected(
            Rejection.NULL_VALUE,
            "`after` is null, as for a deleted row, so there is nothing to score",
        )
    raise RecordRejected(
        Rejection.NO_FEATURES, nothing_at("after", envelope) + hint_of(record, wire)
    )
