"""How messages are recognised: by their metadata, in the channel's history.

``chat.postMessage`` has no key that makes it idempotent. After a post whose answer was lost, the
channel's history tells whether it was taken.
"""

import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, Self

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from anomaly_app.channels.slack.api import Fault, Kind, SlackApi
from anomaly_app.core.alerts.notice import IncidentView, Notice

logger = logging.getLogger(__name__)

EVENT_TYPE = "anomaly_app_notice"

PAGE, MOST_PAGES = 200, 5
"""Messages of one request, and requests of one search; the latest messages come first."""
MARGIN = 300.0
"""Seconds that Slack's clock may be behind ours."""

STAMP = 16
"""Digits by which a change is recognised that was told in a thread."""

CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{8,}")


class MessageId(NamedTuple):
    """Where a message is."""

    channel: str
    """Its id."""
    ts: str

    @classmethod
    def of(cls, reference: str | None) -> Self | None:
        """Read a reference, ``channel:ts``; None if it is none."""
        channel, _, ts = (reference or "").partition(":")
        return cls(channel, ts) if channel and ts else None

    @property
    def reference(self) -> str:
        """``channel:ts``, as the incident keeps it."""
        return f"{self.channel}:{self.ts}"


class Lookup:
    """Gives messages their metadata, and finds them by it.

    Parameters
    ----------
    api
        The Web API.
    channel
        Name or id of the channel.
    group
        Consumer group: several apps may write to one channel.
    """

    def __init__(self, api: SlackApi, channel: str, group: str) -> None:
        self._api = api
        self._channel = channel
        self._group = group
        self._id = channel if CHANNEL_ID.fullmatch(channel) else None
        self._is_possible = True

    def metadata(self, notice: Notice, part: str = "message") -> dict[str, Any]:
        """Give the metadata of a ``message`` or of a ``reply``."""
        payload = {
            "group": self._group,
            "notice": notice.id,
            "version": notice.version,
            "part": part,
        }
        if part == "reply":
            payload["says"] = " ".join(map(_stamp, notice.changes))
        return {"event_type": EVENT_TYPE, "event_payload": payload}

    def learn(self, channel: str) -> None:
        """Remember the id of the channel, from the answer to a post."""
        self._id = channel

    async def find(self, notice: Notice, *, besides: MessageId | None) -> MessageId | None:
        """Find the message of a notice, of any version; None if there is none.

        Raises
        ------
        Fault
            Slack cannot be asked now.
        """
        subject = notice.subject
        begin = min(notice.at, subject.opened) if isinstance(subject, IncidentView) else notice.at
        channel = await self._channel_id()
        if channel is None:
            return None
        asked = {"channel": channel, "oldest": f"{max(begin - MARGIN, 0.0):.6f}"}
        async for message in self._pages(self._api.client.conversations_history, **asked):
            at = MessageId(channel, str(message.get("ts")))
            if self._version(message, notice, "message") is not None and at != besides:
                return at
        return None

    async def unsaid(self, notice: Notice, at: MessageId) -> tuple[str, ...]:
        """Return the changes of a notice that the thread does not end with yet.

        They may have been said by an earlier version, to which others were added since.
        """
        asked = {"channel": at.channel, "ts": at.ts}
        said: list[str] = []
        async for message in self._pages(self._api.client.conversations_replies, **asked):
            if self._version(message, notice, "reply") is not None:
                said += message["metadata"]["event_payload"]["says"].split()
        wanted = [*map(_stamp, notice.changes)]
        for count in range(min(len(said), len(wanted)), 0, -1):
            if said[-count:] == wanted[:count]:
                return notice.changes[count:]
        return notice.changes

    async def version_at(self, notice: Notice, at: MessageId) -> int | None:
        """Give the version that a message shows; None if that cannot be seen."""
        asked = {"channel": at.channel, "oldest": at.ts, "latest": at.ts, "inclusive": True}
        async for message in self._pages(self._api.client.conversations_history, **asked):
            return self._version(message, notice, "message")
        return None

    def _version(self, message: dict[str, Any], notice: Notice, part: str) -> int | None:
        metadata = message.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        if not isinstance(payload, dict):
            return None
        version, says = payload.get("version"), payload.get("says", "")
        # Any app of the workspace may write any metadata.
        if not isinstance(version, int) or not isinstance(says, str):
            return None
        ours = self.metadata(notice, part)
        changing = {"version": version, "says": says}
        ours["event_payload"] |= {n: v for n, v in changing.items() if n in ours["event_payload"]}
        return version if metadata == ours else None

    async def _pages(
        self, method: Callable[..., Awaitable[AsyncSlackResponse]], **asked: Any
    ) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        for _ in range(MOST_PAGES if self._is_possible else 0):
            more = {"cursor": cursor} if cursor else {}
            request = method(include_all_metadata=True, limit=PAGE, **asked, **more)
            try:
                answer = await self._api.call(request)
            except Fault as fault:
                self._give_up(fault)
                return
            for message in answer.get("messages") or []:
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _channel_id(self) -> str | None:
        if self._id is None and self._is_possible:
            self._id = await self._looked_up_id()
        return self._id

    async def _looked_up_id(self) -> str | None:
        name, cursor = self._channel.removeprefix("#"), ""
        kinds = "public_channel,private_channel"
        for _ in range(MOST_PAGES):
            request = self._api.client.users_conversations(types=kinds, cursor=cursor, limit=PAGE)
            try:
                answer = await self._api.call(request)
            except Fault as fault:
                self._give_up(fault)
                return None
            for channel in answer.get("channels") or []:
                if channel.get("name") == name:
                    return str(channel["id"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def _give_up(self, fault: Fault) -> None:
        """Go on without looking up if that is not permitted; raise what may pass."""
        if fault.kind not in {Kind.SETTINGS, Kind.GONE}:
            raise fault
        if fault.kind == Kind.SETTINGS:
            self._is_possible = False
            logger.warning(
                "messages in Slack cannot be looked up (%s): after a lost answer, an incident may "
                "be posted twice. Give the app the scope channels:history (groups:history for a "
                "private channel), and name the channel by its id, such as C0123456789",
                fault,
            )


def _stamp(change: str) -> str:
    return hashlib.sha256(change.encode(errors="replace")).hexdigest()[:STAMP]
