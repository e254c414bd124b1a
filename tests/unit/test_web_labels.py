"""Labels over HTTP: on the topic before they are answered, with the token, and trusting nobody."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.messages import Feedback, read_feedback
from anomaly_app.core.learning.label import Basis, Label, Undo
from anomaly_app.incidents import saying
from tests.support.memory_kafka import MemoryBroker
from tests.support.worker_pages import BEARER, SETTINGS, PagesOf, serving

ANOMALY = {
    "about": "anomaly",
    "name": "transactions-3-1042",
    "verdict": "fraud",
    "user": "ada",
    "note": "stolen",
}


@dataclass
class Served:
    """The pages of a worker, and what is on the topic."""

    address: str
    broker: MemoryBroker

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        headers = options.pop("headers", BEARER)
        async with (
            ClientSession(headers=headers) as session,
            session.request(method, self.address + path, **options) as response,
        ):
            body = await response.read()
            return response.status, json.loads(body) if body else None

    @property
    def said(self) -> list[Feedback | None]:
        return [read_feedback(value, "anomaly-app") for value in self.broker.values("feedback")]


async def served_with(settings: Any) -> AsyncIterator[Served]:
    context, broker = WorkerContext(settings), MemoryBroker()
    broker.create("feedback", 1)
    async with serving(PagesOf(context, broker).server) as address:
        yield Served(address, broker)
    await context.memories.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async for one in served_with(SETTINGS):
        yield one


@pytest.fixture
async def closed() -> AsyncIterator[Served]:
    async for one in served_with(SETTINGS.model_copy(update={"web_token": None})):
        yield one


async def test_a_label_is_on_the_topic_before_it_is_answered(served: Served) -> None:
    status, made = await served.ask("POST", "/labels", json={**ANOMALY, "basis": "outcome"})
    assert status == 201
    [said] = served.said
    assert isinstance(said, Label)
    assert (said.id, said.name, said.verdict, said.basis, said.via) == (
        *(made["id"], "transactions-3-1042", "fraud", Basis.OUTCOME, "http"),
    )
    assert made["at"].endswith("Z")


async def test_an_incident_is_answered(served: Served) -> None:
    answer = {"about": "incident", "name": "i-7", "verdict": "expected", "user": "ada"}
    assert (await served.ask("POST", "/labels", json=answer))[0] == 201
    [said] = served.said
    assert isinstance(said, Press)
    assert (said.incident, said.action, said.user, said.receiver) == ("i-7", "expected", "ada", "")


async def test_a_request_that_is_repeated_with_its_id_is_the_same_label(served: Served) -> None:
    for _ in range(2):
        status, made = await served.ask("POST", "/labels", json={**ANOMALY, "id": "case-77"})
        assert (status, made["id"]) == (201, "case-77")
    assert {one.id for one in served.said if isinstance(one, Label)} == {"case-77"}


async def test_a_label_is_taken_back_by_somebody(served: Served) -> None:
    status, answer = await served.ask("DELETE", "/labels/case-77?user=bob")
    assert (status, answer) == (202, {"id": "case-77"})
    [said] = served.said
    assert isinstance(said, Undo)
    assert (said.said, said.user) == ("case-77", "bob")
    status, answer = await served.ask("DELETE", "/labels/case-77")
    assert (status, "add ?user=NAME" in answer["error"]) == (400, True)
    assert (await served.ask("DELETE", "/labels/a%20b?user=bob"))[0] == 404
    assert len(served.said) == 1


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 50_000, b"x" * 70_000),
        *(
            json.dumps({**ANOMALY, **wrong}).encode()
            for wrong in (
                {"surprise": 1},
                {"verdict": "maybe"},
                {"about": "weather"},
                {"name": "card-1"},
                {"name": "x" * 400},
                {"user": ""},
                {"id": "a b"},
                {"since": 1.0},
                {"about": "entity", "since": "soon"},
                {"about": "incident", "basis": "outcome"},
                {"about": "incident", "name": "../i-1"},
            )
        ),
    ],
)
async def test_what_is_no_label_is_refused_in_one_line(served: Served, body: bytes) -> None:
    status, answer = await served.ask("POST", "/labels", data=body)
    assert status == 400
    assert answer["error"].isprintable()
    assert served.said == []


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/labels"), ("DELETE", "/labels/l-1?user=a")]
)
async def test_without_the_token_nothing_is_said(
    served: Served, closed: Served, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Anomaly-Worker 1:0"}):
        status, body = await served.ask(method, path, headers=headers, json=ANOMALY)
        assert (status, body["error"].startswith("this page needs the token")) == (401, True)
    status, body = await closed.ask(method, path, json=ANOMALY)
    assert (status, body["error"].startswith("this page is closed")) == (403, True)
    assert served.said == closed.said == []


async def test_what_cannot_be_kept_is_not_confirmed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saying, "ACCEPT_TIMEOUT", 0.05)
    served.broker.is_down = True
    for method, path in [("POST", "/labels"), ("DELETE", "/labels/l-1?user=ada")]:
        status, body = await served.ask(method, path, json=ANOMALY)
        assert (status, body["error"].startswith("nothing was done: writing to feedback")) == (
            503,
            True,
        )
