"""E-mail: one thread an incident, no text as markup, whatever a mail server does at any stage."""

import asyncio
import base64
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import example, given

from anomaly_app.channels import email
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.email import EmailChannel, Picture
from anomaly_app.channels.email_message import Thread, message_of
from anomaly_app.channels.picture import Drawing
from anomaly_app.channels.receivers import make_channel
from anomaly_app.core.alerts.notice import Event, IncidentView, Note, Notice, Status
from anomaly_app.settings.alerting.policy import Alerting
from anomaly_app.settings.alerting.receivers import EmailReceiver, SlackReceiver
from harness.processes import HOST, free_port
from tests.support.certificates import self_signed
from tests.support.mail_server import PASSWORD, STAGES, USER, MailServer, mail_server
from tests.support.slack_notices import NOON, digest, incident, notice, notices
from tests.support.waiting import connections_closed

NOWHERE = Place()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates of these tests")
    folder = tmp_path_factory.mktemp("mail")
    self_signed(folder, "here", f"IP:{HOST}")
    self_signed(folder, "elsewhere", "DNS:mail.example")
    return folder


def receiver(port: int, **changes: Any) -> EmailReceiver:
    fields: dict[str, Any] = {
        "name": "mail",
        "host": HOST,
        "port": port,
        "encryption": "none",
        "sender": "alerts@example.com",
        "to": ("ann@example.com", "ben@example.com"),
    }
    return EmailReceiver(**(fields | changes))


def with_login(port: int, **changes: Any) -> EmailReceiver:
    return receiver(port, user=USER, password_env="MAIL_PASSWORD", **changes)  # noqa: S106


async def deliver(
    to: EmailReceiver,
    told: Notice | None = None,
    place: Place = NOWHERE,
    *,
    password: str | None = None,
    picture: Picture | None = None,
) -> Delivered | Refused | Later:
    async with connections_closed():
        return await attempt(to, told, place, password=password, picture=picture)


async def attempt(
    to: EmailReceiver,
    told: Notice | None = None,
    place: Place = NOWHERE,
    *,
    password: str | None = None,
    picture: Picture | None = None,
) -> Delivered | Refused | Later:
    """Deliver to a server that runs in the same event loop."""
    channel = EmailChannel(to, password=password, picture=picture)
    answer = await channel.deliver(notice() if told is None else told, place)
    await channel.close()
    return answer


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def plain_line(message: EmailMessage) -> str:
    return " ".join(body_of(message, "plain").split())


def no_slack(_: SlackReceiver) -> NoReturn:
    raise AssertionError("nobody is told in Slack")


async def test_a_message_says_what_is_unusual_as_text_and_as_html(server: MailServer) -> None:
    assert isinstance(await deliver(receiver(server.port)), Delivered)
    [message] = server.messages
    assert message["Subject"] == "Anomaly: card-0042"
    assert message["From"] == "anomaly-app <alerts@example.com>"
    assert message["To"] == "ann@example.com, ben@example.com"
    assert message["Date"] == "Mon, 05 Jan 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        text = body_of(message, kind)
        assert "High anomaly: card-0042" in text
        assert "about 1 in 1,250 transactions is this unusual" in text
        assert "4,210" in text
        assert "28.8" in text
        assert "transactions partition 3 offset 1042" in text


async def test_the_messages_of_one_incident_are_one_thread(server: MailServer) -> None:
    to = receiver(server.port)
    first = await deliver(to)
    assert isinstance(first, Delivered)
    grown = incident(200, title="200 cards: amount far above, terminal T-17", severity="critical")
    told = notice(grown, event=Event.CHANGED, version=7, changes=("200 cards now",))
    assert await deliver(to, told, Place(first.reference)) == first
    one, other = server.messages
    assert one["Message-ID"] == "<incident-1.1@example.com>"
    assert other["In-Reply-To"] == other["References"] == one["Message-ID"]
    assert other["Message-ID"] == "<incident-1.7@example.com>"
    assert other["Subject"] == "Re: Anomaly: card-0042"
    assert "* 200 cards now" in body_of(other, "plain")


async def test_a_thread_begins_with_the_first_notice_that_this_receiver_gets(
    server: MailServer,
) -> None:
    first = await deliver(receiver(server.port), notice(version=3))
    assert first == Delivered("3 Anomaly: card-0042")
    [message] = server.messages
    assert message["In-Reply-To"] is None


async def test_a_message_that_is_sent_again_has_the_same_id(server: MailServer) -> None:
    server.faults = {"DATA": "reset"}
    to = receiver(server.port)
    assert isinstance(await deliver(to), Later)
    assert isinstance(await deliver(to, place=Place(is_uncertain=True)), Delivered)
    one, other = server.messages
    assert one["Message-ID"] == other["Message-ID"]


@pytest.mark.parametrize("reference", ["", "x", "7", "7 ", "999999999999 a", "\u0667 a"])
def test_a_reference_that_is_none_begins_a_thread(reference: str) -> None:
    assert Thread.of(notice(), reference) == Thread(1, "Anomaly: card-0042")


async def test_digests_and_notes_are_messages_too(server: MailServer) -> None:
    to = receiver(server.port)
    await deliver(to, notice(digest(3)))
    await deliver(to, notice(Note(title="A silence ends", text="at 14:00"), id="note-1"))
    first, second = server.messages
    assert first["Subject"] == "Anomalies: digest of 2026-01-05 13:00"
    assert "card-0002" in body_of(first, "plain")
    assert second["Subject"] == "Anomalies: A silence ends"
    assert "at 14:00" in body_of(second, "html")


async def test_the_end_of_an_incident_is_told(server: MailServer) -> None:
    ended = incident(status=Status.RESOLVED, resolved=NOON + 3_600, taken_by="Ann")
    await deliver(receiver(server.port), notice(ended, event=Event.RESOLVED, version=2))
    text = body_of(server.messages[0], "plain")
    assert text.startswith("Resolved: card-0042 (it was high)")
    assert "resolved at 2026-01-05 13:00:00 UTC" in text


async def test_a_picture_is_in_the_message(server: MailServer) -> None:
    async def drawn(_: IncidentView) -> Drawing:
        return Drawing(PIXEL, 'amount: "card" <b>; usually 28.8; unusual, in red: 4,210.')

    await deliver(receiver(server.port), picture=drawn)
    [message] = server.messages
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    [image] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert image.get_content() == PIXEL
    assert image["Content-ID"] == "<values>"
    assert image.get_content_disposition() == "inline"
    html, said = body_of(message, "html"), "amount: &quot;card&quot; &lt;b&gt;; usually 28.8"
    assert f'src="cid:values" alt="{said}' in html
    assert f">{said}" in html, "the words are also below the picture"
    assert 'Values: amount: "card" <b>; usually 28.8' in body_of(message, "plain")


async def test_the_picture_of_a_receiver_of_the_file_shows_the_values_of_its_incident(
    server: MailServer,
) -> None:
    channel = make_channel(receiver(server.port), Alerting(), slack=no_slack)
    async with connections_closed():
        await channel.deliver(notice(incident(3)), NOWHERE)
        await channel.deliver(notice(incident(1)), NOWHERE)
        await channel.close()
    of_three, of_one = server.messages
    [image] = [part for part in of_three.walk() if part.get_content_type() == "image/png"]
    assert image.get_content().startswith(b"\x89PNG")
    said = "card-0042: amount, 3 values from 2026-01-05 12:00 UTC to 2026-01-05 12:02 UTC; usually"
    assert f"{said} 28.8; unusual, in red: 4,210, 3,910, 3,610." in plain_line(of_three)
    assert "Values:" not in plain_line(of_one), "one value is nothing to see"


async def test_a_picture_that_fails_or_is_late_holds_up_no_message(
    server: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(email, "LONGEST_PICTURE", 0.2)

    async def failing(_: IncidentView) -> Drawing:
        raise ZeroDivisionError

    async def late(_: IncidentView) -> Drawing:
        await asyncio.Event().wait()
        return Drawing(PIXEL, "")

    for picture in (failing, late):
        assert isinstance(await deliver(receiver(server.port), picture=picture), Delivered)
    assert all("cid:" not in body_of(message, "html") for message in server.messages)
    assert caplog.text.count("the e-mail goes out without it") == 2


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
async def test_a_password_is_sent_encrypted(certificates: Path, encryption: str) -> None:
    ca_file = certificates / "here.pem"
    with mail_server(ca_file, encryption=encryption, needs_login=True) as server:
        to = with_login(server.port, encryption=encryption, ca_file=str(ca_file))
        assert isinstance(await deliver(to, password=PASSWORD), Delivered)
    assert server.logins == [PASSWORD.encode()]
    assert server.was_encrypted == [True]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("theirs", "trusted"), [("here", "elsewhere"), ("elsewhere", "elsewhere"), ("here", None)]
)
async def test_a_certificate_of_somebody_else_gets_no_password(
    certificates: Path, encryption: str, theirs: str, trusted: str | None
) -> None:
    with mail_server(certificates / f"{theirs}.pem", encryption=encryption) as server:
        ca_file = trusted and str(certificates / f"{trusted}.pem")
        to = with_login(server.port, encryption=encryption, ca_file=ca_file)
        answer = await deliver(to, password=PASSWORD)
    assert isinstance(answer, Later)
    assert "its certificate is not trusted" in answer.why
    assert server.logins == []


async def test_a_server_without_starttls_gets_no_password(server: MailServer) -> None:
    to = with_login(server.port, encryption="starttls")
    answer = await deliver(to, password=PASSWORD)
    assert isinstance(answer, Later)
    assert "(SMTP STARTTLS extension not supported by server.): check encryption" in answer.why
    assert server.logins == []


async def test_a_wrong_password_waits_for_the_right_one_and_is_not_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with mail_server(needs_login=True) as server:
        answer = await deliver(with_login(server.port), password="wrong-secret")  # noqa: S106
        assert answer == Later(f"{HOST} refuses the user (535): check user and password")
        assert "wrong-secret" not in caplog.text
        assert isinstance(await deliver(with_login(server.port), password=PASSWORD), Delivered)


async def test_a_server_that_asks_for_a_user_is_not_sent_the_message_in_vain() -> None:
    with mail_server(needs_login=True) as server:
        answer = await deliver(receiver(server.port))
    assert isinstance(answer, Later)
    assert "530" in answer.why


@pytest.mark.parametrize(
    ("stage", "fault"),
    [
        *product(STAGES, ["silent", "reset", "421 closing"]),
        # At EHLO, that is no fault: an older greeting follows.
        *product(STAGES[1:], ["451 try later"]),
    ],
)
async def test_what_may_pass_is_tried_again_at_every_stage(
    server: MailServer, stage: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "LONGEST_ATTEMPT", 0.6)
    server.faults = {stage: fault}
    to = receiver(server.port, to=("ann@example.com",))
    answer = await deliver(to)
    assert isinstance(answer, Later)
    assert answer.why.startswith(HOST)
    assert isinstance(await deliver(to), Delivered)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
async def test_an_address_that_is_refused_for_good_can_be_put_right(
    server: MailServer, stage: str
) -> None:
    server.faults = {stage: "550 no such\x1b[2J mailbox"}
    answer = await deliver(receiver(server.port, to=("ann@example.com",)))
    assert isinstance(answer, Later)
    assert "550" in answer.why
    assert "check" in answer.why
    assert answer.why.isprintable()


async def test_a_message_that_is_refused_for_good_is_not_tried_again(server: MailServer) -> None:
    server.faults = {"DATA": "554 we do not like it"}
    answer = await deliver(receiver(server.port))
    assert answer == Refused(f"{HOST} refuses the message: 554 we do not like it")


async def test_a_message_that_some_people_get_is_delivered_and_the_others_are_named(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refused = {"ben@example.com": "550 no such mailbox"}
    assert isinstance(await deliver(receiver(server.port)), Delivered)
    assert server.envelopes[0].rcpt_tos == ["ann@example.com"]
    assert "takes no mail for ben@example.com" in caplog.text


async def test_a_message_that_nobody_may_get_waits(server: MailServer) -> None:
    server.refused = dict.fromkeys(receiver(1).to, "550 no such mailbox")
    answer = await deliver(receiver(server.port))
    assert isinstance(answer, Later)
    assert "takes mail for nobody: 550 no such mailbox: check the addresses" in answer.why


@asynccontextmanager
async def talker(*lines: bytes, ends: bool) -> AsyncIterator[int]:
    """A server that says these lines, whatever it is told, and then is silent or gone."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line)
        if not ends:
            await writer.drain()
            await gone.wait()
        writer.close()

    gone = asyncio.Event()
    server = await asyncio.start_server(talk, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        gone.set()
        await asyncio.sleep(0)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize(
    "lines", [[], [b"554 go away\r\n"], [b"\xff\x00\r\n"], [b"220-a\r\n" * 50_000], [b"x" * 2**20]]
)
async def test_a_server_that_speaks_no_smtp_holds_nobody_up(
    ends: bool, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "LONGEST_ATTEMPT", 0.6)
    async with connections_closed(), talker(*lines, ends=ends) as port:
        answer = await attempt(receiver(port))
    assert isinstance(answer, Later)
    assert answer.why.isprintable()
    assert len(answer.why) < 400


@pytest.mark.parametrize(
    ("encryption", "lines"),
    [("tls", []), ("starttls", [b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n"])],
)
async def test_a_server_that_begins_no_encryption_holds_nobody_up_and_gets_no_password(
    encryption: str, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "LONGEST_ATTEMPT", 0.6)
    async with connections_closed(), talker(*lines, ends=False) as port:
        answer = await attempt(with_login(port, encryption=encryption), password=PASSWORD)
    assert isinstance(answer, Later)
    assert PASSWORD not in answer.why


async def test_a_server_that_is_silent_after_the_message_has_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(email, "LONGEST_GOODBYE", 0.2)
    replies = (
        b"220 hi\r\n",
        b"250 hi\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"354 go\r\n",
        b"250 ok\r\n",
    )

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for place, reply in enumerate(replies):
            writer.write(reply)
            await reader.readuntil(b"\r\n.\r\n" if place == 4 else b"\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    async with connections_closed(), server:
        port = server.sockets[0].getsockname()[1]
        answer = await attempt(receiver(port, to=("ann@example.com",)))
    assert isinstance(answer, Delivered)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    answer = await deliver(receiver(free_port()))
    assert isinstance(answer, Later)
    assert "cannot be reached: it refuses the connection" in answer.why


def test_nothing_shows_the_password() -> None:
    channel = EmailChannel(with_login(25), password=PASSWORD)
    assert PASSWORD not in repr(channel)
    assert PASSWORD not in repr(with_login(25))


class Markup(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)


ELEMENTS = {
    *("html", "head", "meta", "title", "body", "div", "h1", "p", "br"),
    *("ul", "li", "table", "tr", "th", "td"),
}

INJECTIONS = (
    "x\r\nBcc: evil@example.com\r\n\r\nbody",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">click</a>',
)


@given(notices)
@example(notice(incident(title=INJECTIONS[0], severity=INJECTIONS[0], taken_by=INJECTIONS[0])))
@example(notice(incident(title=INJECTIONS[1], severity=INJECTIONS[1])))
@example(notice(incident(title=INJECTIONS[2], severity=INJECTIONS[2])))
@example(notice(incident(title=INJECTIONS[3], grouped_by=INJECTIONS[3])))
@example(notice(Note(title=INJECTIONS[4], text=INJECTIONS[4])))
def test_whatever_the_stream_holds_a_message_has_its_own_headers_and_markup_only(
    told: Notice,
) -> None:
    thread = Thread.of(told, None)
    made = message_of(
        told, thread, told.id, sender="a@example.com", to=("b@example.com",), picture=None
    )
    message = message_from_bytes(made.as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    known = {"From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "X-Anomaly-Severity"}
    assert set(message.keys()) - known == {"MIME-Version", "Content-Type"}
    assert message.get_all("From") == ["anomaly-app <a@example.com>"]
    assert message.get_all("To") == ["b@example.com"]
    assert not message.defects
    assert message["Subject"].isprintable()
    assert len(message["Subject"]) <= 200
    assert Markup(body_of(message, "html")).elements <= ELEMENTS
    assert Thread.of(told, thread.reference) == thread
    assert len(thread.reference) <= 500
    lines = made.as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line for line in lines)
