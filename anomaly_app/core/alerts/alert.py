"""The text of an alert: what a person needs to act on it."""

from itertools import accumulate
from typing import Any

from anomaly_app.core.scoring.anomaly import Anomaly
from anomaly_app.core.wording import NOTHING, how_unusual, reason_in_words

EMOJI = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}

MOST_REASONS = 3
"""Reasons in a message; the anomaly in Kafka has all of them."""

LONGEST_WORD = 80
"""Characters of a single value: names and values come from the stream, and may be anything."""

LONGEST_TOPIC = 249
"""Characters of a topic's name, by Kafka's rules."""

LONGEST_HEADER, LONGEST_REASON = 150, 900
"""Characters of a header, and of a reason with all that is escaped: Slack takes 150, and 3,000 for
all of a section."""

MEANING = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""Signs that mention people and link; the first is in what replaces the others."""

# A zero-width space keeps the sign and takes away its meaning as formatting.
FORMATTING = MEANING | {sign: f"\u200b{sign}" for sign in "*_~`"}


class AlertMessage:
    """One alert, in the forms that channels need; all are written at once.

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

    text: str
    """Plain text, for logs."""
    notification: str
    """The same for Slack."""
    blocks: list[dict[str, Any]]
    """Slack's Block Kit."""

    def __init__(self, anomaly: Anomaly) -> None:
        entity = NOTHING if anomaly.entity is None else _shorten(anomaly.entity)
        severity = _shorten(anomaly.severity)
        title = f"{severity.capitalize()} anomaly" + (f": {entity}" if entity != NOTHING else "")
        when = _shorten(anomaly.time)
        score, threshold = (_shorten(f"{s:.3f}") for s in (anomaly.score, anomaly.threshold))
        chance = _shorten(how_unusual(anomaly.p_value))
        reasons = [reason_in_words(reason, _shorten) for reason in anomaly.reasons[:MOST_REASONS]]
        topic, partition, offset = (_shorten(part, LONGEST_TOPIC) for part in anomaly.source)
        source = f"{topic} partition {partition} offset {offset}"
        rarity = f"score {score} (threshold {threshold}), {chance}"
        self.text = " | ".join([f"{title} at {when}", rarity, *reasons, source])
        self.notification = _replace(self.text, MEANING)
        model = f"model {_shorten(anomaly.model.name)} {_shorten(anomaly.model.version)}"
        why = "\n".join(f"• {_escape(reason)}" for reason in reasons)
        self.blocks = [
            _header(f"{EMOJI.get(severity, '')} {title}".strip()),
            _fields(
                ("When", when),
                ("Entity", entity),
                ("Score", f"{score}, threshold {threshold}"),
                ("Rarity", chance),
            ),
            _section(f"*Why*\n{why or '• no single value stands out'}"),
            _context(source, model),
        ]


def _shorten(value: object, most: int = LONGEST_WORD) -> str:
    text = " ".join(str(value).split())[: most + 1]
    if not text.isprintable():
        # It could rewrite a terminal's line, or turn the text around.
        text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= most else text[: most - 1] + "…"


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
    # Whether Slack counts code points or UTF-16 is not said.
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
