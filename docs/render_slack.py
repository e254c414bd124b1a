"""Render the app's Slack messages as Slack shows them: the pictures of the documentation.

    python docs/render_slack.py docs/images

The messages are those that the app sends; only their look is imitated. See `photograph` for what
it needs.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from example_notices import answered, campaign, digest, history, incident, notice
from photograph import data_url, photograph

from anomaly_app.channels.picture import Series, draw_series, sample_series
from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.slack.reply import reply_of
from anomaly_app.core.alerts.notice import Notice

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


def examples() -> dict[str, Example]:
    """Give the messages by the names of their pictures."""
    many = campaign()
    over = answered()
    return {
        "slack-incident": Example(notice(incident()), history()),
        "slack-campaign": Example(
            notice(many, version=2),
            sample_series(many),
            (notice(many, "Severity is now critical.", "214 anomalies of 200 entities."),),
        ),
        "slack-answered": Example(
            notice(over, version=3),
            history(),
            (notice(over, "Over: 3 anomalies. It went on for 5 min.", version=3),),
        ),
        "slack-digest": Example(notice(digest())),
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
            yield f'<img src="{data_url(picture or b"")}" alt="{escape(block["alt_text"])}">'
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


if __name__ == "__main__":
    [place] = sys.argv[1:]
    for name, example in examples().items():
        photograph(page(example), Path(place, f"{name}.png"))
