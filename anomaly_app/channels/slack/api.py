"""Calls of Slack's Web API, and what a failed one means."""

from collections.abc import Awaitable
from enum import Enum, auto
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from anomaly_app.channels.reaching import Server
from anomaly_app.core.visible import visible

REQUEST_TIMEOUT = 5
"""Seconds for one request: short, because a stopping worker waits for it."""

TOO_MANY_REQUESTS, FIRST_SERVER_ERROR = 429, 500

LONGEST_ERROR = 500
"""Characters of what Slack says that are shown."""

MESSAGE_FAULTS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
"""Errors caused by the message itself: Slack would reject it every time."""

GONE = frozenset(
    {
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "thread_not_found",
    }
)
"""Errors of an edit or a reply: that message cannot be reached any more."""

HALF_DONE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors with which Slack may have done what was asked."""

ADVICE = {
    "account_inactive": "the app was removed from the workspace: install it again",
    "channel_not_found": "check the name of the channel, and invite the app if it is private",
    "invalid_auth": "check the token",
    "is_archived": "the channel is archived: choose another one",
    "missing_scope": "add the scope {needed} to the Slack app, and install it again",
    "not_authed": "check the token",
    "not_in_channel": "invite the app to the channel",
    "token_expired": "issue a new token",
    "token_revoked": "issue a new token",
}
"""What to do, by Slack's error word."""


class Kind(Enum):
    """What a failed call means."""

    LIMITED = auto()
    """Slack asks to wait."""
    MESSAGE = auto()
    """The message is at fault."""
    GONE = auto()
    """The message that it is about is not there any more."""
    SETTINGS = auto()
    """Somebody has to do something: a token, a scope, a channel."""
    UNREACHABLE = auto()
    """Nothing was done."""
    UNCERTAIN = auto()
    """It may have been done."""


class Fault(Exception):
    """A call that failed; its text says why, and what to do.

    Parameters
    ----------
    kind
        What that means.
    why
        In words.
    error
        Slack's word, if it said one.
    pause
        Seconds that Slack asked to wait.
    """

    def __init__(
        self, kind: Kind, why: str, *, error: str = "", pause: float | None = None
    ) -> None:
        super().__init__(why)
        self.kind = kind
        self.error = error
        self.pause = pause


class SlackApi:
    """One connection to the Web API, opened with the first call.

    The SDK's own retries are off: a lost answer must not become a second message, and a stopping
    worker waits for one attempt only.

    Parameters
    ----------
    token
        Bot token.
    url
        Base URL of the Web API.
    """

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        self._url = url
        self._server = Server.of(url, "ANOMALY_SLACK_URL")
        self._session: ClientSession | None = None

    @property
    def client(self) -> AsyncWebClient:
        """Slack's own client."""
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=REQUEST_TIMEOUT))
        return AsyncWebClient(
            token=self._token,
            base_url=self._url,
            timeout=REQUEST_TIMEOUT,
            session=self._session,
            retry_handlers=[],
        )

    async def call(self, request: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        """Await a request of the client and give Slack's answer.

        Raises
        ------
        Fault
            It failed.
        """
        try:
            answer = (await request).data
        except SlackApiError as fault:
            raise _refused(fault) from None
        except ClientConnectorError as fault:
            raise Fault(Kind.UNREACHABLE, self._unreached(fault)) from None
        except (ClientError, TimeoutError, OSError, SlackClientError) as fault:
            raise Fault(Kind.UNCERTAIN, self._unreached(fault)) from None
        except ValueError:
            raise Fault(Kind.UNCERTAIN, "Slack's answer was not JSON") from None
        if not isinstance(answer, dict):
            raise Fault(Kind.UNCERTAIN, "Slack's answer was not JSON")
        return answer

    def _unreached(self, fault: Exception) -> str:
        return f"Slack: {self._server.unreached(fault, REQUEST_TIMEOUT)}"

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def text_in(answer: dict[str, Any], name: str) -> str:
    """Give a text that an answer of Slack has.

    Raises
    ------
    Fault
        It does not, so that nobody knows what was done.
    """
    text = answer.get(name)
    if not isinstance(text, str) or not text:
        raise Fault(Kind.UNCERTAIN, f"Slack's answer has no {name}")
    return text


def _refused(fault: SlackApiError) -> Fault:
    response = fault.response
    if not isinstance(response, AsyncSlackResponse):
        return Fault(Kind.UNCERTAIN, "Slack's answer was not JSON")
    if response.status_code == TOO_MANY_REQUESTS:
        return Fault(Kind.LIMITED, "Slack asks to slow down", pause=_retry_after(response))
    # A gateway may return any text.
    said = response.data if isinstance(response.data, dict) else {}
    error = str(said.get("error", ""))
    if response.status_code >= FIRST_SERVER_ERROR or not error:
        return Fault(Kind.UNCERTAIN, f"Slack returned HTTP {response.status_code}")
    messages = (said.get("response_metadata") or {}).get("messages") or []
    details = "".join(f"; {message}" for message in messages[:3])
    advice = ADVICE.get(error, "").format(needed=said.get("needed", "that it lacks"))
    why = f"Slack returned {visible(error + details, LONGEST_ERROR)}"
    return Fault(_kind(error), f"{why}: {advice}" if advice else why, error=error)


def _kind(error: str) -> Kind:
    if error in MESSAGE_FAULTS:
        return Kind.MESSAGE
    if error in HALF_DONE:
        return Kind.UNCERTAIN
    return Kind.GONE if error in GONE else Kind.SETTINGS


def _retry_after(response: AsyncSlackResponse) -> float | None:
    for name, value in response.headers.items():
        if name.lower() == "retry-after":
            try:
                return max(float(value), 0.0)
            except ValueError:
                return None
    return None
