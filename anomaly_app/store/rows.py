"""From messages of Kafka to rows of the tables."""

from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from anomaly_app.core.alerts.sighting import LEAST_RARITY
from anomaly_app.core.json_reading import has_slow_numbers
from anomaly_app.core.learning.label import ANOMALY
from anomaly_app.core.scoring.anomaly import READING_FAULTS, write_json
from anomaly_app.core.times import parse_time, seconds_of
from anomaly_app.errors import (
    AnomalyUnreadable,
    IncidentUnreadable,
    RecordRejected,
    describe,
)
from anomaly_app.store import values
from anomaly_app.store.messages import read_anomaly, read_incident, read_member
from anomaly_app.store.said_rows import feedback_rows

MEMBER = b"member "
"""How keys begin whose message says which incident an anomaly belongs to."""

LEARNING = b"learning"
"""Key of the message that is about no incident."""

MOST_REASONS = 20

Row: TypeAlias = dict[str, Any]


class Message(Protocol):
    """A record of Kafka."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


class Made(NamedTuple):
    """A row, and the name of its table."""

    table: str
    row: Row


class Topics(NamedTuple):
    """The topics that the store reads."""

    anomalies: str
    feedback: str
    incidents: str


def rows_of(message: Message, topics: Topics, group: str) -> list[Made]:
    """Return the rows that a message makes; none if it is about something else.

    Parameters
    ----------
    message
        Untrusted: anybody may have written it.
    topics
        Says what the message is.
    group
        The group whose store it is: feedback for other groups is left out.

    Raises
    ------
    AnomalyUnreadable, FeedbackUnreadable, IncidentUnreadable
        It is nothing that belongs on its topic.
    """
    source = source_of(message)
    if message.topic == topics.anomalies:
        return [Made("anomalies", anomaly_row(message.value or b"") | source)]
    if message.topic == topics.feedback:
        made = feedback_rows(message.topic, message.value, group)
        return [Made(table, row | source) for table, row in made]
    if message.value is None or message.key == LEARNING:
        return []
    if (message.key or b"").startswith(MEMBER):
        return [Made("members", member_row(message.value) | source)]
    return [Made("incidents", incident_row(message.value) | source)]


def source_of(message: Message) -> Row:
    """Return the columns that say which message a row is from."""
    return {
        "kafka_at": values.moment(seconds_of(message.timestamp or 0) or 0.0),
        "kafka_partition": message.partition,
        "kafka_offset": message.offset,
    }


def anomaly_row(value: bytes) -> Row:
    """Return the row of an anomaly.

    Raises
    ------
    AnomalyUnreadable
        It is none.
    """
    try:
        _refuse_slow(value)
        found = read_anomaly(value)
        time = values.moment_of(found.time) or values.moment(parse_time(found.time))
        transaction = bytes(found.transaction).decode(errors="replace")
    except (*READING_FAULTS, RecordRejected) as fault:
        raise AnomalyUnreadable(describe(fault)) from None
    if not ANOMALY.fullmatch(found.id):
        raise AnomalyUnreadable("its id is not TOPIC-PARTITION-OFFSET")
    reasons = sorted(found.reasons[:MOST_REASONS], key=lambda reason: -reason.share)
    return {
        "id": found.id,
        "entity": values.optional_name(found.entity),
        "time": time,
        "detected_at": values.moment_of(found.detected_at),
        "score": found.score,
        "p_value": found.p_value,
        "threshold": found.threshold,
        "borderline": borderline(found.p_value, found.threshold),
        "severity": values.name(found.severity, 16),
        "feature": values.name(reasons[0].feature) if reasons else None,
        "model": values.name(found.model.name),
        "model_version": values.name(found.model.version, 64),
        "model_sha256": values.name(found.model.sha256, 64),
        "transaction_id": values.id_name(found.transaction_id),
        "transaction_json": values.plain(transaction),
        "features_json": None if found.features is None else _json(found.features),
        "reasons_json": _json(reasons),
        "incident": None,
        "verdict": None,
        "basis": None,
        "labelled_at": None,
    }


def borderline(p_value: float, threshold: float) -> float:
    """Return how near to the threshold an anomaly is: 1 is just an anomaly, 0.01 a critical one.

    It is the p-value as a fraction of the alert rate: what is near to 1 teaches most when it is
    labelled, and what is near to 0 is the rarest.
    """
    # The score of the threshold is 1 - alert_rate ** 0.25, see `core.calibration`.
    alert_rate = min(max(1.0 - threshold, 0.0), 1.0) ** 4
    share = p_value / alert_rate if alert_rate > 0.0 else 1.0
    return min(max(share, LEAST_RARITY), 1.0)


def member_row(value: bytes) -> Row:
    """Return the row that says which incident an anomaly belongs to.

    Raises
    ------
    IncidentUnreadable
        It says none.
    """
    try:
        found = read_member(value)
    except READING_FAULTS as fault:
        raise IncidentUnreadable(describe(fault)) from None
    if not ANOMALY.fullmatch(found.anomaly):
        raise IncidentUnreadable("its anomaly is not TOPIC-PARTITION-OFFSET")
    return {"anomaly": found.anomaly, "incident": values.name(found.incident)}


def incident_row(value: bytes) -> Row:
    """Return the row of an incident.

    Raises
    ------
    IncidentUnreadable
        It is none.
    """
    try:
        _refuse_slow(value)
        found, document = read_incident(value), value.decode()
    except READING_FAULTS as fault:
        raise IncidentUnreadable(describe(fault)) from None
    if not 0 < len(found.id) <= values.LONGEST_NAME:
        raise IncidentUnreadable(f"its id has not 1 to {values.LONGEST_NAME} characters")
    return {
        "id": values.plain(found.id),
        "title": values.plain(found.title),
        "severity": values.name(found.severity, 16),
        "status": values.name(found.status, 16),
        "opened": values.moment_of(found.opened),
        "last": values.moment_of(found.last),
        "resolved": values.moment_of(found.resolved),
        "anomalies": values.integer(found.anomalies),
        "entities": values.integer(found.entities),
        "entity": values.optional_name(found.entity),
        "taken_by": values.optional_name(found.taken_by),
        "merged_into": values.optional_name(found.merged_into),
        "document_json": values.plain(document),
    }


def _refuse_slow(value: bytes) -> None:
    if has_slow_numbers(value):
        raise ValueError("it has many numbers that take long to read")


def _json(value: object) -> str:
    try:
        return values.plain(write_json(value).decode())
    except (UnicodeEncodeError, msgspec.ValidationError):
        return "null"
