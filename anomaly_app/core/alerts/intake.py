"""From an anomaly's message to an entry of the log, and whose fault it is if that fails."""

import msgspec

from anomaly_app.core.alerts.sighting import Origin, Sighting, sighting_of
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import (
    READING_FAULTS,
    Anomaly,
    ModelReference,
    read_anomaly,
    write_json,
)
from anomaly_app.errors import (
    AnomalyAppError,
    AnomalyUnreadable,
    RecordRejected,
    Rejection,
    describe,
)

EXAMPLE = write_json(
    Anomaly(
        id="transactions-3-1042",
        entity="card-0042",
        time="2026-01-05T10:00:00.000Z",
        detected_at="2026-01-05T10:00:00.021Z",
        score=0.83,
        p_value=0.0008,
        severity="high",
        threshold=0.65,
        reasons=[
            Reason(feature="amount", value=4210.0, expected=28.8, share=0.7),
            Reason(feature="category", value="travel", expected="food", share=0.2),
            Reason(feature="shop", value=311, expected=None, share=0.1),
        ],
        model=ModelReference(name="transactions", version="1", sha256="0" * 64),
        transaction=msgspec.Raw(b'{"features": {"amount": 4210.0}}'),
        transaction_id="tx-7",
        features={"amount": 4210.0, "category": "travel", "shop": None},
    )
)
"""A valid anomaly: if this cannot be processed, the fault is not in the message."""

LONGEST_ID = 300
"""Maximum length of an id in an error: a topic name has at most 249 characters."""


def read_sighting(value: bytes | None, origin: Origin, counterpart: str = "") -> Sighting:
    """Read a message of the anomalies topic.

    Parameters
    ----------
    value
        Untrusted: anyone may have written anything to the topic.
    origin
        Where it is.
    counterpart
        As for `sighting_of`.

    Raises
    ------
    AnomalyUnreadable
        It is not an anomaly.
    RecordRejected
        It is an anomaly but cannot be taken in, although `EXAMPLE` can.
    Exception
        Whatever `EXAMPLE` raises, too: the fault is not in the message.
    """
    try:
        return sighting_of(_read(value or b""), origin, counterpart)
    except Exception as raised:  # noqa: BLE001  # sorted below
        fault = raised
    sighting_of(read_anomaly(EXAMPLE), origin)
    if isinstance(fault, AnomalyUnreadable):
        raise fault
    if isinstance(fault, (ValueError, AnomalyAppError)):
        raise AnomalyUnreadable(describe(fault)) from None
    error = RecordRejected(
        Rejection.UNALERTABLE, f"anomaly {_id_of(value or b'')}: {describe(fault)}"
    )
    raise error from fault


def _read(value: bytes) -> Anomaly:
    try:
        return read_anomaly(value)
    except READING_FAULTS as fault:
        raise AnomalyUnreadable(describe(fault)) from None


def _id_of(value: bytes) -> str:
    try:
        return repr(read_anomaly(value).id[:LONGEST_ID])
    except Exception:  # noqa: BLE001  # reading it may be what failed before
        return "of unknown id"
