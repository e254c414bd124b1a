"""The words of an alert: what a person needs to act, and nothing to decode."""

from typing import Any, NamedTuple

from anomaly_app.core.schema import FeatureValue
from anomaly_app.records import Anomaly, Reason

EMOJI = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}

MOST_REASONS = 3
"""Reasons in a message; the anomaly in Kafka has them all."""

LONGEST_WORD = 80
"""Characters of a single value: names and values come from the stream, and may be anything."""


class AlertMessage(NamedTuple):
    """One alert in the two forms that channels need."""

    text: str
    """Plain text, for logs and notifications."""
    blocks: list[dict[str, Any]]
    """Slack's Block Kit."""


def alert_message(anomaly: Anomaly) -> AlertMessage:
    """Write the alert for an anomaly.

    Parameters
    ----------
    anomaly
        As it was read from Kafka. Texts from it are shortened, and cannot mention people,
        link or format.
    """
    entity = _shorten(anomaly.entity) if anomaly.entity is not None else "an unknown entity"
    title = f"{anomaly.severity.capitalize()}: unusual transaction of {entity}"
    rarity = f"score {anomaly.score:.3f} (threshold {anomaly.threshold:.3f})"
    chance = f"1 in {_count(1 / max(anomaly.p_value, 1e-300))} is this unusual"
    reasons = [_sentence(reason) for reason in anomaly.reasons[:MOST_REASONS]]
    source = _source(anomaly.id)
    lines = [f"{title} at {anomaly.time}", f"{rarity}, {chance}", *reasons, source]
    why = "\n".join(f"• {_escape(reason)}" for reason in reasons) or "• no single value stands out"
    return AlertMessage(
        text=" | ".join(lines),
        blocks=[
            _header(f"{EMOJI.get(anomaly.severity, '')} {title}".strip()),
            _fields(
                ("When", anomaly.time),
                ("Entity", entity),
                ("Score", f"{anomaly.score:.3f}, threshold {anomaly.threshold:.3f}"),
                ("Rarity", chance),
            ),
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*Why*\n{why}"}},
            _context(source, f"model {anomaly.model.name} {anomaly.model.version}"),
        ],
    )


def _sentence(reason: Reason) -> str:
    return (
        f"{_shorten(reason.feature)} is {_value(reason.value)}, "
        f"usually {_value(reason.expected)} ({reason.share:.0%})"
    )


def _value(value: FeatureValue) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"  # noqa: PLR2004
    return _shorten(value)


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e9 else "more than a billion"  # noqa: PLR2004


def _source(anomaly_id: str) -> str:
    topic, partition, offset = anomaly_id.rsplit("-", 2)
    return f"{topic} partition {partition} offset {offset}"


def _shorten(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_WORD else text[: LONGEST_WORD - 1] + "…"


def _escape(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A zero-width space keeps the sign and takes away its meaning as formatting.
    return "".join(f"\u200b{sign}" if sign in "*_~`" else sign for sign in escaped)


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text[:150], "emoji": True}}


def _fields(*fields: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "section",
        "fields": [
            {"type": "mrkdwn", "text": f"*{name}*\n{_escape(value)}"} for name, value in fields
        ],
    }


def _context(*texts: str) -> dict[str, Any]:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": _escape(text)} for text in texts],
    }
