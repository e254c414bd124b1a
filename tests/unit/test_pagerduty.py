"""PagerDuty: an incident calls somebody once, and follows what people do about it."""

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.pagerduty import Action, PagerDutyChannel
from anomaly_app.core.alerts.notice import Event, IncidentView, Note, Notice, Status
from anomaly_app.errors import SettingsError
from tests.support.pagerduty_server import (
    ROUTING_KEY,
    PagerDutyServer,
    mistakes_in,
    pagerduty_server,
)
from tests.support.slack_notices import NOON, digest, incident, notice, notices

NOWHERE = Place()
KNOWN = Place(reference="incident-1")


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with pagerduty_server() as running:
        yield running


async def deliver(
    server: PagerDutyServer, told: Notice, place: Place = NOWHERE, *, key: str = ROUTING_KEY
) -> Delivered | Refused | Later:
    channel = PagerDutyChannel(key, url=server.url)
    try:
        return await channel.deliver(told, place)
    finally:
        await channel.close()


def changed(*changes: str, **view: object) -> Notice:
    return notice(incident(3, **view), event=Event.CHANGED, version=2, changes=changes)


async def test_an_incident_calls_somebody_and_says_why(server: PagerDutyServer) -> None:
    assert await deliver(server, notice()) == Delivered("incident-1")
    [event] = server.events
    assert event["payload"]["summary"] == (
        "High anomaly: card-0042: about 1 in 1,250 transactions is this unusual"
    )
    assert event["payload"]["severity"] == "error"
    assert event["payload"]["source"] == "card-0042"
    assert event["payload"]["custom_details"]["amount (70%)"] == "4,210, usually 28.8"
    assert server.alerts == {"incident-1": "triggered"}


async def test_a_notice_that_is_delivered_twice_calls_once(server: PagerDutyServer) -> None:
    await deliver(server, notice())
    await deliver(server, notice(), Place(is_uncertain=True))
    assert len(server.pages) == 1


async def test_incidents_of_two_consumer_groups_are_two(server: PagerDutyServer) -> None:
    for group in ("payments", "logins"):
        await deliver(server, notice(), Place(group=group))
    keys = [event["dedup_key"] for event in server.events]
    assert keys == [f"{group}.{notice().id}" for group in ("payments", "logins")]


async def test_an_incident_that_somebody_takes_is_acknowledged_and_its_end_resolves_it(
    server: PagerDutyServer,
) -> None:
    await deliver(server, notice())
    await deliver(server, changed("Ann takes it", taken_by="Ann"), KNOWN)
    assert server.alerts == {"incident-1": "acknowledged"}
    end = notice(
        incident(3, status=Status.RESOLVED, resolved=NOON + 600), event=Event.RESOLVED, version=3
    )
    assert await deliver(server, end, KNOWN) == Delivered("incident-1")
    assert server.alerts == {"incident-1": "resolved"}
    assert len(server.pages) == 1


async def test_an_incident_whose_first_notice_was_lost_still_calls_when_it_is_taken(
    server: PagerDutyServer,
) -> None:
    await deliver(server, changed(taken_by="Ann"))
    assert [event["event_action"] for event in server.events] == ["trigger", "acknowledge"]
    assert server.alerts == {"incident-1": "acknowledged"}


async def test_an_edit_without_news_is_not_sent(server: PagerDutyServer) -> None:
    assert await deliver(server, changed(), KNOWN) == Delivered("incident-1")
    assert server.events == []


@pytest.mark.parametrize(
    "told", [changed("critical now"), notice(event=Event.REPEATED)], ids=["worse", "repeated"]
)
async def test_news_are_a_line_in_the_alert(server: PagerDutyServer, told: Notice) -> None:
    await deliver(server, told, KNOWN)
    assert [event["event_action"] for event in server.events] == ["trigger"]


@pytest.mark.parametrize("subject", [digest(), Note(title="a", text="b")], ids=["digest", "note"])
async def test_what_has_no_end_is_not_sent_and_counts_as_delivered(
    server: PagerDutyServer, subject: IncidentView
) -> None:
    assert await deliver(server, notice(subject)) == Delivered()
    assert server.events == []


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [("critical", "critical"), ("high", "error"), ("medium", "warning"), ("odd", "info")],
)
async def test_severities_have_their_words(
    server: PagerDutyServer, severity: str, theirs: str
) -> None:
    await deliver(server, notice(incident(severity=severity)))
    assert server.events[0]["payload"]["severity"] == theirs


async def test_too_many_events_wait_as_long_as_is_asked_or_a_minute(
    server: PagerDutyServer,
) -> None:
    server.answers = [429, 429]
    answer = await deliver(server, notice())
    assert isinstance(answer, Later)
    assert answer.pause == 60.0
    server.retry_after = "7"
    answer = await deliver(server, notice())
    assert isinstance(answer, Later)
    assert answer.pause == 7.0


async def test_a_failure_between_two_events_repeats_both(server: PagerDutyServer) -> None:
    server.answers = [202, 500]
    told = changed(taken_by="Ann")
    assert isinstance(await deliver(server, told), Later)
    assert await deliver(server, told) == Delivered("incident-1")
    assert server.alerts == {"incident-1": "acknowledged"}
    assert len(server.pages) == 1


async def test_a_wrong_key_waits_for_the_right_one_and_is_not_shown(
    server: PagerDutyServer,
) -> None:
    wrong = "f" * 32
    answer = await deliver(server, notice(), key=wrong)
    assert isinstance(answer, Later)
    assert "does not know the routing key: check it" in answer.why
    assert wrong not in answer.why


async def test_a_server_that_repeats_the_key_does_not_reveal_it(server: PagerDutyServer) -> None:
    server.answers = [500]
    answer = await deliver(server, notice())
    assert isinstance(answer, Later)
    assert answer.why.endswith('"message": "key …"}')
    assert ROUTING_KEY not in answer.why


async def test_an_event_that_it_calls_invalid_is_not_tried_again(server: PagerDutyServer) -> None:
    server.answers = [400]
    assert isinstance(await deliver(server, notice()), Refused)


@pytest.mark.parametrize("key", ["hunter2", "ä" * 32, " " * 32, "a" * 33])
def test_what_cannot_be_a_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match="has 32 letters and digits") as refused:
        PagerDutyChannel(key, url="https://example.com")
    assert key not in str(refused.value)


async def test_an_entity_of_nothing_but_spaces_is_no_reason_to_call_nobody(
    server: PagerDutyServer,
) -> None:
    told = notice(incident(entity=" \n"))
    assert isinstance(await deliver(server, told), Delivered)
    [event] = server.events
    assert event["payload"]["source"] == "Anomaly: card-0042"


@given(notices)
def test_whatever_the_stream_holds_events_keep_pagerdutys_rules(told: Notice) -> None:
    channel = PagerDutyChannel(ROUTING_KEY, url="https://example.com")
    for action in get_args(Action):
        body = channel._event(told, action, NOWHERE)
        event = json.loads(body)
        if isinstance(told.subject, IncidentView):
            assert mistakes_in(event, len(body)) == []
        assert len(event["dedup_key"]) <= 255
