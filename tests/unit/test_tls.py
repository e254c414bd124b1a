"""Certificates: what a broker's must be, the app's own, and files that hold neither."""

import asyncio
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from anomaly_app.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    RegistryUnreachable,
    SettingsError,
)
from anomaly_app.kafka.probe import connect
from anomaly_app.kafka.security import client_options, tls_context
from anomaly_app.schemas.registry import open_registry
from anomaly_app.settings.app import Settings
from tests.support.certificates import openssl, self_signed
from tests.support.waiting import connections_closed

HOST = "127.0.0.1"


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates that sign themselves, and keys: of this host, of another, of the app."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates of these tests")
    folder = tmp_path_factory.mktemp("pki")
    for name, host in [
        ("here", f"IP:{HOST}"),
        ("elsewhere", "DNS:kafka.example"),
        ("app", "DNS:a"),
    ]:
        self_signed(folder, name, host)
    sealed = str(folder / "sealed.key")
    openssl("pkey", "-in", str(folder / "app.key"), "-aes256", "-passout", "pass:x", "-out", sealed)
    (folder / "empty").touch()
    return folder


async def probed(
    server: ssl.SSLContext | None, settings: Callable[[int], Settings], *, answer: bytes = b""
) -> tuple[BaseException, list[Any]]:
    """Let the app connect to a server; give what it raised, and the certificates it showed.

    The server is none of Kafka's: it ends each connection after the handshake and its answer.
    """
    subjects: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        subjects.append(writer.get_extra_info("peercert"))
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async def run() -> BaseException:
        listener = await asyncio.start_server(serve, HOST, 0, ssl=server)
        async with listener, connections_closed():
            with pytest.raises(BrokerError) as caught:
                await connect(settings(listener.sockets[0].getsockname()[1]), wait=0)
        return caught.value

    return await run(), subjects


def server_with(pki: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    return context


async def test_a_certificate_of_another_host_is_refused(pki: Path) -> None:
    raised, _ = await probed(
        server_with(pki, "elsewhere"),
        lambda port: Settings(
            broker=f"{HOST}:{port}", security_protocol="SSL", tls_ca_file=pki / "elsewhere.pem"
        ),
    )
    assert isinstance(raised, BrokerRefused)
    assert f"is not trusted (IP address mismatch, certificate is not valid for '{HOST}')" in str(
        raised
    )


async def test_a_broker_that_asks_for_a_certificate_gets_the_apps(pki: Path) -> None:
    server = server_with(pki, "here")
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(pki / "app.pem")
    raised, subjects = await probed(
        server,
        lambda port: Settings(
            broker=f"{HOST}:{port}",
            broker_wait=1,
            security_protocol="SSL",
            tls_ca_file=pki / "here.pem",
            tls_cert_file=pki / "app.pem",
            tls_key_file=pki / "app.key",
        ),
    )
    assert isinstance(raised, BrokerUnreachable)
    assert subjects[0]["subject"] == ((("commonName", "app"),),)


BAD_CERTIFICATE = b"\x15\x03\x03\x00\x02\x02\x2a"
"""TLS's own words for it."""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (BAD_CERTIFICATE, "alert bad certificate"),
        (b"HTTP/1.1 400 Bad\r\n", "wrong version"),
    ],
)
async def test_a_tls_fault_that_will_stay_is_told_at_once(answer: bytes, words: str) -> None:
    raised, _ = await probed(
        None, lambda port: Settings(broker=f"{HOST}:{port}", security_protocol="SSL"), answer=answer
    )
    assert isinstance(raised, BrokerRefused)
    assert words in str(raised)
    assert "ANOMALY_TLS_CERT_FILE" in str(raised)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"tls_ca_file": "empty"}, "ANOMALY_TLS_CA_FILE: .*empty contains no PEM certificates"),
        (
            {"tls_ca_file": "app.key"},
            "ANOMALY_TLS_CA_FILE: .*app.key contains no PEM certificates",
        ),
        (
            {"tls_cert_file": "app.pem", "tls_key_file": "here.key"},
            "ANOMALY_TLS_KEY_FILE is not the key of ANOMALY_TLS_CERT_FILE",
        ),
        (
            {"tls_cert_file": "app.pem", "tls_key_file": "empty"},
            "ANOMALY_TLS_CERT_FILE .*app.pem and ANOMALY_TLS_KEY_FILE .*empty are not",
        ),
        (
            {"tls_cert_file": "app.pem", "tls_key_file": "sealed.key"},
            "ANOMALY_TLS_KEY_FILE has a passphrase",
        ),
    ],
)
def test_files_that_cannot_be_used_are_named(pki: Path, files: dict[str, str], words: str) -> None:
    paths: dict[str, Any] = {name: pki / file for name, file in files.items()}
    with pytest.raises(SettingsError, match=words):
        tls_context(Settings(security_protocol="SSL", **paths))


def test_host_names_are_checked_and_old_protocols_refused() -> None:
    context = tls_context(Settings(security_protocol="SSL"))
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_without_settings_clients_speak_plainly() -> None:
    assert client_options(Settings()) == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


async def test_the_registrys_certificate_is_checked_by_the_same_file(pki: Path) -> None:
    async def types(_: web.Request) -> web.Response:
        return web.json_response(["AVRO"])

    async def ask(name: str, authority: str) -> None:
        app = web.Application()
        app.router.add_get("/schemas/types", types)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0, ssl_context=server_with(pki, name)).start()
        settings = Settings(
            _env_file=None,
            schema_registry=f"https://{HOST}:{runner.addresses[0][1]}",
            tls_ca_file=pki / f"{authority}.pem",
        )
        async with connections_closed():
            try:
                registry = open_registry(settings)
                assert registry is not None
                async with registry:
                    await registry.check()
            finally:
                await runner.cleanup()

    await ask("here", "here")
    for name, authority in (("elsewhere", "elsewhere"), ("here", "elsewhere")):
        with pytest.raises(RegistryUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            await ask(name, authority)
