"""Any worker shows what is remembered of any entity, to those who may see it."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from aiokafka import TopicPartition

from anomaly_app.settings import Settings
from anomaly_app.web.page import HEADERS
from tests.support.memory_workers import TOPIC
from tests.support.worker_pages import BEARER, SETTINGS, Fleet, fleet

ENTITIES = [f"card-{n}" for n in range(20)]

HOSTILE = [
    "a/b",
    "//",
    "a/../b",
    "a%2Fb",
    "a b+c",
    "?key=counterpart#top",
    "<script>alert(1)</script>",
    "\x00\r\nSet-Cookie: a=b",
    "Zoë 😀 \u202e",
    "'; DROP TABLE cards --",
    "é" * 1_000,
]


def path_of(entity: str, query: str = "") -> str:
    return f"/profile/{quote(entity, safe='')}{query}"


@pytest.fixture
async def workers() -> AsyncIterator[Fleet]:
    """Three workers with a partition each, and entities in all of them."""
    async with fleet(3) as found:
        for n, entity in enumerate([*ENTITIES, *HOSTILE]):
            found.produce(entity, n % 3)
        for n in range(3):
            await found[n].take(n)
        yield found


async def line_of(workers: Fleet, place: int, entity: str) -> tuple[int, str]:
    status, body = await workers[place].get(path_of(entity))
    return status, json.loads(body)["error"]


async def test_any_worker_gives_the_same_answer_for_any_entity(workers: Fleet) -> None:
    for n, entity in enumerate([*ENTITIES, *HOSTILE]):
        answers = [await worker.get(path_of(entity)) for worker in workers.workers]
        assert answers[0][0] == 200, answers[0][1]
        assert answers[1:] == answers[:1] * 2
        found = json.loads(answers[0][1])
        assert (found["entity"], found["key"], found["partition"]) == (entity, "entity", n % 3)
        assert found["profile"]["since"] == int(found["profile"]["latest"])


async def test_only_if_all_partitions_were_searched_an_entity_is_unknown(workers: Fleet) -> None:
    status, line = await line_of(workers, 0, "card-99")
    assert status == 404
    assert line.startswith(
        'nothing is remembered of "card-99": partitions 0, 1 and 2 of transactions were searched'
    )


async def test_what_a_dead_worker_had_is_said_in_one_line(workers: Fleet) -> None:
    await workers[1].stack.aclose()
    assert (await workers[0].get(path_of("card-2")))[0] == 200
    for entity in ("card-1", "card-99"):
        status, line = await line_of(workers, 0, entity)
        assert status == 503
        assert line == (
            f'partition 1 of transactions could not be searched for "{entity}": partition 1 with '
            f"{workers[1].address}, which does not answer (ClientConnectorError): if there are "
            "workers on other hosts, let their ANOMALY_WEB_HOST and ANOMALY_WEB_BIND be addresses "
            "that all reach"
        )


async def test_after_a_rebalance_the_new_owner_is_found(workers: Fleet) -> None:
    assert (await workers[2].get(path_of("card-1")))[0] == 200
    for worker in workers.workers:
        worker.worker.revoke()
    status, line = await line_of(workers, 2, "card-1")
    assert status == 503
    assert f"partition 0 last with {workers[0].address}, which does not have it now" in line
    await workers[0].take(1)
    await workers[1].take(0, 2)
    # Nothing was judged since: the manifest alone says who has the partition.
    for worker in workers.workers:
        for entity in ENTITIES:
            assert (await worker.get(path_of(entity)))[0] == 200


async def test_a_partition_that_is_restored_is_said(workers: Fleet) -> None:
    workers[1].worker.revoke()
    worker = workers[2].worker
    tps = {TopicPartition(TOPIC, p) for p in (1, 2)}
    worker.memories.on_assigned(tps, wake=lambda: None)
    status, line = await line_of(workers, 0, "card-1")
    assert status == 503
    assert "partitions 1 and 2 being restored, ask again in a moment" in line
    assert json.loads((await workers[0].get(path_of("card-1")))[1])["restoring"] == [1, 2]


async def test_without_kafka_what_is_not_here_is_not_denied() -> None:
    async with fleet(2) as workers:
        workers.produce("card-1", 0)
        await workers[0].take(0)
        workers.cluster.broker.is_down = True
        assert (await workers[0].get(path_of("card-1")))[0] == 200
        status, line = await line_of(workers, 0, "card-2")
    assert status == 503
    assert "their workers cannot be looked up" in line


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_a_page_without_the_token_says_nothing(workers: Fleet, accept: str) -> None:
    for sent in ("", "Bearer wrong", "Bearer \udcff", "Anomaly-Worker 1:2", "Anomaly-Worker ٣:"):
        headers = {"Authorization": sent, "Accept": accept}
        status, body = await workers[0].get(path_of("card-0"), **headers)
        assert status == 401
        assert b"card" not in body


async def test_a_page_is_closed_while_no_token_is_set() -> None:
    settings = Settings(_env_file=None, broker=SETTINGS.broker)
    async with fleet(1, settings=settings) as workers:
        status, line = await line_of(workers, 0, "card-0")
    assert status == 403
    assert "ANOMALY_WEB_TOKEN" in line


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/profile/card-1?key=shop", 400, "key is entity or counterpart"),
        ("/profile/card-1?key=counterpart", 404, "the model remembers no counterpart"),
        (path_of("x" * 2_001), 400, "a name of more than 2,000 bytes"),
    ],
)
async def test_what_cannot_be_asked_is_said(
    workers: Fleet, path: str, status: int, line: str
) -> None:
    found, body = await workers[0].get(path)
    assert found == status
    assert json.loads(body)["error"].startswith(line)


async def test_a_name_that_is_longer_than_a_request_is_refused_and_harms_nobody(
    workers: Fleet,
) -> None:
    assert (await workers[0].get(path_of("x" * 10_000)))[0] == 400
    assert (await workers[0].get(path_of("card-0")))[0] == 200


class Seen(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("entity", HOSTILE)
async def test_a_page_runs_and_loads_nothing(workers: Fleet, entity: str) -> None:
    status, body = await workers[0].get(path_of(entity), Accept="text/html,*/*")
    page = body.decode()
    assert status == 200
    seen = Seen(page)
    assert seen.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "main", "p", "pre"),
        *("figure", "figcaption", "svg", "rect", "polyline", "text"),
    }
    assert seen.attributes <= {
        *("lang", "charset", "name", "content", "class", "x", "y", "width", "height", "points"),
        *("text-anchor", "viewbox", "role", "aria-label"),
    }
    assert page.count("<svg") == 2
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = HEADERS["Content-Security-Policy"]
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy


async def test_every_answer_is_kept_by_nobody(workers: Fleet) -> None:
    async def headers(path: str, **sent: str) -> Any:
        address = workers[0].address + path
        async with ClientSession() as session, session.get(address, headers=sent) as response:
            return response.headers

    for path, sent in [("card-0", {}), ("card-0", BEARER), ("card-99", BEARER)]:
        found = await headers(f"/profile/{path}", **sent)
        assert {name: found.get(name) for name in HEADERS} == HEADERS
