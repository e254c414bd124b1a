"""Webhooks: signed as the standard says, idempotent, and honest about what an answer means."""

import json
import shutil
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from anomaly_app.channels import posting
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.document_json import document_of
from anomaly_app.channels.document_schema import document_schema
from anomaly_app.channels.posting import LONGEST_PAUSE, retry_after
from anomaly_app.channels.webhook import WebhookChannel
from anomaly_app.core.alerts.notice import Event, Note, Notice, Status
from anomaly_app.errors import SettingsError
from harness.processes import free_port
from tests.support.certificates import self_signed, serving
from tests.support.receiver_server import FAULTS, ReceiverServer, Request, receiver_server
from tests.support.slack_notices import NOON, digest, incident, notice, notices
from tests.support.waiting import connections_closed

ROOT = Path(__file__).parents[2]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
OTHER = "C2FVsBQIhrscChlQIMV+b5sSYspob7oDzeOXtrSwoQo="


@pytest.fixture
def server() -> Iterator[ReceiverServer]:
    with receiver_server() as running:
        yield running


async def deliver(
    server: ReceiverServer | str, *told: Notice, secret: str = SECRET
) -> list[Delivered | Refused | Later]:
    url = server if isinstance(server, str) else f"{server.url}/hooks/T0-secret?token=hunter2"
    channel = WebhookChannel(url, secret)
    try:
        async with connections_closed():
            answers = [await channel.deliver(one, Place()) for one in told or (notice(),)]
            await channel.close()
    finally:
        await channel.close()
    return answers


def is_signed(request: Request, secret: str = SECRET) -> bool:
    try:
        Webhook(secret).verify(request.body.decode(), request.headers)
    except WebhookVerificationError:
        return False
    return True


async def test_a_notice_is_posted_with_a_signature_that_the_standards_own_library_accepts(
    server: ReceiverServer,
) -> None:
    assert await deliver(server) == [Delivered()]
    [request] = server.requests
    assert is_signed(request)
    assert not is_signed(request, OTHER)
    assert not is_signed(request._replace(body=request.body + b" "))
    assert request.headers["content-type"] == "application/json"
    assert request.json["type"] == "incident.opened"
    assert request.json["data"]["title"] == "card-0042"
    assert request.json["data"]["reasons"][0] == (
        {"feature": "amount", "actual": "4,210", "expected": "28.8", "share": 0.7}
    )


async def test_a_notice_has_one_id_however_often_it_is_delivered(server: ReceiverServer) -> None:
    server.answers = [503, "reset"]
    await deliver(server, notice(), notice(), notice(), notice(version=2))
    ids = [request.headers["webhook-id"] for request in server.requests]
    assert ids == ["incident-1-1"] * 3 + ["incident-1-2"]
    assert server.requests[0].body == server.requests[2].body


async def test_while_a_key_is_replaced_both_are_accepted(server: ReceiverServer) -> None:
    await deliver(server, secret=f"{OTHER} {SECRET}")
    [request] = server.requests
    assert is_signed(request)
    assert is_signed(request, OTHER)


@pytest.mark.parametrize("secret", ["hunter2", " ", "whsec_", "a" * 31, "aGVsbG8=", "ä" * 40])
def test_a_weak_secret_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(SettingsError, match="openssl rand -base64 32") as refused:
        WebhookChannel("http://127.0.0.1", secret)
    assert secret.strip() not in str(refused.value) or not secret.strip()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_is_a_delivery(server: ReceiverServer, status: int) -> None:
    server.answers = [status]
    assert await deliver(server) == [Delivered()]


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422])
async def test_what_is_wrong_with_the_notice_is_not_tried_again(
    server: ReceiverServer, status: int
) -> None:
    server.answers = [(status, {}, "no\n\x1b[2Jthanks")]
    [answer] = await deliver(server)
    assert answer == Refused(f"127.0.0.1 answers {status}: no \\x1b[2Jthanks")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "it has moved: change the url"),
        (307, "it has moved: change the url"),
        (401, "check the secret and the url"),
        (403, "check the secret and the url"),
        (404, "check the url"),
        (408, ""),
        (425, ""),
        (429, ""),
        (500, ""),
        (503, ""),
    ],
)
async def test_what_may_pass_or_be_put_right_is_tried_again(
    server: ReceiverServer, status: int, said: str
) -> None:
    location = f"{server.url}/elsewhere"
    server.answers = [(status, {"Location": location}, "not found: /hooks/T0-secret?token=hunter2")]
    [answer] = await deliver(server)
    assert isinstance(answer, Later)
    assert f"127.0.0.1 answers {status}" in answer.why
    assert said in answer.why
    assert "hunter2" not in answer.why
    assert "T0-secret" not in answer.why
    assert [request.path for request in server.requests] == ["/hooks/T0-secret?token=hunter2"]


@pytest.mark.parametrize(
    ("header", "pause"),
    [("7", 7.0), ("0", 1.0), ("soon", None), ("", None), ("-3", None), ("1e3", None)],
)
async def test_a_server_that_asks_to_wait_is_waited_for(
    server: ReceiverServer, header: str, pause: float | None
) -> None:
    server.answers = [(503, {"Retry-After": header}, "")]
    [answer] = await deliver(server)
    assert isinstance(answer, Later)
    assert answer.pause == pause


def test_a_time_to_wait_until_may_be_a_date_and_has_bounds() -> None:
    date = formatdate(NOON + 90, usegmt=True)
    assert retry_after({"retry-after": date}, NOON) == 90.0
    assert retry_after({"retry-after": date}, NOON + 100) == 1.0
    assert retry_after({"retry-after": date.replace(" GMT", "")}, NOON) == 90.0
    assert retry_after({"retry-after": "9" * 5_000}, NOON) == LONGEST_PAUSE
    assert retry_after({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, NOON) in {
        None,
        LONGEST_PAUSE,
    }
    assert retry_after({}, NOON) is None


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_that_fails_at_any_stage_holds_nobody_up(
    server: ReceiverServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "LONGEST_REQUEST", 0.5)
    server.answers = [fault]
    first, second = await deliver(server, notice(), notice())
    if fault == "endless":
        assert first == Delivered()
    else:
        assert isinstance(first, Later)
        assert first.why.startswith("127.0.0.1")
        assert "hunter2" not in first.why
    assert second == Delivered()


async def test_a_server_is_trusted_by_its_certificate_only(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate of this test")
    self_signed(tmp_path, "here", "IP:127.0.0.1")
    ca_file = tmp_path / "here.pem"
    with receiver_server(serving(ca_file)) as server:
        stranger, friend = (
            WebhookChannel(server.url, SECRET, ca_file=trusted) for trusted in (None, str(ca_file))
        )
        async with connections_closed():
            answer = await stranger.deliver(notice(), Place())
            assert await friend.deliver(notice(), Place()) == Delivered()
            await stranger.close()
            await friend.close()
    assert isinstance(answer, Later)
    assert "its certificate is not trusted (self" in answer.why
    assert len(server.requests) == 1


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    port = free_port()
    [answer] = await deliver(f"http://127.0.0.1:{port}/hunter2")
    assert isinstance(answer, Later)
    assert answer.why.startswith(f"127.0.0.1:{port} cannot be reached: it refuses")
    assert "hunter2" not in answer.why


def test_nothing_shows_the_address_or_the_secret() -> None:
    channel = WebhookChannel("https://example.com/hunter2", SECRET)
    assert "hunter2" not in repr(channel)
    assert "hunter2" not in repr(vars(channel)["_poster"])


@pytest.mark.parametrize("event", Event)
def test_each_event_of_an_incident_has_a_type(event: Event) -> None:
    assert json.loads(document_of(notice(event=event)))["type"] == f"incident.{event}"


def test_digests_and_notes_have_types_of_their_own() -> None:
    told = json.loads(document_of(notice(digest(2))))
    assert (told["type"], told["data"]["kind"]) == ("digest", "digest")
    assert told["data"]["lines"][1]["title"] == "card-0001"
    told = json.loads(document_of(notice(Note(title="a silence ends", text="in an hour"))))
    assert (told["type"], told["data"]) == (
        ("note", {"kind": "note", "title": "a silence ends", "text": "in an hour"})
    )


def test_an_end_and_answers_are_told() -> None:
    view = incident(status=Status.RESOLVED, resolved=NOON + 3_600, taken_by="Ann")
    told = json.loads(document_of(notice(view, event=Event.RESOLVED)))
    assert told["type"] == "incident.resolved"
    assert told["data"]["resolved"] == "2026-01-05T13:00:00.000Z"
    assert told["data"]["taken_by"] == "Ann"


SCHEMA = jsonschema.Draft202012Validator(json.loads(document_schema()))


def test_the_schema_for_receivers_is_current() -> None:
    """Write it with ``python -m anomaly_app.channels.document_schema``."""
    assert (ROOT / "docs/notice.schema.json").read_text() == document_schema()


@given(notices)
def test_whatever_the_stream_holds_the_document_is_of_its_schema(told: Notice) -> None:
    body = document_of(told)
    assert b"\n" not in body
    document = json.loads(body)
    SCHEMA.validate(document)
    assert document["id"] == told.id
