"""One request to a receiver's server, bounded in time and size, and what its answer means."""

import ssl
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    StreamReader,
    TCPConnector,
)

from anomaly_app.channels.channel import Later, Refused
from anomaly_app.channels.reaching import Server
from anomaly_app.core.visible import visible

LONGEST_REQUEST = 10.0
"""Seconds for one request, from looking up the host to the last byte of the answer: a worker that
stops waits for it."""

LONGEST_ANSWER = 4_096
"""Bytes of an answer that are read."""

LONGEST_QUOTE = 200
"""Characters of an answer that are shown."""

LEAST_PAUSE, LONGEST_PAUSE = 1.0, 3_600.0
"""Seconds: whatever a receiver asks for, it is neither flooded nor forgotten."""

ABOUT_THE_NOTICE = frozenset({400, 406, 409, 410, 411, 413, 414, 415, 417, 422, 428, 431, 451})
"""Answers that will be the same next time. All others are about the moment, or about an address or
access that somebody can put right."""

ABOUT_ACCESS = frozenset({401, 403, 407})
WITHOUT_SUCH_A_PAGE = frozenset({404, 405})


class Answer(NamedTuple):
    """What a server has answered."""

    status: int
    """Of HTTP."""
    headers: Mapping[str, str]
    """Their names in small letters."""
    text: str
    """The beginning of the body, printable and on one line."""

    @property
    def is_success(self) -> bool:
        """Whether the server has taken the request."""
        return 200 <= self.status < 300  # noqa: PLR2004


class Poster:
    """Posts to one address; redirects are not followed, and cookies not kept.

    Parameters
    ----------
    url
        The address. It may hold a secret: errors show its host and port only.
    ca_file
        PEM file of the authorities to trust; None for those of the system.
    hidden
        Secrets that are in requests: they are not shown even if the server repeats them.

    Raises
    ------
    OSError
        The file cannot be read, or is no certificate.
    """

    def __init__(self, url: str, *, ca_file: str | None = None, hidden: str = "") -> None:
        self._url = url
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self._server = Server.of(url, "url and ca_file")
        self._hidden = [one for one in (parts.path, parts.query, hidden) if len(one) > 1]
        self._ssl = ssl.create_default_context(cafile=ca_file)
        self._session: ClientSession | None = None

    def __repr__(self) -> str:
        return f"Poster({self.host!r})"

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer | Later:
        """Post JSON once."""
        if self._session is None:
            self._session = ClientSession(
                # Notices are few: a kept connection would mostly be one that the server has closed.
                connector=TCPConnector(ssl=self._ssl, force_close=True),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=LONGEST_REQUEST),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "anomaly-app"},
            )
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json", **(headers or {})},
                allow_redirects=False,
            ) as response:
                text = self._shown(await _beginning(response.content))
                said = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, said, text)
        except (ClientError, OSError, ValueError) as fault:
            return Later(self._server.unreached(fault, LONGEST_REQUEST))

    def _shown(self, answer: bytes) -> str:
        text = " ".join(answer.decode(errors="replace").split())
        for secret in self._hidden:
            text = text.replace(secret, "…")
        return visible(text, LONGEST_QUOTE)

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def meaning_of(answer: Answer, host: str, now: float) -> Refused | Later:
    """Return what an answer means that is no success.

    Parameters
    ----------
    answer
        Untrusted.
    host
        Who answered, for people.
    now
        Seconds since the epoch, for a `Retry-After` that is a date.
    """
    status = answer.status
    said = f"{host} answers {status}"
    if 300 <= status < 400:  # noqa: PLR2004
        return Later(f"{said}: it has moved: change the url")
    # Pages about access and addresses often repeat the address.
    if status in ABOUT_ACCESS:
        return Later(f"{said}: it denies access: check the secret and the url")
    if status in WITHOUT_SUCH_A_PAGE:
        return Later(f"{said}: nobody is there for notices: check the url")
    said += f": {answer.text}" if answer.text else ""
    if status in ABOUT_THE_NOTICE:
        return Refused(said)
    return Later(said, retry_after(answer.headers, now))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds a server asks to wait, within bounds; None if it does not.

    Parameters
    ----------
    headers
        Names in small letters; ``retry-after`` is a number of seconds or a date.
    now
        Seconds since the epoch.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _until(text, now)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, LEAST_PAUSE), LONGEST_PAUSE)


def _until(text: str, now: float) -> float:
    date = parsedate_to_datetime(text)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now


async def _beginning(content: StreamReader) -> bytes:
    read = b""
    while len(read) < LONGEST_ANSWER and (chunk := await content.read(LONGEST_ANSWER - len(read))):
        read += chunk
    return read
