"""Incidents in Alertmanager's own program: as alerts that people there can route and silence."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings

from anomaly_app.channels.alertmanager import LEAST_AHEAD, AlertmanagerChannel, labels_of
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.core.alerts.notice import Event, IncidentView, Note, Notice, Status
from tests.support.alertmanager import alertmanager, alertmanager_binary
from tests.support.receiver_server import ReceiverServer, receiver_server
from tests.support.slack_notices import digest, incident, notice, notices
from tests.support.waiting import eventually

HOUR = 3_600.0

NOWHERE = Place()


@pytest.fixture(scope="module")
def phone() -> Iterator[ReceiverServer]:
    """Where Alertmanager tells of alerts."""
    with receiver_server() as server:
        yield server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, phone: ReceiverServer) -> Iterator[str]:
    binary = alertmanager_binary()
    if binary is None:
        pytest.skip("Alertmanager is not installed: Debian's package is prometheus-alertmanager")
    configuration = f"""
route:
  receiver: nobody
  routes:
    - matchers: [entity="told"]
      receiver: phone
      group_by: [incident]
      group_wait: 0s
      group_interval: 1s
receivers:
  - name: nobody
  - name: phone
    webhook_configs: [{{url: "{phone.url}/told"}}]
"""
    folder = tmp_path_factory.mktemp("alertmanager")
    with alertmanager(binary, folder, configuration) as running:
        yield running


async def deliver(
    address: str, told: Notice, place: Place = NOWHERE, *, repeat: float = 4 * HOUR
) -> Delivered | Refused | Later:
    channel = AlertmanagerChannel(address, repeat=repeat)
    try:
        return await channel.deliver(told, place)
    finally:
        await channel.close()


async def alerts_of(address: str, incident_id: str) -> list[dict[str, Any]]:
    """Ask for the alerts that go on."""
    async with (
        ClientSession() as session,
        session.get(
            f"{address}/api/v2/alerts", params={"filter": f'incident="{incident_id}"'}
        ) as answer,
    ):
        found: list[dict[str, Any]] = await answer.json()
        return found


def named(name: str, version: int = 1, event: Event = Event.OPENED, **view: Any) -> Notice:
    return notice(incident(id=name, **view), id=name, version=version, event=event, at=now())


def now() -> float:
    return datetime.now().astimezone().timestamp()


async def test_an_incident_is_an_alert_with_labels_and_words(address: str) -> None:
    labels = {"entity": "card-0042", "merchant.name": "Süd & Co", "feature": "amount"}
    told = named("plain", labels=labels)
    assert isinstance(await deliver(address, told), Delivered)
    [alert] = await alerts_of(address, "plain")
    assert alert["labels"] == {
        "alertname": "Anomaly",
        "incident": "plain",
        "severity": "high",
        "entity": "card-0042",
        "merchant_name": "Süd & Co",
        "feature": "amount",
    }
    assert alert["annotations"]["summary"] == "High anomaly: card-0042"
    assert "4,210" in alert["annotations"]["description"]
    assert alert["startsAt"].startswith("2026-01-05T12:00:00")


@pytest.mark.parametrize(("repeat", "ahead"), [(4 * HOUR, LEAST_AHEAD), (48 * HOUR, 96 * HOUR)])
async def test_an_open_incident_goes_on_until_long_after_it_is_told_again(
    address: str, repeat: float, ahead: float
) -> None:
    name = f"long-{repeat:g}"
    await deliver(address, named(name), repeat=repeat)
    [alert] = await alerts_of(address, name)
    left = datetime.fromisoformat(alert["endsAt"]).timestamp() - now()
    assert ahead - 60 < left <= ahead


async def test_an_incident_that_is_sent_again_is_the_same_alert(address: str) -> None:
    first = await deliver(address, named("twice"))
    assert isinstance(first, Delivered)
    second = await deliver(address, named("twice", 2, Event.REPEATED), Place(first.reference))
    assert second == first
    assert len(await alerts_of(address, "twice")) == 1


async def test_an_incident_that_gets_worse_ends_its_former_alert(address: str) -> None:
    first = await deliver(address, named("worse"))
    assert isinstance(first, Delivered)
    told = named("worse", 2, Event.CHANGED, severity="critical", labels={"entity": "card-0042"})
    second = await deliver(address, told, Place(first.reference))
    assert isinstance(second, Delivered)
    [alert] = await alerts_of(address, "worse")
    assert alert["labels"]["severity"] == "critical"
    end = named("worse", 3, Event.RESOLVED, status=Status.RESOLVED, resolved=now())
    await deliver(address, end, Place(second.reference))
    assert await alerts_of(address, "worse") == []


async def test_the_end_of_an_incident_ends_its_alert_and_both_are_told(
    address: str, phone: ReceiverServer
) -> None:
    labels = {"entity": "told"}
    first = await deliver(address, named("told", labels=labels))
    assert isinstance(first, Delivered)

    def told() -> list[str]:
        bodies = [request.json for request in phone.requests]
        return [body["status"] for body in bodies if body["groupLabels"] == {"incident": "told"}]

    await eventually(told, lambda found: found == ["firing"], patience=20.0)
    end = named("told", 2, Event.RESOLVED, status=Status.RESOLVED, resolved=now(), labels=labels)
    await deliver(address, end, Place(first.reference))
    assert await alerts_of(address, "told") == []
    await eventually(told, lambda found: found == ["firing", "resolved"], patience=20.0)


@pytest.mark.parametrize("subject", [digest(), Note(title="a", text="b")], ids=["digest", "note"])
async def test_what_has_no_end_is_not_sent(address: str, subject: IncidentView) -> None:
    assert await deliver(address, notice(subject)) == Delivered()


async def test_an_address_that_is_not_its_api_is_told(address: str) -> None:
    answer = await deliver(f"{address}/elsewhere", named("nowhere"))
    assert isinstance(answer, Later)
    assert "check the url" in answer.why


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=notices)
async def test_whatever_the_stream_holds_alertmanager_takes_it(address: str, told: Notice) -> None:
    first = await deliver(address, told)
    assert isinstance(first, Delivered), first
    assert await deliver(address, told, Place(first.reference)) == first
    assert len(first.reference or "") <= 500


@given(notices)
def test_labels_fit_a_reference_and_keep_alertmanagers_rules(told: Notice) -> None:
    if isinstance(told.subject, IncidentView):
        labels = labels_of(told.id, told.subject, "")
        assert all(name.isidentifier() and name.isascii() for name in labels)
        assert labels["incident"] == told.id
