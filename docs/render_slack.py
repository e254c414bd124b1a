"""Render the app's Slack messages as Slack shows them: the pictures of the documentation.

It needs Debian's packages chromium, fonts-lato and fonts-noto-color-emoji:

    python docs/render_slack.py docs/images

The messages are those that the app sends; only their look is imitated.
"""

import base64
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageChops

from anomaly_app.channels.picture import Series, draw_series, sample_series
from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.slack.reply import reply_of
from anomaly_app.core.alerts.notice import (
    Answer,
    Digest,
    DigestLine,
    Event,
    IncidentView,
    Member,
    Notice,
    Row,
    Status,
)

NOON = 1_767_614_400.0
WIDTH, TALLEST, MARGIN = 700, 1_800, 16
"""Pixels of the page, which is cut to what is on it."""

BACKGROUND = "#ffffff"

STYLE = """
body { font: 15px/1.46 Lato, sans-serif; color: #1d1c1d; margin: 0; background: #fff }
.message { display: flex; gap: 10px; padding: 16px 20px 6px }
.icon { width: 36px; height: 36px; border-radius: 6px; background: #4a154b; color: #fff; flex: none;
        font-size: 22px; line-height: 36px; text-align: center }
.body { flex: 1; min-width: 0 }
.who b { font-weight: 900 } .who i { font-style: normal; font-size: 12px; color: #616061 }
.app { background: #e8e8e8; font-size: 10px; font-weight: 700; padding: 1px 3px; margin: 0 4px;
       border-radius: 2px; color: #616061 }
h1 { font: 900 18px/1.33 Lato, sans-serif; margin: 6px 0 4px }
p { margin: 2px 0 6px; white-space: pre-wrap }
ul { margin: 0 0 6px; padding-left: 26px }
table { border-collapse: collapse; margin: 6px 0 8px; border: 1px solid #ddd }
td, th { border: 1px solid #ddd; padding: 5px 10px; text-align: left; vertical-align: top }
pre { background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0;
      font: 12px/1.5 "DejaVu Sans Mono", monospace }
.small { font-size: 13px; color: #616061; margin: 8px 0 }
.small span + span::before { content: " \\00a0 " }
img { max-width: 480px; border-radius: 8px; border: 1px solid #eee; display: block; margin: 6px 0 }
button { font: 700 13px Lato, sans-serif; border: 1px solid #bbb; border-radius: 4px;
         color: #1d1c1d; background: #fff; padding: 6px 11px; margin: 4px 8px 4px 0 }
button.danger { background: #e01e5a; color: #fff; border-color: #e01e5a }
.thread { border-left: 2px solid #ddd; margin: 2px 0 10px 66px; padding-left: 4px }
.thread .message { padding: 4px 10px }
"""

Block = dict[str, Any]


class Example(NamedTuple):
    """A message, its picture, and what is said in its thread."""

    notice: Notice
    series: Series | None = None
    replies: tuple[Notice, ...] = ()


def incident() -> IncidentView:
    """Give an incident of one card."""
    amounts = (4_210.0, 2_990.0, 3_480.0)
    members = tuple(
        Member(f"transactions-3-{1042 + i}", "card-0042", NOON + 150 * i, p, "high", amount)
        for i, (amount, p) in enumerate(zip(amounts, (0.0001, 0.0008, 0.0004), strict=True))
    )
    return IncidentView(
        id="8f14e45fceea167a",
        title="card-0042",
        severity="high",
        status=Status.OPEN,
        grouped_by="the same entity",
        opened=NOON,
        last=NOON + 300,
        members=3,
        entities=1,
        sample=members,
        rows=(
            Row("amount", "2,990 to 4,210", "28.8", 0.71),
            Row("category", "travel", "food", 0.18),
            Row("hour", "12", "8 to 10", 0.08),
        ),
        rarity="about 1 in 10,000 transactions is this unusual",
        model="transactions 3",
        first_source="transactions partition 3 offset 1042",
        last_source="transactions partition 3 offset 1044",
        entity="card-0042",
        charted="amount",
        expected=28.8,
        labels={"entity": "card-0042", "feature": "amount"},
    )


def campaign() -> IncidentView:
    """Give an incident of many cards that share a terminal."""
    draw = random.Random(17)  # noqa: S311  # values to look at
    members = tuple(
        Member(
            f"transactions-{i % 8}-{5000 + i}",
            f"card-{draw.randrange(10_000):04}",
            NOON + 9.0 * i,
            10 ** draw.uniform(-6, -3),
            "critical",
            round(draw.uniform(380, 520), 2),
        )
        for i in range(40)
    )
    return replace_struct(
        incident(),
        id="c9f0f895fb98ab91",
        title="200 cards: amount far above, terminal T-17",
        severity="critical",
        grouped_by="the same reason",
        last=NOON + 360,
        members=214,
        entities=200,
        sample=members,
        rows=(
            Row("amount", "381 to 519", "22 to 41", 0.64),
            Row("terminal", "T-17", "of 1,204 others", 0.22),
            Row("events in 1 h", "2 to 9", "0 to 2", 0.09),
        ),
        rarity="the rarest: about 1 in 1 million transactions is this unusual",
        last_source="transactions partition 6 offset 9918",
        entity=None,
        expected=31.0,
        labels={"feature": "amount", "terminal": "T-17"},
    )


def answered() -> IncidentView:
    """Give an incident that people have answered, and that has ended."""
    return replace_struct(
        incident(),
        status=Status.RESOLVED,
        resolved=NOON + 4_000,
        taken_by="Ada",
        answers=(
            Answer("take", "Ada", NOON + 190),
            Answer("fraud", "Ada", NOON + 700),
        ),
    )


def digest() -> Digest:
    """Give a digest of what the budget had no messages for."""
    spent = "the budget of 20 messages an hour was spent"
    silenced = "silenced: planned stress test of terminal T-3, until 14:00"
    rows = [
        ("high", "card-0815", 4, spent),
        ("high", "9 cards: country far from usual, app 4.2", 11, spent),
        ("medium", "card-1177", 1, spent),
        ("medium", "card-0301", 2, spent),
        ("high", "31 cards: amount far above, terminal T-3", 52, silenced),
    ]
    lines = tuple(
        DigestLine(f"incident-{i}", title, severity, members, why)
        for i, (severity, title, members, why) in enumerate(rows)
    )
    return Digest(begins=NOON, ends=NOON + 3_600, lines=lines, incidents=12, anomalies=87)


def replace_struct(view: IncidentView, **changes: Any) -> IncidentView:
    """Give a copy with changes."""
    return IncidentView(
        **({name: getattr(view, name) for name in view.__struct_fields__} | changes)
    )


def history(view: IncidentView) -> Series:
    """Give a day of the card's usual values before its odd ones."""
    draw = random.Random(42)  # noqa: S311  # values to look at
    usual = [(NOON - 900.0 * i, max(draw.gauss(29, 9), 2.0)) for i in range(48, 0, -1)]
    odd = [(member.time, member.value or 0.0) for member in view.sample]
    times, values = zip(*usual, *odd, strict=True)
    marks = (False,) * len(usual) + (True,) * len(odd)
    return Series("amount: card-0042", times, values, marks, view.expected)


def examples() -> dict[str, Example]:
    """Give the messages by the names of their pictures."""
    many = sample_series(campaign())
    told = Notice(id="1", version=1, event=Event.OPENED, at=NOON, subject=incident())

    def later(view: IncidentView, *changes: str) -> Notice:
        return Notice(
            id="1", version=2, event=Event.CHANGED, at=NOON, subject=view, changes=changes
        )

    return {
        "slack-incident": Example(told, history(incident())),
        "slack-campaign": Example(
            later(campaign()),
            None if many is None else replace(many, title="amount, by card"),
            (later(campaign(), "severity raised to critical", "180 cards more"),),
        ),
        "slack-answered": Example(
            later(answered()),
            history(incident()),
            (
                later(incident(), "2 anomalies more"),
                later(answered(), "resolved: nothing has joined for an hour"),
            ),
        ),
        "slack-digest": Example(
            Notice(id="d", version=1, event=Event.OPENED, at=NOON, subject=digest())
        ),
    }


def page(example: Example) -> str:
    """Write a message and its thread as a page."""
    picture = None if example.series is None else draw_series(example.series)
    style = Style(picture=None if picture is None else "F1")
    blocks = message_of(example.notice, style).blocks
    replies = "".join(message(reply_of(reply).blocks, None) for reply in example.replies)
    thread = f'<div class="thread">{replies}</div>' if replies else ""
    head = f'<meta charset="utf-8"><style>{STYLE}</style>'
    return f"<!doctype html>{head}{message(blocks, picture)}{thread}"


def message(blocks: list[Block], picture: bytes | None) -> str:
    """Write one message."""
    parts = "".join(part for block in blocks for part in block_html(block, picture))
    who = '<div class="who"><b>anomalies</b><span class="app">APP</span><i>12:00 PM</i></div>'
    return (
        f'<div class="message"><div class="icon">≋</div><div class="body">{who}{parts}</div></div>'
    )


def block_html(block: Block, picture: bytes | None) -> Iterator[str]:
    """Write a block."""
    match block["type"]:
        case "header":
            yield f"<h1>{escape(block['text']['text'])}</h1>"
        case "context":
            texts = (f"<span>{escape(one['text'])}</span>" for one in block["elements"])
            yield f'<div class="small">{"".join(texts)}</div>'
        case "rich_text":
            yield from map(rich_html, block["elements"])
        case "table":
            rows = (
                "".join(f"<td>{rich_html(cell['elements'][0], 'span')}</td>" for cell in row)
                for row in block["rows"]
            )
            yield "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
        case "image":
            data = base64.b64encode(picture or b"").decode()
            yield f'<img src="data:image/png;base64,{data}">'
        case "actions":
            for one in block["elements"]:
                text = escape(one["text"]["text"])
                yield f'<button class="{one.get("style", "")}">{text}</button>'
        case unknown:
            raise ValueError(f"nothing here draws a block of type {unknown}")


def rich_html(element: Block, tag: str = "p") -> str:
    """Write an element of rich text."""
    match element["type"]:
        case "rich_text_list":
            return f"<ul>{''.join(rich_html(one, 'li') for one in element['elements'])}</ul>"
        case "rich_text_preformatted":
            return f"<pre>{''.join(map(span_html, element['elements']))}</pre>"
        case _:
            return f"<{tag}>{''.join(map(span_html, element['elements']))}</{tag}>"


def span_html(span: Block) -> str:
    """Write a part of a line."""
    if span["type"] == "date":
        at, has_date = datetime.fromtimestamp(span["timestamp"], UTC), "{date" in span["format"]
        return f"{at:%b %-d, %Y %-I:%M:%S %p}" if has_date else f"{at:%-I:%M:%S %p}"
    text, style = escape(span["text"]), span.get("style", {})
    text = f"<b>{text}</b>" if style.get("bold") else text
    return f"<em>{text}</em>" if style.get("italic") else text


def photograph(html: str, target: Path) -> None:
    """Take a picture of a page with a browser, and cut it to what is on it."""
    with tempfile.TemporaryDirectory() as folder:
        file, shot = Path(folder, "page.html"), Path(folder, "page.png")
        file.write_text(html)
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = [f"--window-size={WIDTH},{TALLEST}", "--force-device-scale-factor=1.5"]
        command = ["chromium", *options, *size, f"--screenshot={shot}", file.as_uri()]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        with Image.open(shot) as opened:
            image = opened.convert("RGB")
    blank = Image.new("RGB", image.size, BACKGROUND)
    _, _, _, bottom = ImageChops.difference(image, blank).getbbox() or (0, 0, 0, image.height)
    cut = image.crop((0, 0, image.width, min(bottom + MARGIN, image.height)))
    # A page has few colours: a palette makes the file a third as large.
    cut.quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    [place] = sys.argv[1:]
    for name, example in examples().items():
        photograph(page(example), Path(place, f"{name}.png"))
