"""Why a receiver's server cannot be reached, in a line for people: where, what, and what to do."""

import errno
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorDNSError,
    ClientPayloadError,
    ClientResponseError,
    ServerDisconnectedError,
)
from aiosmtplib import SMTPServerDisconnected

from anomaly_app.core.visible import visible

LONGEST_QUOTE = 200

HTTP, HTTPS = 80, 443
"""Ports of addresses that name none."""

NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


BROKEN = (ConnectionError, ServerDisconnectedError, SMTPServerDisconnected)
"""Errors of a connection that was there."""


class Server(NamedTuple):
    """Where something is sent to."""

    host: str
    port: int
    settings: str
    """Which ones say how it is reached: ``url and ca_file``."""

    @classmethod
    def of(cls, url: str, settings: str) -> Self:
        """Return the server of an address of HTTP."""
        parts = urlsplit(url)
        port = parts.port or (HTTPS if parts.scheme == "https" else HTTP)
        return cls(parts.hostname or "", port, settings)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def unreached(self, fault: BaseException, timeout: float) -> str:
        """Say why the server cannot be reached, without the text of errors that hold addresses.

        Parameters
        ----------
        fault
            What a client raised.
        timeout
            Seconds after which it gave up.
        """
        return f"{self} cannot be reached: {self._why(fault, timeout)}"

    def _why(self, fault: BaseException, timeout: float) -> str:  # noqa: PLR0911  # one a cause
        causes = [*_causes(fault)]
        for one in causes:
            match one:
                case ssl.SSLCertVerificationError():
                    said = visible(_of_the_certificate(causes), LONGEST_QUOTE)
                    return f"its certificate is not trusted ({said}): check {self.settings}"
                case ssl.SSLError():
                    return f"encryption cannot begin: check the port, and {self.settings}"
                case socket.gaierror() | ClientConnectorDNSError():
                    return "no address is known for the name of the host: check it, and the DNS"
                case ConnectionRefusedError():
                    return "it refuses the connection: check that it runs there, and the port"
                case TimeoutError():
                    return f"it has not answered in {timeout:g} s: check the port, and firewalls"
                case ClientResponseError() | ClientPayloadError():
                    return "its answer is no HTTP: check the port"
                case OSError(errno=number) if number in NO_ROUTE:
                    return "there is no way to it: check the network, and the host"
        if any(isinstance(one, BROKEN) for one in causes):
            return "it has ended the connection: check the port"
        return f"something else is wrong ({type(fault).__name__}): check {self.settings}"


def _of_the_certificate(causes: Iterable[BaseException]) -> str:
    """Return what is wrong with it; aiohttp's own error does not say."""
    found = (getattr(one, "verify_message", "") for one in causes)
    return next(filter(None, found), "it was not said why")


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it comes from, as far as that is kept."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__
