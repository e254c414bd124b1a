"""What a worker, or a command, asks the pages of a worker: nothing in an answer is trusted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeAlias

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from anomaly_app.errors import PageUnreachable

Session: TypeAlias = ClientSession

REQUEST_TIMEOUT = 3.0
"""Seconds that a worker waits for another one."""

LONGEST_ANSWER = 1_048_576
"""Bytes of an answer; that of a profile has some thousands."""

MOST_AT_ONCE = 16
"""Requests that are under way at the same time."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


@asynccontextmanager
async def open_session(seconds: float = REQUEST_TIMEOUT) -> AsyncIterator[ClientSession]:
    """Open connections that keep no cookies, know no proxies and unpack nothing.

    Parameters
    ----------
    seconds
        For one request, with its answer.
    """
    async with ClientSession(
        connector=TCPConnector(limit=MOST_AT_ONCE),
        cookie_jar=DummyCookieJar(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        timeout=ClientTimeout(total=seconds),
        auto_decompress=False,
    ) as session:
        yield session


async def ask(session: ClientSession, address: str, path: str, authorization: str) -> Answer:
    """Read a page; redirects are not followed.

    Parameters
    ----------
    session
        Of `open_session`.
    address
        Of the worker's pages, such as ``http://127.0.0.1:6066``.
    path
        Escaped, with the query.
    authorization
        The header of that name.

    Raises
    ------
    PageUnreachable
        Nobody answers, not in time, or with too much.
    """
    try:
        async with session.get(
            address + path,
            headers={"Authorization": authorization},
            allow_redirects=False,
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    raise PageUnreachable(f"answers with more than {LONGEST_ANSWER:,} bytes")
            return Answer(response.status, bytes(body))
    except TimeoutError:
        raise PageUnreachable("does not answer in time") from None
    except (ClientError, OSError, ValueError) as fault:
        raise PageUnreachable(f"does not answer ({type(fault).__name__})") from None
