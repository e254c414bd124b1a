"""Presses in Slack are kept before they are acknowledged, however they arrive."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.backoff import Backoff
from anomaly_app.channels.slack import interactions
from anomaly_app.channels.slack.api import SlackApi
from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.slack.connection import Timing
from anomaly_app.channels.slack.endpoint import LARGEST_BODY, Endpoint
from anomaly_app.channels.slack.interactions import Acknowledgement, Interactions
from anomaly_app.channels.slack.socket_mode import SocketMode
from anomaly_app.core.alerts.feedback import AddSilence, Press
from anomaly_app.core.feedback.messages import Feedback
from harness.processes import free_port
from tests.support.local_server import local_server
from tests.support.slack_notices import notice
from tests.support.slack_people import form, signed
from tests.support.slack_server import APP_TOKEN, CHANNEL, SECRET, TOKEN, SlackServer, slack_server
from tests.support.waiting import eventually

MESSAGE = {
    "ts": "1767614400.000001",
    "channel": CHANNEL,
    "blocks": message_of(notice(), Style()).blocks,
}
QUICK = Timing(heartbeat=0.4, hello=0.5, check=0.2, finish=1.0)


@dataclass
class Kept:
    """Keeps feedback, after the faults that it is told."""

    feedback: list[Feedback] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def accept(self, feedback: Feedback) -> None:
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "stuck":
            await asyncio.Event().wait()
        if fault == "broken":
            raise ConnectionError("no broker")
        self.feedback.append(feedback)

    @property
    def presses(self) -> list[str]:
        return [one.action for one in self.feedback if isinstance(one, Press)]


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


@pytest.fixture
def kept() -> Kept:
    return Kept()


@asynccontextmanager
async def interactions_with(server: SlackServer, kept: Kept) -> AsyncIterator[Interactions]:
    api = SlackApi(TOKEN, server.url)
    try:
        yield Interactions(kept.accept, api)
    finally:
        await api.close()


@asynccontextmanager
async def socket_mode(
    server: SlackServer,
    kept: Kept,
    *,
    connections: int = 2,
    token: str = APP_TOKEN,
    timing: Timing = QUICK,
) -> AsyncIterator[SocketMode]:
    api = SlackApi(TOKEN, server.url)
    mode = SocketMode(
        token,
        server.url,
        api,
        Interactions(kept.accept, api).answer,
        connections=connections,
        backoff=Backoff(first=0.1, longest=0.4),
        timing=timing,
    )
    running = asyncio.create_task(mode.run())
    try:
        yield mode
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await api.close()


async def opened(mode: SocketMode, count: int = 2) -> None:
    await eventually(lambda: mode.open, lambda now: now == count, patience=20.0)


@asynccontextmanager
async def endpoint(server: SlackServer, kept: Kept) -> AsyncIterator[str]:
    """Serve the endpoint as the worker's pages do, and give its URL."""
    api = SlackApi(TOKEN, server.url)
    respond = Endpoint(SECRET, Interactions(kept.accept, api).answer).respond

    async def post(request: web.Request) -> web.Response:
        response = await respond(await request.read(), request.headers)
        kind = "application/json" if response.body else "text/plain"
        return web.Response(status=response.status, body=response.body, content_type=kind)

    app = web.Application(client_max_size=4 * 2**20)
    app.router.add_post("/slack", post)

    async def closing(_: web.Application) -> AsyncIterator[None]:
        yield
        await api.close()

    app.cleanup_ctx.append(closing)
    with local_server(app) as address:
        yield f"{address}/slack"


async def test_a_press_is_kept_and_acknowledged(slack: SlackServer, kept: Kept) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        delivery = await slack.press(MESSAGE, "fraud", user="ada")
    assert delivery.is_acknowledged
    assert kept.presses == ["fraud"]


async def test_a_signed_request_is_kept_and_acknowledged(slack: SlackServer, kept: Kept) -> None:
    async with endpoint(slack, kept) as url:
        delivery = await slack.press(MESSAGE, "expected", via=url)
    assert delivery.status == 200
    assert kept.presses == ["expected"]


@pytest.mark.parametrize("fault", ["broken", "stuck"])
async def test_what_could_not_be_kept_is_not_acknowledged_and_delivered_again(
    slack: SlackServer, kept: Kept, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "PATIENCE", 0.2)
    slack.people.patience = 0.5
    kept.faults = [fault]
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        delivery = await slack.press(MESSAGE, "fraud", again=2)
    assert (delivery.is_acknowledged, delivery.times) == (True, 2)
    assert kept.presses == ["fraud"]


@pytest.mark.parametrize("fault", ["broken", "stuck"])
async def test_by_http_what_could_not_be_kept_is_unavailable(
    slack: SlackServer, kept: Kept, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "PATIENCE", 0.2)
    kept.faults = [fault]
    async with endpoint(slack, kept) as url:
        delivery = await slack.press(MESSAGE, "fraud", via=url)
        assert delivery.status == 503
        again = await slack.press(MESSAGE, "fraud", via=url)
    assert again.is_acknowledged
    assert kept.presses == ["fraud"]


async def test_a_press_that_is_delivered_twice_has_one_id(slack: SlackServer, kept: Kept) -> None:
    async with socket_mode(slack, kept) as mode, endpoint(slack, kept) as url:
        await opened(mode)
        payload = (await slack.press(MESSAGE, "fraud")).payload
        await slack.run(slack.people.deliver(payload, via="socket", again=0))
        await slack.run(slack.people.deliver(payload, via=url, again=0))
    assert len(kept.feedback) == 3
    assert len({one.id for one in kept.feedback}) == 1


async def test_two_presses_of_the_same_person_have_two_ids(slack: SlackServer, kept: Kept) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        await slack.press(MESSAGE, "fraud")
        await slack.press(MESSAGE, "fraud")
    assert len({one.id for one in kept.feedback}) == 2


async def test_two_workers_share_the_presses(slack: SlackServer) -> None:
    first, second = Kept(), Kept()
    async with socket_mode(slack, first) as one, socket_mode(slack, second) as other:
        await opened(one)
        await opened(other)
        for _ in range(8):
            assert (await slack.press(MESSAGE, "fraud")).is_acknowledged
    assert len(first.feedback) == len(second.feedback) == 4


async def test_silence_opens_a_form_whose_answer_is_kept(slack: SlackServer, kept: Kept) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        assert (await slack.press(MESSAGE, "silence")).is_acknowledged
        [view] = slack.views.values()
        delivery = await slack.submit(view, {"note": "a trip", "duration": "86400"})
    assert delivery.is_acknowledged
    [wish] = kept.feedback
    assert isinstance(wish, AddSilence)
    assert wish.silence.matchers == ("entity = card-0042", "feature = amount")
    assert wish.silence.ends - wish.silence.begins == 86_400
    assert kept.presses == []


@pytest.mark.parametrize("via", ["socket", "http"])
async def test_wrong_input_is_said_in_the_form(slack: SlackServer, kept: Kept, via: str) -> None:
    async with socket_mode(slack, kept) as mode, endpoint(slack, kept) as url:
        await opened(mode)
        way = url if via == "http" else via
        await slack.press(MESSAGE, "silence", via=way)
        [view] = slack.views.values()
        delivery = await slack.submit(view, {"note": " "}, via=way)
    assert delivery.answer["response_action"] == "errors"
    assert set(delivery.answer["errors"]) == {"note"}
    assert kept.feedback == []


async def test_a_form_that_cannot_be_opened_is_not_acknowledged(
    slack: SlackServer, kept: Kept
) -> None:
    slack.people.patience = 0.5
    slack.faults["views.open"] = ["fatal_error"]
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        assert not (await slack.press(MESSAGE, "silence")).is_acknowledged


async def test_a_press_on_a_button_that_is_not_ours_is_told_to_that_person_alone(
    slack: SlackServer, kept: Kept
) -> None:
    button = {"type": "button", "action_id": "fraud", "value": "not one of ours"}
    strange = MESSAGE | {"blocks": [{"type": "actions", "elements": [button]}]}
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        assert (await slack.press(strange, "fraud", user="mallory")).is_acknowledged
    assert kept.feedback == []
    assert [(e["user"], e["channel"]) for e in slack.ephemerals] == [("U00MALLORY", CHANNEL)]


async def test_an_incident_that_nobody_knows_is_for_the_worker_to_judge(
    slack: SlackServer, kept: Kept
) -> None:
    button = {"type": "button", "action_id": "take", "value": "incident-of-nobody"}
    strange = MESSAGE | {"blocks": [{"type": "actions", "elements": [button]}]}
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        assert (await slack.press(strange, "take")).is_acknowledged
    [press] = kept.feedback
    assert isinstance(press, Press)
    assert press.incident == "incident-of-nobody"


async def test_a_connection_that_goes_silent_is_replaced(slack: SlackServer, kept: Kept) -> None:
    slack.people.patience = 0.5
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        for connection in slack.sockets.connections:
            connection.is_silent = True
        await eventually(lambda: slack.sockets.opened, lambda count: count == 4, patience=20.0)
        await opened(mode)
        assert (await slack.press(MESSAGE, "fraud", again=4)).is_acknowledged
    assert kept.presses == ["fraud"]


async def test_a_connection_is_replaced_in_any_case_after_some_time(
    slack: SlackServer, kept: Kept
) -> None:
    timing = QUICK._replace(lifetime=0.3)
    async with socket_mode(slack, kept, timing=timing) as mode:
        await eventually(lambda: slack.sockets.opened, lambda count: count > 6, patience=20.0)
        assert mode.problem is None


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_connection_that_slack_wants_to_end_is_replaced_without_a_gap(
    slack: SlackServer, kept: Kept, reason: str
) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        await slack.run(slack.sockets.disconnect(reason, closes=False))
        assert (await slack.press(MESSAGE, "fraud", again=4)).is_acknowledged
        await eventually(lambda: slack.sockets.opened, lambda count: count == 3, patience=20.0)
        await opened(mode)
        assert mode.problem is None


async def test_a_press_under_way_is_acknowledged_before_its_connection_ends(
    slack: SlackServer,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Kept):
        async def accept(self, feedback: Feedback) -> None:
            begun.set()
            await go_on.wait()

    async with socket_mode(slack, Slow(), connections=1) as mode:
        await opened(mode, 1)
        pressing = asyncio.ensure_future(slack.press(MESSAGE, "fraud"))
        await begun.wait()
        await slack.run(slack.sockets.disconnect("refresh_requested", closes=False))
        go_on.set()
        assert (await pressing).is_acknowledged


async def test_an_app_whose_socket_mode_is_switched_off_says_so(
    slack: SlackServer, kept: Kept
) -> None:
    async with socket_mode(slack, kept, connections=1) as mode:
        await opened(mode, 1)
        await eventually(
            lambda: slack.run(slack.sockets.disconnect("link_disabled")),
            lambda _: "link_disabled" in str(mode.problem),
        )


async def test_a_slack_that_does_not_say_hello_is_no_connection(
    slack: SlackServer, kept: Kept
) -> None:
    slack.sockets.says_hello = False
    async with socket_mode(slack, kept) as mode:
        await eventually(lambda: mode.problem, lambda said: "did not say hello" in str(said))
        assert mode.open == 0
        slack.sockets.says_hello = True
        await opened(mode)


async def test_more_connections_than_slack_allows_are_not_forced(
    slack: SlackServer, kept: Kept
) -> None:
    slack.sockets.most = 2
    async with socket_mode(slack, kept, connections=3) as mode:
        await opened(mode, 2)
        await eventually(
            lambda: mode.problem, lambda said: said is not None and "too_many_websockets" in said
        )
        assert (await slack.press(MESSAGE, "fraud")).is_acknowledged


async def test_an_answer_without_an_address_is_tried_again(slack: SlackServer, kept: Kept) -> None:
    slack.faults["apps.connections.open"] = ["nothing", "503", "429"]
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        assert mode.problem is None


async def test_a_wrong_app_token_is_said_without_printing_it(
    slack: SlackServer, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    async with socket_mode(slack, kept, token="xapp-wrong-secret") as mode:  # noqa: S106
        await eventually(lambda: mode.problem, lambda said: said is not None)
        assert "check the app-level token" in str(mode.problem)
    assert "wrong-secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_bot_token_that_is_revoked_is_noticed_and_so_is_its_return(
    slack: SlackServer, kept: Kept
) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        slack.faults["auth.test"] = ["token_revoked"] * 2
        await eventually(lambda: mode.problem, lambda said: "token_revoked" in str(said))
        await eventually(lambda: mode.problem, lambda said: said is None)


async def test_a_restart_of_slack_is_survived(kept: Kept) -> None:
    port = free_port()
    with ExitStack() as first:
        server = first.enter_context(slack_server(port))
        async with socket_mode(server, kept) as mode:
            await opened(mode)
            await asyncio.to_thread(first.close)
            await eventually(lambda: mode.problem, bool)
            with slack_server(port) as second:
                await opened(mode)
                assert (await second.press(MESSAGE, "fraud")).is_acknowledged
    assert kept.presses == ["fraud"]


@pytest.mark.parametrize(
    "said", ["", "[]", "{", '{"type": 5}', '{"envelope_id": "1"}', "x" * 10**5]
)
async def test_what_slack_says_beyond_the_protocol_does_not_stop_presses(
    slack: SlackServer, kept: Kept, said: str
) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        await slack.run(slack.sockets.say(said))
        assert (await slack.press(MESSAGE, "fraud")).is_acknowledged


async def test_a_message_of_more_than_a_megabyte_costs_its_connection_only(
    slack: SlackServer, kept: Kept
) -> None:
    async with socket_mode(slack, kept) as mode:
        await opened(mode)
        await slack.run(slack.sockets.say("x" * (2**20 + 1)))
        await eventually(lambda: slack.sockets.opened, lambda count: count == 4, patience=20.0)
        await opened(mode)
        assert (await slack.press(MESSAGE, "fraud", again=3)).is_acknowledged


BODY = form({"type": "block_actions"})


async def acknowledging(_: bytes) -> Acknowledgement:
    return Acknowledgement()


async def status(body: bytes, headers: dict[str, str], *, clock: float | None = None) -> int:
    now = time.time() if clock is None else clock
    made = Endpoint(SECRET, acknowledging, clock=lambda: now)
    response = await made.respond(body, headers)
    assert response.status == 200 or response.body == b""
    return response.status


async def test_a_signature_is_good_for_five_minutes() -> None:
    headers = signed(BODY, SECRET, at=1_000_000)
    assert await status(BODY, headers, clock=1_000_299) == 200
    assert await status(BODY, headers, clock=1_000_301) == 401
    assert await status(BODY, headers, clock=999_699) == 401


async def test_header_names_are_of_any_case() -> None:
    headers = {name.lower(): value for name, value in signed(BODY, SECRET).items()}
    assert await status(BODY, headers) == 200


GARBAGE = [
    "",
    "soon",
    "1e9",
    "9" * 400,
    "9" * 5_000,
    "-1",
    "nan",
    "\u0661",
    "v0=",
    "v0=\u00e9",
    "v0=" + "0" * 64,
]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("name", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_garbage_instead_of_a_signature_is_unauthorized(name: str, garbage: str) -> None:
    assert await status(BODY, signed(BODY, SECRET) | {name: garbage}) == 401


@pytest.mark.parametrize("name", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_a_missing_header_is_unauthorized(name: str) -> None:
    headers = signed(BODY, SECRET)
    del headers[name]
    assert await status(BODY, headers) == 401


async def test_another_secret_or_another_body_is_unauthorized() -> None:
    assert await status(BODY, signed(BODY, "another")) == 401
    assert await status(BODY + b"&x=1", signed(BODY, SECRET)) == 401


async def test_a_body_that_is_no_text_is_unauthorized() -> None:
    assert await status(b"\xff\xfe", signed(b"\xff\xfe", SECRET)) == 401


async def test_a_body_that_is_too_large_is_not_even_verified() -> None:
    body = b"payload=" + b"x" * LARGEST_BODY
    assert await status(body, signed(body, SECRET)) == 401


@pytest.mark.parametrize(
    "body", [b"", b"payload", b"other=1", b"payload=1&payload=2", b"a=1&" * 50]
)
async def test_a_signed_request_without_a_payload_is_bad(body: bytes) -> None:
    assert await status(body, signed(body, SECRET)) == 400


def test_an_empty_secret_is_an_error() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        Endpoint(" ", acknowledging)


@given(body=st.binary(max_size=200), stamp=st.text(max_size=30), signature=st.text(max_size=80))
def test_nothing_is_authorized_by_chance(body: bytes, stamp: str, signature: str) -> None:
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    made = Endpoint(SECRET, acknowledging)
    running = made.respond(body, headers)
    with pytest.raises(StopIteration) as ended:
        running.send(None)
    assert ended.value.value == (401, b"")
