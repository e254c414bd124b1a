"""A local mail server that speaks SMTP, with STARTTLS, TLS, AUTH, and faults at every stage."""

import asyncio
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from harness.processes import HOST
from tests.support.certificates import serving
from tests.support.local_server import run_on_asyncio

STAGES = ("EHLO", "MAIL", "RCPT", "DATA")

USER, PASSWORD = "alerts", "hunter2"


@dataclass
class MailServer:
    """What the server has taken, and what it shall do.

    `faults` says what happens at a stage: ``silent``, ``reset``, or a reply such as ``451 later``.
    Each happens once. At ``DATA`` the message has been taken when its answer is lost.
    """

    port: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Replies to recipients, by address."""
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        made = [
            message_from_bytes(one.original_content or b"", policy=default)
            for one in self.envelopes
        ]
        assert all(isinstance(one, EmailMessage) for one in made)
        return made

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        answer = await self._at("EHLO", server)
        return responses if answer is None else [answer]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := await self._at("MAIL", server)) is not None:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := await self._at("RCPT", server)) is not None:
            return answer
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self.faults.get("DATA", "")
        if not fault or not fault[0].isdigit():
            self.envelopes.append(envelope)
            assert server.transport is not None
            self.was_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return await self._at("DATA", server) or "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    async def _at(self, stage: str, server: SMTP) -> str | None:
        fault = self.faults.pop(stage, None)
        if fault == "silent":
            while server.transport is not None and not server.transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        elif fault == "reset":
            _abort(server)
        else:
            return fault
        return "421 gone"


def _abort(session: SMTP) -> None:
    if session.transport is not None:
        assert isinstance(session.transport, asyncio.Transport)
        session.transport.abort()


@contextmanager
def mail_server(
    certificate: Path | None = None, *, encryption: str = "none", needs_login: bool = False
) -> Iterator[MailServer]:
    """Run the server in a thread of its own.

    Parameters
    ----------
    certificate
        PEM file, with the key in the file of the same name that ends in ``.key``.
    encryption
        ``none``, ``starttls`` or ``tls``.
    needs_login
        Whether nobody may send without the user's password.
    """
    server = MailServer()
    context = None if certificate is None else serving(certificate)
    options: dict[str, Any] = {
        "tls_context": context if encryption == "starttls" else None,
        "require_starttls": encryption == "starttls",
        "authenticator": server.authenticate,
        "auth_required": needs_login,
        "auth_require_tls": encryption == "starttls",
    }
    started, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    sessions: list[SMTP] = []

    def session() -> SMTP:
        with warnings.catch_warnings():
            # On loopback, and over TLS from the start, a password without STARTTLS is intended.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            sessions.append(SMTP(server, loop=loops[0], **options))
        return sessions[-1]

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        tls = context if encryption == "tls" else None
        listening = await loops[0].create_server(session, HOST, 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        listening.close()
        for one in sessions:
            _abort(one)
        # Sockets are closed in a later turn.
        await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: run_on_asyncio(serve()))
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()
