"""From anomalies to incidents to people, with real workers."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from harness.workers import Worker
from tests.support.alerts import alerting_file, opened, owner_of, told, told_in_a_file
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.slack_server import APP_TOKEN, SECRET, posting_to, slack_server
from tests.support.waiting import eventually, unchanged

pytestmark = pytest.mark.broker


def odd(entity: str, n: int = 0) -> bytes:
    return transaction(9_999.0 + n, "casino", entity=entity, n=n)


async def test_anomalies_of_one_entity_are_one_message_and_a_restart_does_not_repeat_it(
    kafka: Kafka,
) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1", n) for n in range(5)] + [odd("card-2")])
        await eventually(lambda: opened(file), lambda found: len(found) == 2)
        stats = await eventually(
            lambda: stats_of(worker),
            lambda s: (
                s["alerts"] == {"taken": 6} and s["incidents"]["receivers"]["file"]["waiting"] == 0
            ),
        )
        assert sum(stats["incidents"]["open"].values()) == 2
    before = told(file)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-3")])
        await eventually(lambda: opened(file), lambda found: len(found) == 3)
        stats = await stats_of(worker)
    assert opened(file) == {"card-1": 1, "card-2": 1, "card-3": 1}
    assert sum(stats["incidents"]["open"].values()) == 3
    assert told(file)[: len(before)] == before


async def published(kafka: Kafka) -> dict[bytes, Any]:
    """The latest message of each key on the topic of incidents."""
    records = await kafka.read_all(f"{kafka.name}-incidents")
    return {record.key: json.loads(record.value) for record in records}


async def test_what_was_told_is_known_after_a_kill(kafka: Kafka) -> None:
    file = told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd(f"card-{n}") for n in range(3)])
        await eventually(lambda: opened(file), lambda found: len(found) == 3)
        # A line counts as told when the log of alerts has its outcome.
        await eventually(
            lambda: stats_of(worker),
            lambda s: s["incidents"]["receivers"]["file"]["waiting"] == 0,
        )
        await eventually(kafka.lag, lambda lag: lag == 0)
        await eventually(lambda: kafka.lag(kafka.anomalies), lambda lag: lag == 0)
        worker.process.kill()
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1", 7)])
        await eventually(
            lambda: stats_of(worker),
            lambda s: s["incidents"] and s["alerts"] == {"taken": 1},
        )
        latest = await eventually(
            lambda: published(kafka),
            lambda found: sum(one.get("anomalies", 0) for one in found.values()) == 4,
        )
        found = await unchanged(lambda: opened(file), seconds=3.0)
    assert all(count == 1 for count in found.values())
    assert latest[b"learning"] == {"learning": "on", "since": None, "incident": None}


TOKEN = "open-sesame"  # noqa: S105


async def page(worker: Worker, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask for a page with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        ClientSession(headers=headers) as session,
        session.request(method, f"http://127.0.0.1:{worker.port}{path}", json=body) as response,
    ):
        return response.status, await response.json()


async def silences(*workers: Worker) -> list[list[str]]:
    """The notes of the silences that each worker knows."""
    answers = [await page(worker, "GET", "/silences") for worker in workers]
    return [[one["note"] for one in body["silences"]] for status, body in answers if status == 200]


def told_in(answer: tuple[int, Any]) -> dict[str, list[str]]:
    """Who was told of each incident, by its title, as the page says."""
    return {one["title"]: one["told"] for one in answer[1].get("incidents", [])}


async def test_a_silence_is_known_to_every_worker_in_seconds_and_after_a_restart(
    kafka: Kafka,
) -> None:
    file = told_in_a_file(kafka)
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    wish = {"matchers": ["entity = card-1"], "duration": "2h", "note": "moving", "user": "ada"}
    async with kafka.worker() as one, kafka.worker() as other:
        await eventually(lambda: silences(one, other), lambda found: found == [[], []])
        owner = await eventually(lambda: owner_of(one, other), lambda found: found is not None)
        elsewhere = other if owner is one else one
        status, made = await page(elsewhere, "POST", "/silences", wish)
        assert status == 201
        await eventually(
            lambda: silences(one, other),
            lambda found: found == [["moving"], ["moving"]],
            patience=5.0,
        )
        await kafka.produce([odd("card-1"), odd("card-2")])
        await eventually(lambda: opened(file), lambda found: found["card-2"] == 1)
        _, found = await eventually(
            lambda: page(elsewhere, "GET", "/incidents"),
            lambda answer: told_in(answer) == {"card-1": [], "card-2": ["file"]},
        )
        [shown] = [one for one in found["incidents"] if one["title"] == "card-1"]
        assert (await page(elsewhere, "GET", f"/incidents/{shown['id']}"))[1]["anomalies"] == 1
    async with kafka.worker() as worker:
        await eventually(lambda: silences(worker), lambda found: found == [["moving"]])
        status, before = await page(worker, "POST", "/silences/preview", wish)
        assert (status, before["hidden"]) == (200, 0)
        wish["matchers"] = ["entity = card-2"]
        status, before = await page(worker, "POST", "/silences/preview", wish)
        assert (status, before["hidden"], before["told"]) == (200, 1, 1)
        assert (await page(worker, "DELETE", f"/silences/{made['id']}"))[0] == 202
        await eventually(lambda: silences(worker), lambda found: found == [[]])
        # What is still going on is told now.
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 1)


async def test_a_request_that_cannot_be_a_silence_is_told_why(kafka: Kafka) -> None:
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker:
        everything = {"duration": "2h", "note": "quiet", "user": "ada"}
        status, answer = await page(worker, "POST", "/silences", everything)
        assert (status, answer["error"]) == (
            400,
            "a silence needs matchers or an incident, one of both",
        )
        status, _ = await page(worker, "POST", "/silences", ["no", "silence"])
        assert status == 400
        async with ClientSession() as session:
            url = f"http://127.0.0.1:{worker.port}/silences"
            async with session.post(url, json=everything) as response:
                assert response.status == 401
            async with session.get(url) as response:
                assert response.status == 401


async def test_a_press_in_slack_is_kept_and_shown_and_a_silence_from_there_counts(
    kafka: Kafka,
) -> None:
    with slack_server() as slack:
        alerting_file(kafka, {"type": "slack", "name": "slack"})
        kafka.settings |= posting_to(slack.url, interval=0.05) | {
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }
        async with kafka.worker() as worker:
            await kafka.produce([odd("card-1")])
            await eventually(lambda: len(slack.shown), lambda count: count == 1)
            await eventually(lambda: len(slack.sockets.connections), lambda count: count > 0)
            pressed = await slack.press(slack.shown[0], "fraud", user="ada", again=3)
            assert pressed.is_acknowledged
            await eventually(
                lambda: json.dumps(slack.shown[0]["blocks"]), lambda blocks: "ada" in blocks
            )
            url = f"http://127.0.0.1:{worker.port}/slack/interactions"
            await slack.press(slack.shown[0], "silence", user="bob", via=url)
            [view] = slack.views.values()
            submitted = await slack.submit(view, {"note": "known"}, user="bob", via=url)
            assert submitted.status == 200
            await eventually(
                lambda: stats_of(worker), lambda stats: stats["incidents"]["silences"] == 1
            )
            async with ClientSession() as session, session.post(url, data=b"forged") as response:
                assert response.status == 401
        said = [json.loads(record.value) for record in await kafka.read_all(kafka.feedback)]
        assert sorted(one["type"] for one in said) == ["press", "silence"]
        assert {one["group"] for one in said} == {kafka.name}
        assert len(slack.shown) == 1
