"""What people read when a receiver's server cannot be reached: where, what, and what to do."""

import asyncio
import errno
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from anomaly_app.channels import email, posting
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.email import EmailChannel
from anomaly_app.channels.posting import Answer, Poster
from anomaly_app.channels.reaching import Server
from anomaly_app.channels.slack import SlackApi
from anomaly_app.channels.slack.api import Fault, Kind
from anomaly_app.settings.alerting.receivers import EmailReceiver
from harness.processes import HOST, free_port
from tests.support.certificates import self_signed, serving
from tests.support.receiver_server import receiver_server
from tests.support.slack_notices import notice
from tests.support.waiting import connections_closed

REFUSED = "it refuses the connection: check that it runs there, and the port"
SILENT = "it has not answered in 0.3 s: check the port, and firewalls"
UNKNOWN = "no address is known for the name of the host: check it, and the DNS"
ENDED = "it has ended the connection: check the port"

NOBODY = "no-such-host.invalid"

Speak = Callable[[str, int], Awaitable[str]]


async def by_http(host: str, port: int) -> str:
    poster = Poster(f"http://{host}:{port}/hunter2")
    return why(await posted(poster))


async def by_mail(host: str, port: int) -> str:
    receiver = EmailReceiver(
        name="mail",
        host=host,
        port=port,
        encryption="none",
        sender="alerts@example.com",
        to=("ann@example.com",),
    )
    return why(await EmailChannel(receiver, password=None).deliver(notice(), Place()))


async def posted(poster: Poster) -> Answer | Later:
    answer = await poster.post(b"{}")
    await poster.close()
    return answer


def why(answer: Answer | Delivered | Refused | Later) -> str:
    assert isinstance(answer, Later)
    return answer.why


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "LONGEST_ATTEMPT", 0.3)
    monkeypatch.setattr(posting, "LONGEST_REQUEST", 0.3)


speakers = pytest.mark.parametrize("speak", [by_http, by_mail])


@speakers
async def test_a_port_where_nobody_listens_refuses(speak: Speak) -> None:
    port = free_port()
    assert await speak(HOST, port) == f"{HOST}:{port} cannot be reached: {REFUSED}"


@speakers
async def test_a_name_that_nobody_knows_is_said_to_be_unknown(
    speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((email, "LONGEST_ATTEMPT"), (posting, "LONGEST_REQUEST")):
        monkeypatch.setattr(module, name, 10.0)

    def resolved(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert await speak(NOBODY, 2525) == f"{NOBODY}:2525 cannot be reached: {UNKNOWN}"


@asynccontextmanager
async def listener(*, ends: bool) -> AsyncIterator[int]:
    """A server that says nothing, and ends each connection or keeps it."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not ends:
            await gone.wait()
        writer.close()

    gone = asyncio.Event()
    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        gone.set()
        await asyncio.sleep(0)


@speakers
@pytest.mark.parametrize(("ends", "said"), [(False, SILENT), (True, ENDED)])
async def test_a_server_that_says_nothing_is_told_from_one_that_hangs_up(
    speak: Speak, ends: bool, said: str
) -> None:
    async with connections_closed(), listener(ends=ends) as port:
        assert await speak(HOST, port) == f"{HOST}:{port} cannot be reached: {said}"


async def test_a_certificate_that_nobody_vouches_for_is_named_with_the_reason(
    tmp_path: Path,
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate of this test")
    self_signed(tmp_path, "here", f"IP:{HOST}")
    with receiver_server(serving(tmp_path / "here.pem")) as server:
        async with connections_closed():
            said = why(await posted(Poster(server.url)))
    assert "cannot be reached: its certificate is not trusted (self" in said
    assert said.endswith("): check url and ca_file")


async def test_a_server_without_encryption_is_not_called_one_that_is_down() -> None:
    with receiver_server() as server:
        async with connections_closed():
            said = why(await posted(Poster(server.url.replace("http:", "https:"))))
    assert "cannot be reached: encryption cannot begin: check the port, and url" in said


async def test_slack_that_is_not_there_is_said_like_any_other_server() -> None:
    port = free_port()
    api = SlackApi("xoxb-1", f"http://{HOST}:{port}/api/")
    async with connections_closed():
        with pytest.raises(Fault) as fault:
            await api.call(api.client.auth_test())
        await api.close()
    assert str(fault.value) == f"Slack: {HOST}:{port} cannot be reached: {REFUSED}"
    assert fault.value.kind == Kind.UNREACHABLE


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.EHOSTUNREACH, "secret"), "there is no way to it: check the network"),
        (ConnectionResetError("secret"), "it has ended the connection"),
        (ValueError("secret"), "something else is wrong (ValueError): check url"),
    ],
)
def test_nothing_repeats_the_text_of_an_error(fault: Exception, said: str) -> None:
    shown = Server("mail.example", 25, "url").unreached(fault, 10.0)
    assert shown.startswith(f"mail.example:25 cannot be reached: {said}")
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.com/hunter2", "example.com:443"),
        ("http://example.com", "example.com:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_a_server_is_shown_as_host_and_port(url: str, place: str) -> None:
    assert str(Server.of(url, "url")) == place
