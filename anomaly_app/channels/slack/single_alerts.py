"""The Slack channel: ``chat.postMessage``, no faster than Slack allows.

To be deleted when alerts are notices of incidents: `channel` and `blocks` take its place.
"""

import asyncio
import logging

from aiohttp import ClientError, ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from anomaly_app.channels.protocol import Later, Outcome
from anomaly_app.channels.slack.single_alert_message import SlackMessage, slack_message
from anomaly_app.core.alerts import Alert

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT = 5
"""Seconds for one request: short, because a stopping worker waits for it."""

TOO_MANY_REQUESTS = 429

MESSAGE_FAULTS = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "markdown_text_conflict"}
)
"""Errors caused by the message itself: Slack would reject it every time."""


class SlackChannel:
    """Post alerts to one Slack channel.

    Parameters
    ----------
    token
        Bot token with the scope ``chat:write``.
    channel
        Name or id of the channel.
    url
        Base URL of the web API.
    interval
        Seconds between two messages; Slack allows one per second and channel.
    """

    def __init__(self, *, token: str, channel: str, url: str, interval: float) -> None:
        self._token = token
        self._channel = channel
        self._url = url
        self._interval = interval
        self._next_at = 0.0
        self._session: ClientSession | None = None

    def render(self, alert: Alert) -> SlackMessage:
        """Format an alert as Block Kit."""
        return slack_message(alert)

    async def deliver(self, message: SlackMessage) -> Outcome | Later:
        """Post the message once, if the interval since the last one has passed."""
        clock = asyncio.get_running_loop().time
        if (pause := self._next_at - clock()) > 0:
            return Later(pause, "one message at a time")
        try:
            await self._client().chat_postMessage(
                channel=self._channel, text=message.text, blocks=message.blocks
            )
        except SlackApiError as fault:
            return self._refusal(fault, message)
        except (ClientError, TimeoutError, OSError) as fault:
            return Later(None, f"Slack cannot be reached ({fault!r})")
        except ValueError:
            return Later(None, "Slack's answer was not JSON")
        finally:
            self._next_at = clock() + self._interval
        return Outcome.SENT

    def _refusal(self, fault: SlackApiError, message: SlackMessage) -> Outcome | Later:
        response = fault.response
        assert isinstance(response, AsyncSlackResponse)  # noqa: S101  # narrows the SDK's type
        if response.status_code == TOO_MANY_REQUESTS:
            return Later(_retry_after(response), "Slack asks to slow down")
        # A gateway may return any text.
        said = response.data if isinstance(response.data, dict) else {}
        error = str(said.get("error", f"HTTP {response.status_code}"))
        if error in MESSAGE_FAULTS:
            logger.error("ALERT that Slack refused (%s): %s", error, message.plain)
            return Outcome.REFUSED
        return Later(None, f"Slack returned {error}")

    def _client(self) -> AsyncWebClient:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=REQUEST_TIMEOUT))
        # The SDK's retries are off, so that a stopping worker waits for one attempt only.
        return AsyncWebClient(
            token=self._token,
            base_url=self._url,
            timeout=REQUEST_TIMEOUT,
            session=self._session,
            retry_handlers=[],
        )

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _retry_after(response: AsyncSlackResponse) -> float | None:
    for name, value in response.headers.items():
        if name.lower() == "retry-after":
            try:
                return max(float(value), 0.0)
            except ValueError:
                return None
    return None
