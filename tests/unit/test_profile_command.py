"""``faust … profile ENTITY``, from the command line to a worker and back."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from anomaly_app.memories.profile import profile
from tests.support.worker_pages import TOKEN, Fleet, fleet, serving


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_WEB_TOKEN", TOKEN)


@pytest.fixture
async def workers() -> AsyncIterator[Fleet]:
    async with fleet(2) as found:
        for n in range(6):
            found.produce(f"card-{n}", n % 2)
        for n in range(2):
            await found[n].take(n)
        yield found


async def run(*arguments: str) -> Result:
    """Run the command, which has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, profile, arguments)


async def test_any_worker_can_be_asked(workers: Fleet) -> None:
    for n in range(6):
        shown = [await run(f"card-{n}", "--url", worker.address) for worker in workers.workers]
        assert [one.exit_code for one in shown] == [0, 0]
        assert shown[0].output == shown[1].output
        lines = shown[0].output.splitlines()
        assert lines[0] == f"card-{n}"
        assert any(line.endswith("▁▁▁▁▁▁█") for line in lines)


async def test_the_workers_of_this_host_are_asked_by_default(
    workers: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_WEB_PORT", workers[1].address.rpartition(":")[2])
    monkeypatch.setenv("ANOMALY_WEB_BIND", "0.0.0.0")  # noqa: S104  # only read
    shown = await run("card-0", "--json")
    assert shown.exit_code == 0
    found = json.loads(shown.output)
    assert (found["entity"], found["partition"], found["lines"][0]) == ("card-0", 0, "card-0")


async def test_what_is_not_remembered_is_an_error_in_one_line(workers: Fleet) -> None:
    for arguments in (("card-9",), ("card-1", "--key", "counterpart"), ("..",), ("é" * 1_001,)):
        shown = await run(*arguments, "--url", f"{workers[0].address}/")
        assert shown.exit_code == 1
        assert len(shown.output.splitlines()) == 1
        assert shown.output.startswith("Error: ")


async def test_a_wrong_token_is_said(workers: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_WEB_TOKEN", "wrong")
    shown = await run("card-1", "--url", workers[0].address)
    assert shown.exit_code == 1
    assert "this page needs the token" in shown.output


async def test_without_a_worker_the_line_says_what_to_do() -> None:
    shown = await run("card-1", "--url", "http://127.0.0.1:1")
    assert shown.exit_code == 1
    assert shown.output == (
        "Error: http://127.0.0.1:1 does not answer (ClientConnectorError): start a worker, or name "
        "the pages of one with --url\n"
    )


async def test_without_a_token_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANOMALY_WEB_TOKEN")
    shown = await run("card-1")
    assert shown.exit_code == 1
    assert "set ANOMALY_WEB_TOKEN or ANOMALY_WEB_TOKEN_FILE" in shown.output


@pytest.mark.parametrize(
    "url", ["worker-2:6066", "ftp://worker-2", "http://", "http://a@b", "http://a?b", "http://a\n"]
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    shown = await run("card-1", "--url", url)
    assert shown.exit_code == 1
    assert shown.output == "Error: --url is of the form http://host:port\n"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<html>", "is not a worker of this version (HTTP 200)"),
        (b"[]", "is not a worker of this version (HTTP 200)"),
        (b'{"error": "a\\u001b[2Jb\\nc"}', "Error: a\\x1b[2Jb\\nc\n"),
        (b'{"lines": ["a\\u001b[2Jb\\nc"]}', "a\\x1b[2Jb\\nc\n"),
    ],
)
async def test_whatever_answers_the_terminal_is_safe(body: bytes, shown: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    server = web.Application()
    server.router.add_get("/{path:.*}", answer)
    async with serving(server) as address:
        assert shown in (await run("card-1", "--url", address)).output
