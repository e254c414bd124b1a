"""Rows of the store as people read them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.wording import feature_in_words, reason_in_words, value_in_words
from anomaly_app.core.visible import printable
from anomaly_app.core.wording import odds, percent

LONGEST_NAME, LONGEST_REASON = 80, 160

SEVERITIES = ("critical", "high", "medium")

_read_reasons = msgspec.json.Decoder(list[Reason]).decode
_read_values = msgspec.json.Decoder(dict[str, float | int | str | None]).decode


class AnomalyRow(NamedTuple):
    """An anomaly in a list."""

    id: str
    entity: str | None
    severity: str
    severity_class: str
    """One of `SEVERITIES`, or empty: a severity is a text from the stream."""
    why: str
    rarity: str
    time: str
    incident: str | None
    verdict: str | None


class ReasonRow(NamedTuple):
    """A line of the table of reasons."""

    what: str
    found: str
    usual: str
    share: float
    percent: str


class LabelRow(NamedTuple):
    """Something that was said."""

    id: str
    at: str
    user: str
    about: str
    verdict: str
    basis: str
    note: str
    undone_by: str | None


def anomaly_row(found: Mapping[str, Any]) -> AnomalyRow:
    """Return an anomaly of a list."""
    reasons, severity = reasons_of(found), str(found["severity"])
    return AnomalyRow(
        id=found["id"],
        entity=found["entity"],
        severity=printable(severity, 16),
        severity_class=severity if severity in SEVERITIES else "",
        why=reason_in_words(reasons[0], _shortened)[:LONGEST_REASON] if reasons else "",
        rarity=odds(found["p_value"]),
        time=moment(found["time"]),
        incident=found["incident"],
        verdict=found["verdict"],
    )


def reason_rows(found: Mapping[str, Any]) -> list[ReasonRow]:
    """Return the reasons of an anomaly."""
    return [
        ReasonRow(
            _shortened(feature_in_words(one.feature)),
            _shortened(value_in_words(one.value, one.feature)),
            _shortened(value_in_words(one.expected, one.feature)),
            one.share,
            percent(one.share),
        )
        for one in reasons_of(found)
    ]


def label_row(found: Mapping[str, Any]) -> LabelRow:
    """Return a label."""
    undone = found["undone_by"] if found["undone_at"] is not None else None
    about = f"{found['about']} {found['name']}"
    return LabelRow(
        found["id"],
        moment(found["at"]),
        found["user_name"],
        printable(about, LONGEST_NAME),
        found["verdict"],
        found["basis"],
        found["note"],
        undone,
    )


def reasons_of(found: Mapping[str, Any]) -> list[Reason]:
    """Return the reasons in a row; none if they cannot be read."""
    try:
        return _read_reasons(found["reasons_json"])
    except (msgspec.DecodeError, RecursionError):
        return []


def values_of(found: Mapping[str, Any]) -> dict[str, float | int | str | None]:
    """Return the feature values in a row; none if the anomaly's message had none."""
    try:
        return _read_values(found["features_json"] or "{}")
    except (msgspec.DecodeError, RecursionError):
        return {}


def moment(found: datetime | None) -> str:
    """Return a time in UTC, to the second."""
    return "" if found is None else f"{found:%Y-%m-%d %H:%M:%S}"


def source_of(name: str) -> str:
    """Say where the transaction of an anomaly is."""
    topic, partition, offset = name.rsplit("-", 2)
    return f"{topic} partition {partition} offset {offset}"


def _shortened(text: str) -> str:
    return printable(text, LONGEST_NAME)
