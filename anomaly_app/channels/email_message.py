"""A notice as an e-mail: plain text, and the same as HTML in which no text is taken as markup."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import NamedTuple

from anomaly_app.channels.picture import Drawing
from anomaly_app.channels.wording import Words, as_text, iso, title_of, words_of
from anomaly_app.core.alerts.notice import IncidentView, Notice
from anomaly_app.core.visible import printable

COLOURS = {"critical": "#b3261e", "high": "#c4561a", "medium": "#8a6d00"}
RESOLVED, NEUTRAL = "#2e7d32", "#455a64"

LONGEST_SUBJECT = 150
LONGEST_CAPTION = 400

PICTURE = "values"
"""Content id of the picture."""

CELL = "padding:6px 12px 6px 0;border-bottom:1px solid #e0e0e0;text-align:left;vertical-align:top"
HEAD = f"{CELL};color:#5f6368;font-weight:normal"
SHORT = ";white-space:nowrap"
SHORTEST = 20
"""Characters of a cell that is not broken: longer ones leave the width to them."""


class Thread(NamedTuple):
    """The first message about something: later ones refer to it and keep its subject."""

    version: int
    """Of the notice that it told."""
    subject: str

    @property
    def reference(self) -> str:
        """The thread as a channel keeps it; at most 200 characters."""
        return f"{self.version} {self.subject}"

    @classmethod
    def of(cls, notice: Notice, reference: str | None) -> "Thread":
        """Return the thread of earlier deliveries, or one that begins with this notice."""
        version, _, subject = (reference or "").partition(" ")
        if re.fullmatch("[0-9]{1,9}", version) and subject:
            return cls(int(version), header_text(subject))
        return cls(notice.version, header_text(title_of(notice)))


def message_of(
    notice: Notice,
    thread: Thread,
    name: str,
    *,
    sender: str,
    to: tuple[str, ...],
    picture: Drawing | None,
) -> EmailMessage:
    """Write the e-mail; the same notice gives the same `Message-ID`.

    Parameters
    ----------
    notice
        What it tells.
    thread
        What it belongs to.
    name
        See `Place.name_of`.
    sender, to
        Plain addresses.
    picture
        To show in it, with its words below it and in the plain text; or None.
    """
    words = words_of(notice)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("anomaly-app", addr_spec=sender)
    message["To"] = tuple(Address(addr_spec=one) for one in to)
    message["Date"] = format_datetime(datetime.fromisoformat(iso(notice.at)).astimezone(UTC))
    message["Message-ID"] = message_id(name, notice.version, sender)
    if notice.version != thread.version:
        message["Subject"] = f"Re: {thread.subject}"
        message["In-Reply-To"] = message["References"] = message_id(name, thread.version, sender)
    else:
        message["Subject"] = thread.subject
    # So that absence notices are not sent in return (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if isinstance(notice.subject, IncidentView):
        message["X-Anomaly-Severity"] = header_text(notice.subject.severity)
    caption = None if picture is None else printable(picture.words, LONGEST_CAPTION)
    message.set_content(as_text(words) + (f"\nValues: {caption}\n" if caption else ""))
    message.add_alternative(page_of(words, colour_of(notice), caption), subtype="html")
    if picture is not None:
        message.get_payload()[1].add_related(  # type: ignore[index, union-attr]
            picture.png, "image", "png", cid=f"<{PICTURE}>", disposition="inline"
        )
    return message


def header_text(text: str) -> str:
    """Return a text for a header, in which nothing is taken for an encoded word (RFC 2047)."""
    return printable(text, LONGEST_SUBJECT).replace("=?", "= ?")


def message_id(name: str, version: int, sender: str) -> str:
    """Return the `Message-ID` of a notice."""
    return f"<{name}.{version}@{sender.rpartition('@')[2]}>"


def colour_of(notice: Notice) -> str:
    """Return the colour of the bar above a message."""
    view = notice.subject
    if not isinstance(view, IncidentView):
        return NEUTRAL
    return COLOURS.get(view.severity, NEUTRAL) if view.is_open else RESOLVED


def page_of(words: Words, colour: str, caption: str | None) -> str:
    """Return words as HTML that mail programs show: tables, and styles in each element.

    Parameters
    ----------
    words
        What is told.
    colour
        Of the bar above it.
    caption
        What is in the picture; None if there is none.
    """
    parts = [
        f'<div style="border-top:6px solid {colour};padding-top:16px">',
        f'<h1 style="font-size:20px;margin:0 0 12px;color:{colour}">{escape(words.headline)}</h1>',
    ]
    if words.changes:
        items = "".join(f"<li>{escape(change)}</li>" for change in words.changes)
        parts.append(f'<ul style="margin:0 0 16px;padding-left:20px">{items}</ul>')
    if words.rows:
        parts.append(_table(words.columns, words.rows))
    if caption is not None:
        shown = escape(caption)
        parts.append(
            f'<p style="margin:0 0 4px"><img src="cid:{PICTURE}" alt="{shown}" '
            'style="max-width:100%"></p>'
            f'<p style="color:#5f6368;font-size:12px;margin:0 0 16px">{shown}</p>'
        )
    if words.facts:
        parts.append(_table((), words.facts))
    origin = "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in words.origin)
    parts.append(f'<p style="color:#5f6368;font-size:12px">{origin}</p></div>')
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(words.headline)}</title></head>"
        '<body style="font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.4;'
        'max-width:640px;margin:0 auto;padding:16px;overflow-wrap:anywhere">'
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _table(heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th style="{HEAD}{SHORT}">{escape(one)}</th>' for one in heads)
    lines = [f"<tr>{head}</tr>"] if heads else []
    for row in rows:
        styles = (CELL if heads or place else HEAD for place in range(len(row)))
        cells = (
            f'<td style="{style}{SHORT if len(cell) <= SHORTEST else ""}">{escape(cell)}</td>'
            for style, cell in zip(styles, row, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<table role="presentation" style="border-collapse:collapse;margin:0 0 16px">'
        f"{''.join(lines)}</table>"
    )
