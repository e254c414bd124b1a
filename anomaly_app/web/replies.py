"""What pages answer that need the token."""

from collections.abc import Awaitable
from typing import Any, NamedTuple

import msgspec
from faust.types.web import Response, View

from anomaly_app.errors import BrokerError
from anomaly_app.settings import Settings
from anomaly_app.web.page import HEADERS
from anomaly_app.web.token import why_not

OK, CREATED, ACCEPTED = 200, 201, 202
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, MISSING, UNAVAILABLE = 400, 401, 403, 404, 503

LONGEST_BODY = 65_536
"""Bytes of a request."""


class Reply(NamedTuple):
    """What a page answers."""

    status: int
    body: bytes


def reply(status: int, content: Any) -> Reply:
    """Return an answer in JSON."""
    return Reply(status, msgspec.json.encode(content))


def refusal(status: int, line: str) -> Reply:
    """Return why there is no other answer."""
    return reply(status, {"error": line})


def closed(settings: Settings) -> Reply:
    """Return the answer to a request without the token."""
    status = FORBIDDEN if settings.web_token is None else UNAUTHORIZED
    return refusal(status, why_not(settings))


def response_of(view: View, reply: Reply) -> Response:
    """Return an answer as Faust has it."""
    return view.bytes(
        reply.body,
        content_type="application/json",
        status=reply.status,
        headers={**HEADERS},
    )


async def when_done(doing: Awaitable[Reply]) -> Reply:
    """Return an answer that needs Kafka, or that nothing was done."""
    try:
        return await doing
    except (BrokerError, TimeoutError) as fault:
        why = str(fault) or "Kafka does not answer in time"
        return refusal(UNAVAILABLE, f"nothing was done: {why}")
