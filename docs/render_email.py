"""Draw the e-mails of the documentation: an incident that has grown, and a digest.

    python docs/render_email.py docs/images

The pages are those that `anomaly_app.channels.email_message` writes for mail programs; see
`photograph` for what it needs.
"""

import sys
from html import escape
from pathlib import Path

from example_notices import digest, history, notice, taken
from photograph import data_url, photograph

from anomaly_app.channels.email_message import PICTURE, Thread, message_of
from anomaly_app.channels.picture import Drawing, drawing_of
from anomaly_app.core.alerts.notice import Notice

BODY = 'padding:16px;overflow-wrap:anywhere">'
HEAD = '<div style="color:#5f6368;font-size:13px;margin-bottom:16px">{}</div>'


def page(notice: Notice, picture: Drawing | None) -> str:
    """Give the HTML of an e-mail, with its subject above it and the picture in it."""
    thread = Thread.of(notice, None)
    message = message_of(
        notice,
        thread,
        notice.id,
        sender="alerts@example.com",
        to=("fraud@example.com",),
        picture=picture,
    )
    part = message.get_body(("html",))
    assert part is not None  # noqa: S101
    html: str = part.get_content()
    lines = (f"<b>{name}</b> {escape(str(message[name]))}" for name in ("Subject", "From", "To"))
    html = html.replace(BODY, BODY + HEAD.format("<br>".join(lines)))
    return html if picture is None else html.replace(f"cid:{PICTURE}", data_url(picture.png))


if __name__ == "__main__":
    images = Path(sys.argv[1])
    changes = "Severity is now critical.", "3 anomalies."
    grown = page(notice(taken(), *changes, version=2), drawing_of(history()))
    photograph(grown, images / "email.png")
    photograph(page(notice(digest()), None), images / "email-digest.png")
