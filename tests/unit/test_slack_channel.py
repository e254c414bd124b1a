"""The Slack channel: one message an incident, edited in place, never posted twice, never lost."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.slack import api
from anomaly_app.channels.slack import channel as slack_channel
from anomaly_app.channels.slack.channel import SETTLING, SlackChannel
from anomaly_app.core.alerts.notice import Event, IncidentView, Notice, Status
from harness.processes import free_port
from tests.support.slack_blocks import texts_in
from tests.support.slack_notices import NOON, digest, incident, notice
from tests.support.slack_server import CHANNEL, SCOPES, TOKEN, SlackServer, slack_server
from tests.support.waiting import connections_closed, elapse, eventually

Outcome = Delivered | Refused | Later
NOWHERE = Place()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


async def without_pictures(view: IncidentView) -> None:
    return None


def channel_to(server: SlackServer, **changes: Any) -> SlackChannel:
    settings: dict[str, Any] = {
        "token": TOKEN,
        "channel": "#fraud",
        "url": server.url,
        "group": "anomaly-app",
        "interval": 0.0,
        "history": without_pictures,
    }
    return SlackChannel(**(settings | changes))


@pytest.fixture
async def channel(slack: SlackServer) -> AsyncIterator[SlackChannel]:
    async with connections_closed():
        made = channel_to(slack)
        yield made
        await made.close()


def changed(count: int = 3, *changes: str, version: int = 2, **fields: Any) -> Notice:
    view = incident(count, **fields)
    return notice(view, version=version, event=Event.CHANGED, changes=changes)


async def delivered(channel: SlackChannel, told: Notice, place: Place = NOWHERE) -> Place:
    """Deliver a notice, which is taken at once; give the place for later ones."""
    answer = await channel.deliver(told, place)
    assert isinstance(answer, Delivered), answer
    return Place(answer.reference)


async def in_the_end(
    channel: SlackChannel, told: Notice, place: Place = NOWHERE, *, attempts: int = 5
) -> Place:
    """Deliver a notice as often as it takes, as an agent does, but without its pauses."""
    for _ in range(attempts):
        answer = await channel.deliver(told, place)
        if not isinstance(answer, Later):
            break
    assert isinstance(answer, Delivered), answer
    return Place(answer.reference)


def read(message: dict[str, Any]) -> str:
    return " ".join(texts_in(message["blocks"]))


async def test_the_first_notice_is_a_message_and_its_reference_says_where(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    [message] = slack.messages
    assert place.reference == f"{CHANNEL}:{message['ts']}"
    assert "card-0042" in read(message)
    assert message["metadata"] == {
        "event_type": "anomaly_app_notice",
        "event_payload": {
            "group": "anomaly-app",
            "notice": "incident-1",
            "version": 1,
            "part": "message",
        },
    }


async def test_later_notices_edit_the_message_and_stamp_their_version(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    assert await delivered(channel, changed(7), place) == place
    [message] = slack.messages
    assert "7 anomalies" in read(message)
    assert message["metadata"]["event_payload"]["version"] == 2


async def test_an_edit_without_changes_disturbs_nobody(
    slack: SlackServer, channel: SlackChannel
) -> None:
    await delivered(channel, changed(7), await delivered(channel, notice()))
    assert slack.replies == []


async def test_what_people_have_to_be_told_is_a_reply_in_the_thread(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    await delivered(channel, changed(7, "6 anomalies more"), place)
    [reply] = slack.replies
    assert reply["thread_ts"] == slack.shown[0]["ts"]
    assert read(reply) == "6 anomalies more"
    assert reply["reply_broadcast"] is False


async def test_everybody_is_told_that_an_incident_became_critical(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    raised = changed(7, "severity raised to critical", severity="critical")
    await delivered(channel, raised, place)
    assert slack.replies[0]["reply_broadcast"] is True


async def test_a_digest_is_posted_and_edited_as_well(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice(digest(2)))
    await delivered(channel, notice(digest(5), version=2), place)
    [message] = slack.messages
    assert "5 incidents" in read(message)


LOST = ["lost", "lost 503", "internal_error", "reset", "503", "nothing"]


@pytest.mark.parametrize("fault", LOST)
async def test_a_post_whose_answer_is_lost_is_looked_up_and_not_posted_again(
    slack: SlackServer, channel: SlackChannel, fault: str
) -> None:
    slack.answers = [fault]
    first = await channel.deliver(notice(), NOWHERE)
    assert isinstance(first, Later)
    assert first.pause == SETTLING
    await in_the_end(channel, notice())
    assert len(slack.messages) == 1
    assert "conversations.history" in slack.calls


@pytest.mark.parametrize("fault", ["slow 1", "late 1"])
async def test_a_post_that_slack_takes_or_answers_late_is_not_posted_again(
    slack: SlackServer, channel: SlackChannel, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "REQUEST_TIMEOUT", 0.4)
    monkeypatch.setattr(slack_channel, "SETTLING", 1.0)
    slack.answers = [fault]
    first = await channel.deliver(notice(), NOWHERE)
    assert isinstance(first, Later)
    assert first.pause is not None
    await elapse(first.pause)
    await in_the_end(channel, notice())
    assert len(slack.messages) == 1


async def test_after_a_worker_died_its_post_is_found_by_another(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    survivor = channel_to(slack)
    assert await delivered(survivor, notice(), Place(is_uncertain=True)) == place
    assert len(slack.messages) == 1
    await survivor.close()


async def test_a_post_that_never_came_is_posted_by_the_survivor(
    slack: SlackServer, channel: SlackChannel
) -> None:
    await delivered(channel, notice(), Place(is_uncertain=True))
    assert len(slack.messages) == 1


async def test_a_message_is_found_behind_many_others(slack: SlackServer) -> None:
    worker, survivor = channel_to(slack), channel_to(slack)
    place = await delivered(worker, notice())
    [message] = slack.messages
    others = [message | {"ts": f"{float(message['ts']) + i:.6f}"} for i in range(1, 700)]
    for other in others:
        del other["metadata"]
    slack.messages = [message, *(o for o in others if o["ts"] != message["ts"])]
    assert await delivered(survivor, notice(), Place(is_uncertain=True)) == place
    assert slack.calls.count("conversations.history") == 4
    await worker.close()
    await survivor.close()


async def test_the_channel_s_past_is_not_searched_beyond_the_incident(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.messages[0]["ts"] = f"{NOON - 1_000:.6f}"
    survivor = channel_to(slack)
    assert await delivered(survivor, notice(), Place(is_uncertain=True)) != place
    await survivor.close()


async def test_messages_of_another_app_or_group_are_none_of_ours(
    slack: SlackServer, channel: SlackChannel
) -> None:
    other = channel_to(slack, group="staging")
    await delivered(other, notice())
    await delivered(channel, notice(), Place(is_uncertain=True))
    assert len(slack.messages) == 2
    await other.close()


@pytest.mark.parametrize(
    "forged",
    [
        "text",
        {"event_type": "anomaly_app_notice", "event_payload": []},
        {"event_type": "anomaly_app_notice", "event_payload": {"version": "x"}},
        {"event_type": "anomaly_app_notice", "event_payload": {"version": 1}},
    ],
)
async def test_metadata_of_any_form_is_none_of_ours(
    slack: SlackServer, channel: SlackChannel, forged: Any
) -> None:
    worker = channel_to(slack)
    await delivered(worker, notice())
    slack.messages[0]["metadata"] = forged
    await delivered(channel, notice(), Place(is_uncertain=True))
    assert len(slack.messages) == 2
    await worker.close()


async def test_a_message_that_only_pretends_to_be_ours_does_not_stop_us(
    slack: SlackServer, channel: SlackChannel
) -> None:
    worker = channel_to(slack)
    await delivered(worker, notice())
    slack.messages[0]["bot_id"] = "B0000EVIL"
    await in_the_end(channel, notice(), Place(is_uncertain=True))
    assert [m["bot_id"] for m in slack.messages] == ["B0000EVIL", "B0000000APP"]
    await worker.close()


async def test_a_reply_whose_answer_is_lost_is_not_repeated(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.answers = ["lost"]
    told = changed(7, "6 anomalies more")
    assert isinstance(await channel.deliver(told, place), Later)
    await in_the_end(channel, told, place)
    assert len(slack.replies) == 1


async def test_a_worker_that_died_before_its_reply_is_made_up_for(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.answers = ["reset"]
    told = changed(7, "6 anomalies more")
    await channel.deliver(told, place)
    survivor = channel_to(slack)
    await delivered(survivor, told, place._replace(is_uncertain=True))
    await delivered(survivor, told, place._replace(is_uncertain=True))
    assert len(slack.replies) == 1
    await survivor.close()


async def test_a_reply_of_an_older_version_does_not_count_for_a_newer_one(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    await delivered(channel, changed(7, "6 anomalies more"), place)
    newer = changed(9, "2 anomalies more", version=3)
    await delivered(channel, newer, place._replace(is_uncertain=True))
    assert [read(reply) for reply in slack.replies] == ["6 anomalies more", "2 anomalies more"]


@pytest.mark.parametrize("answer", ["ok", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_edited_any_more_is_posted_anew(
    slack: SlackServer, channel: SlackChannel, answer: str
) -> None:
    place = await delivered(channel, notice())
    slack.faults["chat.update"] = [answer]
    if answer == "ok":
        slack.delete(slack.messages[0]["ts"])
    later = await delivered(channel, changed(7), place)
    assert later != place
    assert later.reference == f"{CHANNEL}:{slack.messages[-1]['ts']}"
    assert "7 anomalies" in read(slack.messages[-1])


async def test_what_a_lost_reply_has_said_is_not_said_again_by_a_later_version(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.answers = ["lost", "ok", "lost"]
    assert isinstance(await channel.deliver(changed(3, "3 anomalies"), place), Later)
    await delivered(channel, changed(4, "3 anomalies", version=3), place)
    assert [read(reply) for reply in slack.replies] == ["3 anomalies"]
    await delivered(channel, changed(6, "6 anomalies", version=4), place)
    assert isinstance(await channel.deliver(changed(9, "9 anomalies", version=5), place), Later)
    survivor = channel_to(slack)
    later = changed(18, "9 anomalies", "18 anomalies", version=6)
    await delivered(survivor, later, place._replace(is_uncertain=True))
    await delivered(survivor, later, place._replace(is_uncertain=True))
    said = ["3 anomalies", "6 anomalies", "9 anomalies", "18 anomalies"]
    assert [read(reply) for reply in slack.replies] == said
    await survivor.close()


@pytest.mark.parametrize("says", [7, None, "", "3 anomalies", ["3 anomalies"]])
async def test_a_forged_reply_keeps_nothing_from_being_said(
    slack: SlackServer, channel: SlackChannel, says: Any
) -> None:
    place = await delivered(channel, notice())
    await delivered(channel, changed(3, "3 anomalies"), place)
    slack.replies[0]["metadata"]["event_payload"]["says"] = says
    newer = changed(6, "6 anomalies", version=3)
    await delivered(channel, newer, place._replace(is_uncertain=True))
    assert [read(reply) for reply in slack.replies] == ["3 anomalies", "6 anomalies"]


async def test_nothing_is_written_when_another_worker_may_have_begun_meanwhile(
    slack: SlackServer, channel: SlackChannel
) -> None:
    async def never() -> bool:
        return False

    gone = Place(is_uncertain=True, is_ours=never)
    assert isinstance(await channel.deliver(notice(), gone), Later)
    assert slack.calls[-1] == "conversations.history"
    assert slack.messages == []
    place = await delivered(channel, notice())
    told = changed(3, "3 anomalies")
    assert isinstance(await channel.deliver(told, place._replace(is_ours=never)), Later)
    assert "edits" not in slack.messages[0]
    assert slack.replies == []


async def test_what_another_worker_has_begun_has_time_to_arrive(
    slack: SlackServer, channel: SlackChannel
) -> None:
    answer = await channel.deliver(notice(), Place(is_uncertain=True, settles_in=4.0))
    assert isinstance(answer, Later)
    assert answer.pause == 4.0
    assert slack.calls == []


async def test_a_message_that_is_deleted_before_its_reply_is_posted_anew(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.answers = ["thread_not_found"]
    assert await delivered(channel, changed(7, "6 more"), place) != place


async def test_a_repost_whose_answer_is_lost_is_found_though_the_old_reference_is_gone(
    slack: SlackServer, channel: SlackChannel
) -> None:
    place = await delivered(channel, notice())
    slack.delete(slack.messages[0]["ts"])
    slack.answers = ["lost"]
    assert isinstance(await channel.deliver(changed(7), place), Later)
    later = await in_the_end(channel, changed(7), place)
    assert [f"{CHANNEL}:{m['ts']}" for m in slack.messages] == [later.reference]


async def test_a_reference_that_is_none_counts_as_no_reference(
    slack: SlackServer, channel: SlackChannel
) -> None:
    await delivered(channel, notice(), Place("garbage"))
    assert len(slack.messages) == 1


async def test_retry_after_is_what_slack_said(slack: SlackServer, channel: SlackChannel) -> None:
    slack.answers, slack.retry_after = ["429"], "7"
    answer = await channel.deliver(notice(), NOWHERE)
    assert answer == Later("Slack asks to slow down", 7.0)
    again = await channel.deliver(notice(), NOWHERE)
    assert isinstance(again, Later)
    assert again.pause is not None
    assert 6.0 < again.pause <= 7.0
    assert slack.calls == ["chat.postMessage"]


@pytest.mark.parametrize("said", ["soon", "-5"])
async def test_a_retry_after_that_makes_no_sense_is_no_pause(
    slack: SlackServer, channel: SlackChannel, said: str
) -> None:
    slack.answers, slack.retry_after = ["429"], said
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert not answer.pause


async def test_posts_keep_their_distance(slack: SlackServer) -> None:
    slack.posts_per_second = 1
    channel = channel_to(slack, interval=1.0)
    await delivered(channel, notice())
    answer = await channel.deliver(notice(incident(id="incident-2")), NOWHERE)
    assert isinstance(answer, Later)
    assert answer.pause is not None
    assert 0.5 < answer.pause <= 1.0
    assert slack.limited == 0
    await channel.close()


async def test_edits_keep_their_distance(slack: SlackServer) -> None:
    channel = channel_to(slack, interval=1.0)
    place = await delivered(channel, notice())
    await delivered(channel, changed(2), place)
    answer = await channel.deliver(changed(3, version=3), place)
    assert isinstance(answer, Later)
    assert answer.pause is not None
    assert 0.5 < answer.pause <= 1.2
    await channel.close()


async def test_a_reply_that_has_to_wait_does_not_cost_a_second_edit(slack: SlackServer) -> None:
    channel = channel_to(slack)
    place = await delivered(channel, notice())
    slack.answers, slack.retry_after = ["429"], "0"
    told = changed(7, "6 anomalies more")
    assert isinstance(await channel.deliver(told, place), Later)
    await delivered(channel, told, place)
    assert slack.calls.count("chat.update") == 1
    assert len(slack.replies) == 1
    await channel.close()


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "metadata_too_large"])
async def test_a_message_that_slack_refuses_for_good_is_refused_and_stands_in_the_log(
    slack: SlackServer, channel: SlackChannel, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    slack.answers = [error] * 2
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Refused)
    assert error in answer.why
    assert "card-0042: amount 4,210, usually 28.8" in caplog.text


async def test_where_slack_takes_no_table_the_message_is_posted_without(
    slack: SlackServer, channel: SlackChannel, caplog: pytest.LogCaptureFixture
) -> None:
    slack.has_tables = False
    await delivered(channel, notice())
    await delivered(channel, notice(incident(id="incident-2")))
    assert len(slack.messages) == 2
    assert "4,210   28.8" in read(slack.messages[0])
    assert slack.calls == ["chat.postMessage"] * 3
    assert caplog.text.count("takes no table") == 1


ADVICE = {
    "invalid_auth": "check the token",
    "not_in_channel": "invite the app to the channel",
    "channel_not_found": "check the name of the channel",
    "token_revoked": "issue a new token",
    "is_archived": "choose another one",
}


@pytest.mark.parametrize("error", ADVICE)
async def test_wrong_settings_wait_and_say_what_to_do(
    slack: SlackServer, channel: SlackChannel, error: str
) -> None:
    slack.answers = [error]
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert error in answer.why
    assert ADVICE[error] in answer.why
    await delivered(channel, notice())


async def test_a_missing_scope_is_named(slack: SlackServer, channel: SlackChannel) -> None:
    slack.scopes.discard("chat:write")
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert "add the scope chat:write" in answer.why


async def test_a_token_is_never_printed(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    channel = channel_to(slack, token="xoxb-wrong-secret")  # noqa: S106
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert "wrong-secret" not in answer.why + caplog.text
    await channel.close()


async def test_without_the_scope_to_look_up_it_is_said_once_and_goes_on(
    slack: SlackServer, channel: SlackChannel, caplog: pytest.LogCaptureFixture
) -> None:
    slack.scopes.discard("channels:history")
    for number in range(3):
        told = notice(incident(id=f"incident-{number}"))
        await delivered(channel, told, Place(is_uncertain=True))
    assert len(slack.messages) == 3
    assert caplog.text.count("cannot be looked up") == 1
    assert "channels:history" in caplog.text


async def test_the_id_of_the_channel_is_looked_up_only_for_a_name(slack: SlackServer) -> None:
    by_name, by_id = channel_to(slack), channel_to(slack, channel=CHANNEL)
    await delivered(by_id, notice(), Place(is_uncertain=True))
    assert "users.conversations" not in slack.calls
    await delivered(by_name, notice(), Place(is_uncertain=True))
    assert slack.calls.count("users.conversations") == 2
    assert len(slack.messages) == 1
    await by_name.close()
    await by_id.close()


@pytest.mark.parametrize("fault", ["429", "503", "reset", "not json"])
async def test_nothing_is_posted_while_slack_cannot_be_asked(
    slack: SlackServer, channel: SlackChannel, fault: str
) -> None:
    # The HTTP client itself asks again, once, when a connection that it has reused breaks off.
    slack.faults["conversations.history"] = [fault] * 2
    answer = await channel.deliver(notice(), Place(is_uncertain=True))
    assert isinstance(answer, Later)
    assert slack.messages == []
    await in_the_end(channel, notice(), Place(is_uncertain=True))
    assert len(slack.messages) == 1


async def test_a_slack_that_is_not_there_is_no_uncertainty() -> None:
    channel = channel_to(SlackServer(url=f"http://127.0.0.1:{free_port()}/api/"))
    answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert "cannot be reached" in answer.why
    assert answer.pause is None
    await channel.close()


async def test_two_workers_that_share_the_limit_lose_and_repeat_nothing(
    slack: SlackServer,
) -> None:
    slack.posts_per_second = 5
    workers = [channel_to(slack), channel_to(slack)]
    told = [notice(incident(id=f"incident-{i}")) for i in range(8)]

    async def all_delivered() -> bool:
        answers = [
            await workers[i % 2].deliver(one, NOWHERE)
            for i, one in enumerate(told)
            if one.id not in posted(slack)
        ]
        return all(isinstance(answer, Delivered) for answer in answers)

    await eventually(all_delivered, lambda done: done, patience=30.0)
    assert sorted(posted(slack)) == [f"incident-{i}" for i in range(8)]
    for worker in workers:
        await worker.close()


def posted(slack: SlackServer) -> list[str]:
    return [m["metadata"]["event_payload"]["notice"] for m in slack.messages]


async def test_the_end_of_an_incident_is_shown(slack: SlackServer, channel: SlackChannel) -> None:
    place = await delivered(channel, notice())
    ended = changed(3, "resolved", status=Status.RESOLVED, resolved=NOON + 900)
    await delivered(channel, ended, place)
    assert "✅ Resolved" in read(slack.shown[0])
    assert len(slack.replies) == 1


def test_the_app_s_manifest_asks_for_the_scopes_that_are_used() -> None:
    manifest = yaml.safe_load((ROOT / "deploy/slack-app.yml").read_text())
    private = {"groups:history", "groups:read"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(SCOPES.values()) | private
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
