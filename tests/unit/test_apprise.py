"""Apprise: an extra that may be missing, slow, or broken, and never holds up a worker."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from anomaly_app.channels import apprise
from anomaly_app.channels.apprise import AppriseChannel
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.core.alerts.notice import Event, Notice, Status
from anomaly_app.errors import SettingsError
from tests.support.receiver_server import ReceiverServer, receiver_server
from tests.support.slack_notices import digest, incident, notice
from tests.support.waiting import eventually

pytest.importorskip("apprise", reason="the extra apprise is not installed")

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""One of Apprise's services imports it, where it is still there."""


@pytest.fixture
def server() -> Iterator[ReceiverServer]:
    with receiver_server() as running:
        yield running


def channel_to(server: ReceiverServer) -> AppriseChannel:
    return AppriseChannel(f"{server.url.replace('http', 'json')}/hunter2")


async def deliver(server: ReceiverServer, told: Notice) -> Delivered | Refused | Later:
    channel = channel_to(server)
    answer = await channel.deliver(told, Place())
    await channel.close()
    return answer


async def test_a_service_gets_title_text_and_kind(server: ReceiverServer) -> None:
    assert await deliver(server, notice()) == Delivered()
    [request] = server.requests
    assert request.json["title"] == "Anomaly: card-0042"
    assert "High anomaly: card-0042" in request.json["message"]
    assert request.json["type"] == "warning"


async def test_the_end_of_an_incident_and_a_digest_have_their_kinds(server: ReceiverServer) -> None:
    await deliver(server, notice(incident(status=Status.RESOLVED), event=Event.RESOLVED))
    await deliver(server, notice(digest()))
    assert [request.json["type"] for request in server.requests] == ["success", "info"]


async def test_no_text_from_the_stream_mentions_anybody(server: ReceiverServer) -> None:
    await deliver(server, notice(incident(title="@everyone <@12345>")))
    [request] = server.requests
    assert "@everyone" not in request.json["title"] + request.json["message"]
    assert "@\u200beveryone" in request.json["message"]


async def test_a_service_that_fails_is_tried_again_and_its_address_not_shown(
    server: ReceiverServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answers = [500]
    assert await deliver(server, notice()) == Later("Apprise could not deliver: its log says why")
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("aiohttp")]
    assert any("error=500" in line for line in ours)
    assert not any("hunter2" in line for line in ours)


async def test_a_service_that_raises_is_tried_again(
    server: ReceiverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = channel_to(server)

    def broken(**_: str) -> bool:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(channel._service, "notify", broken)
    assert await channel.deliver(notice(), Place()) == Later("Apprise failed (ZeroDivisionError)")


async def test_a_service_that_hangs_is_left_alone_until_it_ends(
    server: ReceiverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apprise, "LONGEST_CALL", 0.2)
    channel, wake = channel_to(server), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(channel._service, "notify", lambda **_: wake.wait())
        assert await channel.deliver(notice(), Place()) == Later("Apprise has not ended in 0.2 s")
    busy = Later("Apprise is still busy with the notice before")
    assert await channel.deliver(notice(), Place()) == busy
    wake.set()
    monkeypatch.setattr(apprise, "LONGEST_CALL", 10.0)
    answer = await eventually(
        lambda: channel.deliver(notice(), Place()), lambda found: found != busy, patience=10.0
    )
    assert answer == Delivered()


@pytest.mark.parametrize("url", ["hunter2", "nothing://hunter2", "https://"])
def test_an_address_that_it_does_not_know_is_refused_and_not_shown(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match="does not know this kind of URL") as refused:
        AppriseChannel(url)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in caplog.text


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=r"pip install 'anomaly-app\[apprise\]'"):
        AppriseChannel("json://127.0.0.1")
