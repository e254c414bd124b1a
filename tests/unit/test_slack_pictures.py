"""Pictures in Slack come after the message, which neither waits for them nor fails with them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from anomaly_app.channels.channel import Delivered, Place
from anomaly_app.channels.picture import Series
from anomaly_app.channels.slack import pictures
from anomaly_app.channels.slack.channel import SlackChannel
from anomaly_app.core.alerts.notice import Event, IncidentView, Note, Notice, Status
from tests.support.slack_notices import NOON, incident, notice
from tests.support.slack_server import TOKEN, SlackServer, slack_server
from tests.support.waiting import connections_closed, eventually, unchanged

NOWHERE = Place()
AT_ONCE = (0.0, 0.1, 0.4)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


def channel_to(server: SlackServer, **changes: Any) -> SlackChannel:
    settings: dict[str, Any] = {
        "token": TOKEN,
        "channel": "#fraud",
        "url": server.url,
        "group": "anomaly-app",
        "interval": 0.0,
        "picture_pauses": AT_ONCE,
    }
    return SlackChannel(**(settings | changes))


@pytest.fixture
async def channel(slack: SlackServer) -> AsyncIterator[SlackChannel]:
    async with connections_closed():
        made = channel_to(slack)
        yield made
        await made.close()


async def delivered(channel: SlackChannel, told: Notice, place: Place = NOWHERE) -> Place:
    answer = await channel.deliver(told, place)
    assert isinstance(answer, Delivered), answer
    return Place(answer.reference)


def shown_pictures(slack: SlackServer) -> list[str]:
    return [
        block["slack_file"]["id"]
        for message in slack.messages
        for block in message["blocks"]
        if block["type"] == "image"
    ]


async def test_a_picture_follows_its_message(slack: SlackServer, channel: SlackChannel) -> None:
    await delivered(channel, notice(incident(3)))
    [file] = await eventually(lambda: shown_pictures(slack), bool)
    assert slack.files[file].startswith(b"\x89PNG")
    assert slack.calls[0] == "chat.postMessage"
    assert len(slack.messages) == 1


async def test_a_picture_that_slack_still_processes_is_shown_later(
    slack: SlackServer, channel: SlackChannel
) -> None:
    slack.processing = 0.3
    await delivered(channel, notice(incident(3)))
    await eventually(lambda: shown_pictures(slack), bool)
    assert slack.calls.count("chat.update") > 1


async def test_an_edit_keeps_the_picture(slack: SlackServer, channel: SlackChannel) -> None:
    place = await delivered(channel, notice(incident(3)))
    found = await eventually(lambda: shown_pictures(slack), bool)
    view = incident(3, status=Status.RESOLVED, resolved=NOON + 900)
    await delivered(channel, notice(view, version=2, event=Event.RESOLVED), place)
    assert shown_pictures(slack) == found
    assert "Resolved" in slack.messages[0]["text"]


async def test_members_that_come_later_are_drawn_as_well(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice(incident(3)))
    await eventually(lambda: shown_pictures(slack), bool)
    await delivered(channel, notice(incident(9), version=2), place)
    await eventually(lambda: shown_pictures(slack), lambda found: found == ["F00000002"])


async def test_an_edit_while_the_picture_is_under_way_is_not_undone_by_it(
    slack: SlackServer, channel: SlackChannel
) -> None:
    slack.processing = 0.2
    place = await delivered(channel, notice(incident(3)))
    await eventually(lambda: slack.complete, bool)
    await delivered(channel, notice(incident(3, taken_by="Ada"), version=2), place)
    await eventually(lambda: shown_pictures(slack), bool)
    assert "taken by Ada" in str(slack.messages[0]["blocks"])
    assert slack.messages[0]["metadata"]["event_payload"]["version"] == 2


async def test_a_worker_that_has_lost_the_incident_does_not_undo_the_other_s_edit(
    slack: SlackServer, channel: SlackChannel
) -> None:
    slack.processing = 0.2
    other = channel_to(slack, history=nothing)
    place = await delivered(channel, notice(incident(3)))
    await delivered(other, notice(incident(3, taken_by="Ada"), version=2), place)
    await unchanged(lambda: slack.messages[0].get("edits"), seconds=1.0)
    assert "taken by Ada" in str(slack.messages[0]["blocks"])
    await other.close()


async def nothing(_: IncidentView) -> Series | None:
    return None


async def raising(_: IncidentView) -> Series | None:
    raise RuntimeError("no history")


async def stuck(_: IncidentView) -> Series | None:
    await asyncio.Event().wait()
    return None


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("files.getUploadURLExternal", "missing_scope"),
        ("files.getUploadURLExternal", "reset"),
        ("files.completeUploadExternal", "503"),
        ("files.completeUploadExternal", "429"),
        ("chat.update", "message_not_found"),
        ("chat.update", "invalid_blocks"),
    ],
)
async def test_a_picture_that_fails_costs_the_picture_only(
    slack: SlackServer,
    channel: SlackChannel,
    method: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slack.faults[method] = [fault] * 2
    place = await delivered(channel, notice(incident(3)))
    await eventually(lambda: caplog.text, lambda said: "stays without its picture" in said)
    slack.faults.clear()
    await delivered(channel, notice(incident(3, taken_by="Ada"), version=2), place)
    assert "taken by Ada" in str(slack.messages[0]["blocks"])


async def test_a_picture_that_slack_never_accepts_is_left_out(
    slack: SlackServer, channel: SlackChannel, caplog: pytest.LogCaptureFixture
) -> None:
    slack.processing = 3_600.0
    place = await delivered(channel, notice(incident(3)))
    await eventually(lambda: caplog.text, lambda said: "not processed the upload" in said)
    await delivered(channel, notice(incident(4), version=2), place)
    assert shown_pictures(slack) == []


async def test_a_picture_that_was_deleted_does_not_hold_up_an_edit(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice(incident(3)))
    await eventually(lambda: shown_pictures(slack), bool)
    slack.complete.clear()
    await delivered(channel, notice(incident(3, taken_by="Ada"), version=2), place)
    assert "taken by Ada" in str(slack.messages[0]["blocks"])


async def test_a_history_that_raises_is_said_once(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    channel = channel_to(slack, history=raising)
    for number in range(3):
        await delivered(channel, notice(incident(3, id=f"incident-{number}")))
    await eventually(lambda: caplog.text, lambda said: "no history" in said)
    await unchanged(lambda: caplog.text.count("no history"), seconds=0.3)
    assert caplog.text.count("no history") == 1
    await channel.close()


async def test_a_stop_does_not_wait_for_pictures(slack: SlackServer) -> None:
    channel = channel_to(slack, history=stuck)
    await delivered(channel, notice(incident(3)))
    await asyncio.wait_for(channel.close(), timeout=5.0)
    assert shown_pictures(slack) == []


async def test_drawing_does_not_hold_up_the_event_loop(
    slack: SlackServer, channel: SlackChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def draw(_: Series) -> bytes:

        threads.append(threading.current_thread().name)
        return b"\x89PNG"

    monkeypatch.setattr(pictures, "draw_series", draw)
    await delivered(channel, notice(incident(3)))
    await eventually(lambda: threads, bool)
    assert "MainThread" not in threads


async def test_a_burst_of_incidents_is_posted_though_its_pictures_cannot_all_be_drawn(
    slack: SlackServer,
) -> None:
    channel = channel_to(slack, history=stuck)
    for number in range(3 * pictures.MOST_WAITING):
        await delivered(channel, notice(incident(3, id=f"incident-{number}")))
    assert len(slack.messages) == 3 * pictures.MOST_WAITING
    await channel.close()


@pytest.mark.parametrize("told", [notice(Note(title="A silence ends", text="Soon.")), notice()])
async def test_what_cannot_be_drawn_stays_without_a_picture(
    slack: SlackServer, channel: SlackChannel, told: Notice
) -> None:
    await delivered(channel, told)
    await unchanged(lambda: slack.calls, seconds=0.3)
    assert slack.calls == ["chat.postMessage"]
