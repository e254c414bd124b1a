"""The words of an alert: what a person needs to act, and nothing to decode."""

from typing import Any

from anomaly_app.core.anomaly import Anomaly
from anomaly_app.core.explain import Reason
from anomaly_app.core.schema import FeatureValue

EMOJI = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}

MOST_REASONS = 3
"""Reasons in a message; the anomaly in Kafka has them all."""

LONGEST_WORD = 80
"""Characters of a single value: names and values come from the stream, and may be anything."""


class AlertMessage:
    """One alert, in the two forms that channels need.

    Parameters
    ----------
    anomaly
        As it was read from Kafka. Texts from it are shortened, and cannot mention people,
        link or format.

    Raises
    ------
    ValueError
        The anomaly's id does not name its source.
    """

    def __init__(self, anomaly: Anomaly) -> None:
        self._anomaly = anomaly
        entity = _shorten(anomaly.entity) if anomaly.entity is not None else "an unknown entity"
        self._entity = entity
        self._title = f"{anomaly.severity.capitalize()}: unusual transaction of {entity}"
        self._chance = f"1 in {_count(1 / max(anomaly.p_value, 1e-300))} is this unusual"
        self._reasons = [_sentence(reason) for reason in anomaly.reasons[:MOST_REASONS]]
        topic, partition, offset = anomaly.source
        self._source = f"{topic} partition {partition} offset {offset}"

    @property
    def text(self) -> str:
        """Plain text, for logs and notifications."""
        anomaly = self._anomaly
        rarity = f"score {anomaly.score:.3f} (threshold {anomaly.threshold:.3f}), {self._chance}"
        lines = [f"{self._title} at {anomaly.time}", rarity, *self._reasons, self._source]
        return " | ".join(lines)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Slack's Block Kit."""
        anomaly = self._anomaly
        why = "\n".join(f"• {_escape(reason)}" for reason in self._reasons)
        why = why or "• no single value stands out"
        return [
            _header(f"{EMOJI.get(anomaly.severity, '')} {self._title}".strip()),
            _fields(
                ("When", anomaly.time),
                ("Entity", self._entity),
                ("Score", f"{anomaly.score:.3f}, threshold {anomaly.threshold:.3f}"),
                ("Rarity", self._chance),
            ),
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*Why*\n{why}"}},
            _context(self._source, f"model {anomaly.model.name} {anomaly.model.version}"),
        ]


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
