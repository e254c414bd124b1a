"""A worker asks others, and trusts nothing that they answer."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from anomaly_app.context import WorkerContext
from anomaly_app.web import owners as module
from anomaly_app.web.address import address_of, is_address, is_loopback
from anomaly_app.web.owners import Owners
from anomaly_app.web.peers import LONGEST_ANSWER, open_session
from anomaly_app.web.profile import ProfilePage
from anomaly_app.web.search import Found, Question, Unknown, place_of
from anomaly_app.web.token import signed
from tests.support.waiting import elapse
from tests.support.worker_pages import TOKEN, context_with_memory, serving

QUESTION = Question("card-1")


@dataclass
class Peer:
    """A server at an address that a manifest names; it answers what a test wants."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    address: str = ""
    asked: list[web.Request] = field(default_factory=list)
    answered: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        await elapse(self.seconds)
        self.answered += 1
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@asynccontextmanager
async def a_peer() -> AsyncIterator[Peer]:
    found = Peer()
    server = web.Application()
    server.router.add_get("/{path:.*}", found.answer)
    async with serving(server) as found.address:
        yield found


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with a_peer() as found:
        yield found


@pytest.fixture
async def context() -> AsyncIterator[WorkerContext]:
    """Of a worker without partitions, in a group with two."""
    found = context_with_memory(partitions=2)
    found.memories.owner = "http://127.0.0.1:1"
    yield found
    await found.memories.close()


async def ask(context: WorkerContext, *addresses: str) -> Found | Unknown:
    """Ask for a card, when the manifests name these addresses."""

    async def lookup(_: str, partitions: Iterable[int]) -> AsyncIterator[tuple[int, str]]:
        for number in partitions:
            yield number, addresses[number % len(addresses)]

    place = place_of("entity", context)
    assert place is not None
    return await Owners(context, lookup, lambda: 1e9).find(QUESTION, place)


async def refused(context: WorkerContext, *addresses: str) -> str:
    answer = await ask(context, *addresses)
    assert isinstance(answer, Unknown)
    assert not answer.is_complete
    return answer.error


def found(**changes: Any) -> bytes:
    whole: dict[str, Any] = {"entity": "card-1", "key": "entity", "partition": 1, "lines": []}
    profile = {"time": 1.0, "hour": 0.0, "since": 0.0, "latest": 1.0, "features": {}}
    whole["profile"] = {**profile, "windows": [], "usual_hours": [], "position": None}
    whole["profile"] |= {"last_values": {}, **changes.pop("profile", {})}
    return json.dumps({**whole, **changes}).encode()


async def test_each_worker_is_asked_once_and_never_told_the_token(
    context: WorkerContext, peer: Peer
) -> None:
    peer.status, peer.body = 404, json.dumps({"error": "", "searched": [0, 1]}).encode()
    answer = await ask(context, peer.address)
    assert isinstance(answer, Unknown)
    assert answer.is_complete
    [request] = peer.asked
    assert request.path_qs == "/profile/card-1?key=entity"
    sent = request.headers["Authorization"]
    assert sent.startswith("Anomaly-Worker 1000000000:")
    assert TOKEN not in str(request.headers)


async def test_what_a_worker_has_is_passed_on(context: WorkerContext, peer: Peer) -> None:
    peer.body = found()
    answer = await ask(context, peer.address)
    assert isinstance(answer, Found)
    assert (answer.entity, answer.partition) == ("card-1", 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>maintenance</html>"),
        (200, b"[" * 100_000),
        (200, b"\xff\x1f\x8b"),
        (200, b"null"),
        (200, found(entity="card-2")),
        (200, found(key="counterpart")),
        (200, found(profile={"since": 1e300})),
        (200, found(profile={"hour": -1.0})),
        (200, found(profile={"latest": "now"})),
        (200, found(lines=7)),
        (404, b"404: Not Found"),
        (404, b'{"error": "", "searched": ["all"]}'),
        (500, b"{}"),
        (503, b'{"error": "this worker has no model yet"}'),
        (204, b""),
    ],
)
async def test_what_is_no_answer_of_a_worker_counts_for_nothing(
    context: WorkerContext, peer: Peer, status: int, body: bytes
) -> None:
    peer.status, peer.body = status, body
    line = await refused(context, peer.address)
    assert line == (
        'partitions 0 and 1 of transactions could not be searched for "card-1": partitions 0 and 1 '
        f"with {peer.address}, which answers as no worker of this version does (HTTP {status})"
    )


async def test_redirects_are_not_followed(context: WorkerContext, peer: Peer) -> None:
    peer.status, peer.headers = 302, {"Location": f"{peer.address}/elsewhere"}
    assert "(HTTP 302)" in await refused(context, peer.address)
    assert len(peer.asked) == 1


async def test_an_answer_without_end_is_read_no_further(context: WorkerContext, peer: Peer) -> None:
    peer.body = b" " * (LONGEST_ANSWER + 1)
    assert "answers with more than 1,048,576 bytes" in await refused(context, peer.address)


async def test_packed_answers_are_not_unpacked(context: WorkerContext, peer: Peer) -> None:
    peer.body, peer.headers = b"\x1f\x8b" + b"0" * 100, {"Content-Encoding": "gzip"}
    assert "(HTTP 200)" in await refused(context, peer.address)


async def test_who_hangs_is_not_waited_for(
    context: WorkerContext, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.seconds = 0.5
    monkeypatch.setattr(module, "open_session", lambda: open_session(0.05))
    assert f"{peer.address}, which does not answer in time" in await refused(context, peer.address)


async def test_what_is_found_waits_for_nobody_else(context: WorkerContext, peer: Peer) -> None:
    peer.body = found()
    async with a_peer() as hanging:
        hanging.seconds = 30.0
        assert isinstance(await ask(context, hanging.address, peer.address), Found)
        assert hanging.answered == 0


async def test_a_worker_with_another_token_says_what_to_do(
    context: WorkerContext, peer: Peer
) -> None:
    peer.status = 401
    line = await refused(context, peer.address)
    assert "give all workers the same ANOMALY_WEB_TOKEN" in line


async def test_each_partition_has_its_own_reason(context: WorkerContext, peer: Peer) -> None:
    peer.status, peer.body = 404, b'{"error": "", "searched": [], "restoring": [1]}'
    line = await refused(context, "http://127.0.0.1:1", peer.address)
    assert line.endswith(
        "partition 1 being restored, ask again in a moment; "
        "partition 0 last with http://127.0.0.1:1, which does not have it now, ask again in a "
        "moment; if there are workers on other hosts, let their ANOMALY_WEB_HOST and "
        "ANOMALY_WEB_BIND be addresses that all reach"
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:6066",
        "https://127.0.0.1:6066",
        "file:///etc/passwd",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:6066/",
        "http://127.0.0.1:6066/admin?",
        "http://user:secret@127.0.0.1:6066",
        "http://127.0.0.1:6066#",
        "http://127.0.0.1:6066\r\nHost: x",
        "http://127.0.0.1:6066\n",
        "http://[::1]:6066]",
        "http://[1.2.3]:6066",
        "http://kafka:٦٠٦٦",
        "http://ho st:6066",
    ],
)
async def test_what_is_no_address_of_a_worker_is_not_asked(
    context: WorkerContext, address: str
) -> None:
    assert not is_address(address)
    assert "is no address of a worker" in await refused(context, address)


def test_an_address_that_each_host_has_is_known() -> None:
    assert all(map(is_loopback, ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"]))
    assert not any(map(is_loopback, ["http://10.0.0.7:1", "http://worker-2:1", "localhost"]))


@pytest.mark.parametrize("host", ["127.0.0.1", "worker-2.example.com", "a_b", "::1", "fe80::1"])
def test_what_workers_announce_is_an_address(host: str) -> None:
    assert is_address(address_of(host, 6066))


async def test_a_question_of_a_worker_is_not_passed_on(context: WorkerContext, peer: Peer) -> None:
    async def lookup(_: str, partitions: Iterable[int]) -> AsyncIterator[tuple[int, str]]:
        for number in partitions:
            yield number, peer.address

    page = ProfilePage(context, Owners(context, lookup), lambda: 1e9)
    text = QUESTION.text_for(context.memories.owner)
    sent = {"Authorization": signed(text, 1e9, context.settings)}
    answer = await page.answer("card-1", "entity", sent)
    assert (answer.status, json.loads(answer.body)["searched"]) == (404, [])
    assert peer.asked == []
    assert (await page.answer("card-2", "entity", sent)).status == 401
    elsewhere = {"Authorization": signed(QUESTION.text_for(peer.address), 1e9, context.settings)}
    assert (await page.answer("card-1", "entity", elsewhere)).status == 401
    late = ProfilePage(context, Owners(context, lookup), lambda: 1e9 + 301.0)
    assert (await late.answer("card-1", "entity", sent)).status == 401


async def test_a_question_goes_to_no_proxy_and_brings_no_cookies(peer: Peer) -> None:
    peer.headers = {"Set-Cookie": "a=b"}
    async with open_session() as session:
        assert isinstance(session, ClientSession)
        assert not session.trust_env
        for _ in range(2):
            await session.get(peer.address)
    assert [request.headers.get("Cookie") for request in peer.asked] == [None, None]


async def test_what_was_looked_up_counts_although_kafka_is_too_slow_for_the_rest(
    context: WorkerContext, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKUP_TIMEOUT", 0.05)
    peer.status, peer.body = 404, b'{"error": "", "searched": [0]}'
    looked_up = []

    async def lookup(_: str, partitions: Iterable[int]) -> AsyncIterator[tuple[int, str]]:
        looked_up.append([*partitions])
        yield 0, peer.address
        await elapse(10.0)

    place = place_of("entity", context)
    assert place is not None
    owners = Owners(context, lookup)
    for _ in range(2):
        answer = await owners.find(QUESTION, place)
        assert isinstance(answer, Unknown)
        assert answer.searched == [0]
        assert "cannot be looked up (Kafka takes more than 0 s)" in answer.error
    assert looked_up == [[0, 1], [1]]
    assert len(peer.asked) == 2
