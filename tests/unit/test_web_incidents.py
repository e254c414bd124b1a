"""Any worker answers for incidents and silences, to those with the token, and trusts nobody."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web

from anomaly_app.context import WorkerContext
from anomaly_app.errors import BrokerError
from anomaly_app.incidents.term import Term
from anomaly_app.web import log_owner
from harness.processes import free_port
from tests.support.incidents import policy
from tests.support.memory_kafka import MemoryBroker
from tests.support.terms import Log
from tests.support.worker_pages import BEARER, SETTINGS, PagesOf, serving

WISH = {"matchers": ["entity = card-1"], "duration": "2h", "note": "moving", "user": "ada"}


@dataclass
class Two:
    """A worker that has the log, and one that has not."""

    log: Log
    broker: MemoryBroker
    addresses: list[str]
    contexts: list[WorkerContext]
    named: list[str] = field(default_factory=list)
    """The addresses in the manifest; the last one counts."""
    lookups: int = 0

    async def ask(self, place: int, method: str, path: str, **options: Any) -> tuple[int, Any]:
        headers = options.pop("headers", BEARER)
        async with (
            ClientSession(headers=headers) as session,
            session.request(method, self.addresses[place] + path, **options) as response,
        ):
            body = await response.read()
            return response.status, json.loads(body) if body else None

    async def find(self, name: str, partitions: Iterable[int]) -> AsyncIterator[tuple[int, str]]:
        assert (name, [*partitions]) == ("alerts", [0])
        self.lookups += 1
        for address in self.named[-1:]:
            yield 0, address

    def give_the_log_to(self, *places: int) -> None:
        for place, context in enumerate(self.contexts):
            term = Term(self.log.hold(), self.log.memory) if place in places else None
            context.owner = cast("Any", SimpleNamespace(term=term, stats=dict))


@pytest.fixture
async def two(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    found = Two(Log(policy(wait=0.0)), MemoryBroker(), [], [])
    found.broker.create("feedback")
    monkeypatch.setattr(log_owner, "_reader", lambda _: found.find)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            context = WorkerContext(SETTINGS)
            stack.push_async_callback(context.memories.close)
            server = PagesOf(context, found.broker).server
            address = await stack.enter_async_context(serving(server, free_port()))
            context.memories.owner = address
            found.addresses.append(address)
            found.contexts.append(context)
        found.named.append(found.addresses[0])
        found.give_the_log_to(0)
        yield found


async def test_any_worker_gives_the_same_answer(two: Two) -> None:
    two.log.see("card-1", 1)
    two.log.see("card-2", 2, feature="hour")
    for path in ("/incidents", "/incidents?status=all", "/incidents/i-0", "/silences"):
        answers = [await two.ask(place, "GET", path) for place in (0, 1)]
        assert answers[0] == answers[1]
        assert answers[0][0] == 200
    _, found = await two.ask(1, "GET", "/incidents")
    assert [one["title"] for one in found["incidents"]] == ["card-1", "card-2"]
    # The address was looked up once.
    assert two.lookups == 1


async def test_an_incident_that_is_not_there_is_missing_everywhere(two: Two) -> None:
    for place in (0, 1):
        for name in ("i-99", "..%2Fstats", "a%20b"):
            status, body = await two.ask(place, "GET", f"/incidents/{name}")
            assert (status, body["error"]) == (404, "there is no such incident")


async def test_a_new_owner_is_found(two: Two) -> None:
    assert (await two.ask(1, "GET", "/silences"))[0] == 200
    two.give_the_log_to(1)
    two.named.append(two.addresses[1])
    assert (await two.ask(0, "GET", "/silences"))[0] == 200
    two.give_the_log_to(0)
    two.named.append(two.addresses[0])
    assert (await two.ask(1, "GET", "/silences"))[0] == 200


async def test_while_nobody_has_the_log_one_is_asked_to_wait(two: Two) -> None:
    two.give_the_log_to()
    status, body = await two.ask(1, "GET", "/incidents")
    assert status == 503
    assert body["error"].endswith("ask again in a moment")
    two.named.clear()
    two.named.append("http://user@evil.example:80/steal")
    status, body = await two.ask(0, "GET", "/incidents")
    assert (status, "no worker has the log" in body["error"]) == (503, True)


async def test_an_answer_of_a_stranger_is_not_passed_on(two: Two) -> None:
    async def stranger(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://evil.example"})

    server = web.Application()
    server.router.add_get("/{path:.*}", stranger)
    async with serving(server) as address:
        two.give_the_log_to()
        two.named.append(address)
        status, body = await two.ask(1, "GET", "/silences")
    assert (status, "answers with HTTP 302" in body["error"]) == (503, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/incidents"), ("GET", "/incidents/i-0"), ("GET", "/silences")),
        *(("POST", "/silences"), ("POST", "/silences/preview"), ("DELETE", "/silences/s-1")),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Anomaly-Worker 1:00"},
        {"Authorization": "Anomaly-Worker x"},
    ],
    ids=["none", "wrong", "old signature", "no signature"],
)
async def test_without_the_token_nothing_is_told_or_done(
    two: Two, method: str, path: str, headers: dict[str, str]
) -> None:
    two.log.see("card-1", 1)
    status, body = await two.ask(0, method, path, headers=headers, json=WISH)
    assert (status, body["error"].startswith("this page needs the token")) == (401, True)
    assert two.broker.values("feedback") == []


async def test_a_silence_is_on_the_topic_before_it_is_answered(two: Two) -> None:
    status, made = await two.ask(1, "POST", "/silences", json=WISH)
    assert status == 201
    [value] = two.broker.values("feedback")
    said = json.loads(value or b"")
    assert (said["type"], said["silence"]["id"], said["group"]) == (
        *("silence", made["id"]),
        "anomaly-app",
    )
    assert (await two.ask(0, "DELETE", f"/silences/{made['id']}?user=bob"))[0] == 202
    ended = json.loads(two.broker.values("feedback")[-1] or b"")
    assert (ended["type"], ended["silence"], ended["user"]) == ("expire", made["id"], "bob")


async def test_what_cannot_be_kept_is_not_confirmed(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anomaly_app.incidents import saying  # noqa: PLC0415

    monkeypatch.setattr(saying, "ACCEPT_TIMEOUT", 0.05)
    monkeypatch.setattr(two.broker, "is_down", True)
    status, body = await two.ask(1, "POST", "/silences", json=WISH)
    assert (status, body["error"].startswith("nothing was done: writing to feedback")) == (
        503,
        True,
    )
    assert two.broker.values("feedback") == []


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 50_000, b"x" * 70_000),
        json.dumps({**WISH, "surprise": 1}).encode(),
        json.dumps({**WISH, "matchers": ["x"]}).encode(),
        json.dumps({**WISH, "duration": "9" * 100}).encode(),
        json.dumps({**WISH, "matchers": []}).encode(),
    ],
)
async def test_what_is_no_silence_is_refused_with_the_reason(two: Two, body: bytes) -> None:
    for path in ("/silences", "/silences/preview"):
        status, answer = await two.ask(0, "POST", path, data=body)
        assert status == 400
        assert answer["error"]
    assert two.broker.values("feedback") == []


async def test_without_kafka_the_owner_cannot_be_looked_up(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> AsyncIterator[tuple[int, str]]:
        nothing: tuple[str, ...] = ()
        for address in nothing:
            yield 0, address
        raise BrokerError("reading anomaly-app-memory failed: KafkaConnectionError")

    two.give_the_log_to()
    monkeypatch.setattr(two, "find", fail)
    monkeypatch.setattr(log_owner, "_reader", lambda _: fail)
    status, body = await two.ask(1, "GET", "/incidents")
    assert (status, "cannot be looked up" in body["error"]) == (503, True)
