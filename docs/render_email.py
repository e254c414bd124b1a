"""Draw the e-mails of the documentation: an incident that has grown, and a digest.

It needs Chromium, which nothing else here needs:

    python docs/render_email.py docs/images

The pages are those that `anomaly_app.channels.email_message` writes for mail programs.
"""

import base64
import io
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

from anomaly_app.channels.email_message import PICTURE, Thread, message_of
from anomaly_app.channels.picture import Series, draw_series
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
"""2026-01-05 12:00 UTC."""

WIDTH, HEIGHT, MARGIN = 700, 1400, 12
"""Pixels."""


def grown() -> tuple[Notice, Series]:
    """Give an incident of one card, and the values of the day before."""
    rng = random.Random(7)  # noqa: S311  # not for secrets
    times = [NOON - 3_600.0 * hours for hours in range(48, 0, -1)]
    values = [28.8 * math.exp(rng.gauss(0.0, 0.5)) for _ in times]
    odd = [(NOON, 1_210.0), (NOON + 140, 2_480.0), (NOON + 300, 4_210.0)]
    series = Series(
        "amount of card-0042",
        (*times, *(time for time, _ in odd)),
        (*values, *(value for _, value in odd)),
        (*(False for _ in times), *(True for _ in odd)),
        28.8,
    )
    view = IncidentView(
        id="incident-1",
        title="card-0042",
        severity="critical",
        status=Status.OPEN,
        grouped_by="the same entity",
        opened=NOON,
        last=NOON + 300,
        members=3,
        entities=1,
        sample=tuple(
            Member(f"transactions-3-{1042 + n}", "card-0042", time, 8e-6, "critical", value)
            for n, (time, value) in enumerate(odd)
        ),
        rows=(
            Row("amount", "1,210 to 4,210", "28.8", 0.62),
            Row("category", "travel", "food", 0.21),
            Row("time since the last payment", "2 min", "9 h", 0.17),
        ),
        rarity="about 1 in 125,000 transactions is this unusual",
        model="transactions 3",
        first_source="transactions partition 3 offset 1042",
        last_source="transactions partition 3 offset 1044",
        entity="card-0042",
        charted="amount",
        expected=28.8,
        taken_by="Ann",
        answers=(Answer("take", "Ann", NOON + 200),),
    )
    changes = ("It is critical now; it was high.", "2 more anomalies since the last message.")
    notice = Notice(
        id=view.id, version=2, event=Event.CHANGED, at=NOON + 310, subject=view, changes=changes
    )
    return notice, series


def digest() -> Notice:
    """Give the digest of an hour in which the budget was spent."""
    spent = "the budget of 20 messages an hour was spent"
    lines = (
        DigestLine("a", "card-0731", "high", 4, spent),
        DigestLine("b", "12 cards: amount far above, merchant M-88", "high", 19, spent),
        DigestLine("c", "card-1204", "medium", 1, "below the severity of its route"),
        DigestLine("d", "card-0095", "medium", 2, "came and went 4 times in 2 hours"),
    )
    subject = Digest(begins=NOON, ends=NOON + 3_600, lines=lines, incidents=4, anomalies=26)
    return Notice(id="digest-1", version=1, event=Event.OPENED, at=NOON + 3_600, subject=subject)


def page(notice: Notice, picture: bytes | None) -> str:
    """Give the HTML of an e-mail, with its subject above it and the picture in it."""
    message = message_of(
        notice,
        Thread.of(notice, None),
        sender="alerts@example.com",
        to=("fraud@example.com",),
        picture=picture,
    )
    part = message.get_body(("html",))
    assert part is not None  # noqa: S101
    html: str = part.get_content()
    head = "".join(
        f"<div><b>{name}</b> {str(message[name]).replace('<', '&lt;')}</div>"
        for name in ("Subject", "From", "To")
    )
    html = html.replace(
        'padding:16px;overflow-wrap:anywhere">',
        'padding:16px;overflow-wrap:anywhere">'
        f'<div style="color:#5f6368;font-size:13px;margin-bottom:16px">{head}</div>',
    )
    data = base64.b64encode(picture or b"").decode()
    return html.replace(f"cid:{PICTURE}", f"data:image/png;base64,{data}")


def photograph(html: str, file: Path) -> None:
    """Write a page as PNG, without the white below it."""
    with tempfile.TemporaryDirectory() as folder:
        source, taken = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(html)
        command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars"]
        command += [f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={taken}", source.as_uri()]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        image = Image.open(io.BytesIO(taken.read_bytes())).convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    assert box is not None  # noqa: S101
    cut = image.crop((0, 0, WIDTH, min(HEIGHT, box[3] + MARGIN)))
    cut.quantize(128).save(file, optimize=True)


if __name__ == "__main__":
    images = Path(sys.argv[1])
    notice, series = grown()
    photograph(page(notice, draw_series(series)), images / "email.png")
    photograph(page(digest(), None), images / "email-digest.png")
