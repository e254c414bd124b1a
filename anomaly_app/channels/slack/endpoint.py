"""Presses by HTTP: a request that Slack has signed."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec
from slack_sdk.signature import Clock, SignatureVerifier

from anomaly_app.channels.slack.interactions import Acknowledgement

LARGEST_BODY = 2**19
"""Bytes; a payload has the whole message that was pressed, some ten thousand bytes."""

OK, BAD_REQUEST, UNAUTHORIZED, UNAVAILABLE = 200, 400, 401, 503

MOST_FIELDS = 10


class Response(NamedTuple):
    """The answer to a request."""

    status: int
    body: bytes = b""
    """JSON, or nothing."""


class _Clock(Clock):
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()


class Endpoint:
    """Verifies a request and reacts to it.

    Without a valid signature of the last five minutes, the answer is 401 and says nothing else.
    What could not be kept is answered with 503, which Slack shows to the person who pressed.

    Parameters
    ----------
    secret
        Signing secret of the Slack app.
    answer
        `Interactions.answer`.
    clock
        Gives seconds since the epoch.

    Raises
    ------
    ValueError
        The secret is empty.
    """

    def __init__(
        self,
        secret: str,
        answer: Callable[[bytes], Awaitable[Acknowledgement | None]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verifier = SignatureVerifier(secret, _Clock(clock))
        self._answer = answer

    async def respond(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Answer a request with this body, as it came, and these headers."""
        if not self._is_signed(body, headers):
            return Response(UNAUTHORIZED)
        try:
            [payload] = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)["payload"]
        except (ValueError, KeyError):
            return Response(BAD_REQUEST)
        acknowledgement = await self._answer(payload.encode(errors="replace"))
        if acknowledgement is None:
            return Response(UNAVAILABLE)
        if acknowledgement.body is None:
            return Response(OK)
        return Response(OK, msgspec.json.encode(acknowledgement.body))

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        if len(body) > LARGEST_BODY:
            return False
        try:
            # The SDK's types want a dict; it only reads the items.
            return self._verifier.is_valid_request(body, dict(headers))
        except (ValueError, TypeError, OverflowError):
            # A timestamp that is no number, a body that is no text, a signature that is not ASCII.
            return False
