"""Parts of Slack's Block Kit in which every text is taken literally.

Only rich text and plain text are used, never mrkdwn: what comes from the stream, or from people,
can be neither a mention nor a link nor formatting.
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from anomaly_app.core.times import EARLIEST, LATEST
from anomaly_app.core.wording import NOTHING

HALF_A_DAY = 43_200.0
"""Seconds."""

Block = dict[str, Any]
Span = dict[str, Any]
"""A part of a line of rich text."""

LONGEST_HEADER = 150
LONGEST_BUTTON = 75
LONGEST_VALUE = 2_000
"""Characters that Slack takes in a header, on a button, and as the value of a button."""


def literal(text: str, most: int) -> str:
    """Cut a text to one printable line of at most `most` UTF-16 units; never empty.

    Slack does not document whether it counts characters or UTF-16 units.
    """
    line = " ".join(text[: 2 * most + 2].split())
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
    if _units(line) <= most:
        return line or NOTHING
    cut = line.encode("utf-16-le", "replace")[: 2 * (most - 1)].decode("utf-16-le", "ignore")
    return cut + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def header(text: str) -> Block:
    """Give a headline."""
    return {"type": "header", "text": _plain(text, LONGEST_HEADER)}


def context(*texts: str, most: int = 300) -> Block:
    """Give small print."""
    return {"type": "context", "elements": [_plain(text, most) for text in texts]}


def words(text: str, most: int = 300, **style: bool) -> Span:
    """Give a part of a line, such as ``words("high", bold=True)``."""
    # The spaces around it separate it from its neighbours.
    before, after = " " * text.startswith(" "), " " * (text.endswith(" ") and text.strip() != "")
    span: Span = {"type": "text", "text": f"{before}{literal(text, most)}{after}"}
    return span | {"style": style} if style else span


def moment(time: float, *, since: float | None = None) -> Span:
    """Give a time, which Slack shows in the reader's own time zone.

    Beside another time, not long before, its date is left out.
    """
    if not (isfinite(time) and EARLIEST < time <= LATEST):
        return words("an unknown time")
    is_near = since is not None and abs(time - since) < HALF_A_DAY
    shown = "{time_secs}" if is_near else "{date_short_pretty} {time_secs}"
    return {"type": "date", "timestamp": int(time) or 1, "format": shown, "fallback": "a while ago"}


Line = Sequence[Span]


def lines(*paragraphs: Line) -> Block:
    """Give lines of rich text."""
    spans: list[Span] = []
    for paragraph in paragraphs:
        spans += [{"type": "text", "text": "\n"}] if spans else []
        spans += paragraph
    return {"type": "rich_text", "elements": [_section(spans)]}


def bullets(heading: Line, items: Iterable[Line]) -> Block:
    """Give a list under a heading."""
    points = {"type": "rich_text_list", "style": "bullet", "elements": list(map(_section, items))}
    return {"type": "rich_text", "elements": [_section(heading), points]}


def _section(spans: Line) -> Span:
    return {"type": "rich_text_section", "elements": [*spans]}


def table(rows: Sequence[Sequence[str]], *, most: int) -> Block:
    """Give a table whose first row has the names of its columns.

    Cells are rich text: Slack has answered plain ones with internal errors.
    """
    heading, *others = rows
    return {
        "type": "table",
        "column_settings": [{"is_wrapped": True} for _ in heading],
        "rows": [
            [_cell(words(text, most, bold=True)) for text in heading],
            *([_cell(words(text, most)) for text in row] for row in others),
        ],
    }


def _cell(span: Span) -> Span:
    return {"type": "rich_text", "elements": [_section([span])]}


def columns(rows: Sequence[Sequence[str]], *, most: int) -> Block:
    """Give the same as a table in letters of one width, for where Slack takes no table."""
    cut = [[literal(text, most) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cut
    )
    block = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [block]}


def image(file: str, alternative: str) -> Block:
    """Give an uploaded picture, by the id of its file."""
    return {
        "type": "image",
        "slack_file": {"id": file},
        "alt_text": literal(alternative, 300),
    }


def button(label: str, action: str, value: str, style: str | None = None) -> Block:
    """Give a button; the style is ``primary`` or ``danger``."""
    assert len(value) <= LONGEST_VALUE  # noqa: S101  # an id, and matchers that are cut
    made = {
        "type": "button",
        "text": _plain(label, LONGEST_BUTTON),
        "action_id": action,
        "value": value,
    }
    return made if style is None else made | {"style": style}


def actions(*buttons: Block) -> Block:
    """Give a row of buttons."""
    return {"type": "actions", "elements": [*buttons]}


def _plain(text: str, most: int) -> Block:
    # With `emoji`, words between colons would become pictures.
    return {"type": "plain_text", "text": literal(text, most), "emoji": False}
