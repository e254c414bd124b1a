"""Turn a message of the anomalies topic into an alert, and tell what is at fault if that fails."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from anomaly_app.core.alerts.alert import Alert
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import (
    READING_FAULTS,
    Anomaly,
    ModelReference,
    read_anomaly,
    write_json,
)
from anomaly_app.errors import AnomalyUnreadable, RecordRejected, Rejection, describe

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
    )
)
"""A valid anomaly: if this cannot be processed, the fault is not in the message."""

Message = TypeVar("Message")
"""An alert as rendered by a channel."""

LONGEST_ID = 300
"""Maximum length of an id in an error: a topic name has at most 249 characters."""


def read_alert(value: bytes | None) -> Alert:
    """Create an alert from a message of the anomalies topic.

    Parameters
    ----------
    value
        Untrusted: anyone may have written anything to the topic.

    Raises
    ------
    AnomalyUnreadable
        It is not an anomaly.
    RecordRejected
        It is an anomaly but no alert can be created from it, although `EXAMPLE` works.
    Exception
        Whatever `EXAMPLE` raises, too: the fault is not in the message.
    """
    try:
        return Alert.of(_read(value or b""))
    except Exception as raised:  # noqa: BLE001  # sorted below
        fault = raised
    Alert.of(read_anomaly(EXAMPLE))
    if isinstance(fault, AnomalyUnreadable):
        raise fault
    raise _unalertable(_id_of(value or b""), fault)


def render_alert(alert: Alert, render: Callable[[Alert], Message]) -> Message:
    """Render an alert for a channel.

    Parameters
    ----------
    alert
        From `read_alert`.
    render
        The channel's function.

    Raises
    ------
    RecordRejected
        The alert cannot be rendered, although that of `EXAMPLE` can.
    Exception
        Whatever the alert of `EXAMPLE` raises, too: the fault is not in the alert.
    """
    try:
        return render(alert)
    except Exception as raised:  # noqa: BLE001  # sorted below
        fault = raised
    render(Alert.of(read_anomaly(EXAMPLE)))
    raise _unalertable(repr(alert.anomaly_id[:LONGEST_ID]), fault)


def _unalertable(anomaly_id: str, fault: Exception) -> RecordRejected:
    error = RecordRejected(Rejection.UNALERTABLE, f"anomaly {anomaly_id}: {describe(fault)}")
    error.__cause__ = fault
    return error


def _read(value: bytes) -> Anomaly:
    try:
        anomaly = read_anomaly(value)
        _ = anomaly.source
    except READING_FAULTS as fault:
        raise AnomalyUnreadable(describe(fault)) from None
    return anomaly


def _id_of(value: bytes) -> str:
    try:
        return repr(read_anomaly(value).id[:LONGEST_ID])
    except Exception:  # noqa: BLE001  # reading it may be what failed before
        return "of unknown id"
