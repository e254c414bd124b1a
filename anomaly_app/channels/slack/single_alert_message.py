"""An alert in Slack's Block Kit, in which no text from the stream is taken as markup.

To be deleted when alerts are notices of incidents: `channel` and `blocks` take its place.
"""

from itertools import accumulate
from typing import Any, NamedTuple

from anomaly_app.core.alerts.alert import Alert

EMOJI = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}

LONGEST_HEADER, LONGEST_REASON = 150, 900
"""Characters of a header, and of a reason after escaping: Slack accepts 150, and 3,000 for a whole
section."""

MEANING = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""Characters of mentions and links; `&` comes first, since the other replacements contain it."""

# A zero-width space keeps the character from being taken as formatting.
FORMATTING = MEANING | {sign: f"\u200b{sign}" for sign in "*_~`"}


class SlackMessage(NamedTuple):
    """Arguments of ``chat.postMessage``; they contain no mentions, links or formatting."""

    text: str
    """For notifications, with Slack's escapes."""
    blocks: list[dict[str, Any]]
    """Block Kit."""
    plain: str
    """The same text for the log."""


def slack_message(alert: Alert) -> SlackMessage:
    """Format an alert for Slack."""
    why = "\n".join(f"• {_escape(reason)}" for reason in alert.reasons)
    blocks = [
        _header(f"{EMOJI.get(alert.severity, '')} {alert.title}".strip()),
        _fields(
            ("When", alert.time),
            ("Entity", alert.entity),
            ("Score", f"{alert.score}, threshold {alert.threshold}"),
            ("Rarity", alert.rarity),
        ),
        _section(f"*Why*\n{why or '• no single value stands out'}"),
        _context(alert.source, f"model {alert.model}"),
    ]
    return SlackMessage(_replace(alert.text, MEANING), blocks, alert.text)


def _replace(text: str, signs: dict[str, str]) -> str:
    for sign, replacement in signs.items():
        text = text.replace(sign, replacement)
    return text


def _escape(text: str) -> str:
    escaped = _replace(text, FORMATTING)
    if len(escaped) <= LONGEST_REASON:
        return escaped
    signs = [FORMATTING.get(sign, sign) for sign in text]
    sizes = accumulate(map(len, signs))
    return "".join(sign for sign, size in zip(signs, sizes, strict=True) if size <= LONGEST_REASON)


def _header(text: str) -> dict[str, Any]:
    # Slack does not document whether it counts code points or UTF-16 units.
    fitting = text.encode("utf-16-le")[: 2 * LONGEST_HEADER].decode("utf-16-le", errors="ignore")
    return {"type": "header", "text": {"type": "plain_text", "text": fitting, "emoji": True}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


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
