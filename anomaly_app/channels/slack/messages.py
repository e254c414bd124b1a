"""The messages of one channel: posted, edited, and what they show at present."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from anomaly_app.channels.picture import Series
from anomaly_app.channels.slack.api import Fault, Kind, SlackApi, text_in
from anomaly_app.channels.slack.blocks import Style, message_of
from anomaly_app.channels.slack.lookup import Lookup, MessageId
from anomaly_app.channels.slack.pace import Pace
from anomaly_app.channels.slack.reply import is_raised_to_critical, reply_of
from anomaly_app.core.alerts.notice import Notice

logger = logging.getLogger(__name__)

MOST_KNOWN = 1_000
"""Messages that are remembered: the latest. Of the others only the picture is lost."""

EDITS_PER_POST = 1.2
"""Seconds between two edits for each second between two posts: Slack takes about 50 a minute."""

LITERALLY: dict[str, Any] = {"mrkdwn": False, "parse": "none"}
NO_PREVIEWS: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}


@dataclass
class Shown:
    """What a message shows."""

    notice: Notice
    picture: str | None = None
    """The id of its file."""
    drawn: Series | None = None
    """What that picture shows."""


class Messages:
    """Posts and edits the messages of one channel.

    Parameters
    ----------
    api
        The Web API.
    channel
        Name or id of the channel.
    lookup
        For the metadata of the messages.
    interval
        Seconds between two posts.
    """

    def __init__(self, api: SlackApi, channel: str, lookup: Lookup, *, interval: float) -> None:
        self._api = api
        self._channel = channel
        self._lookup = lookup
        self.posts = Pace(interval)
        self.edits = Pace(interval * EDITS_PER_POST)
        self._shown: OrderedDict[MessageId, Shown] = OrderedDict()
        self._has_tables = True
        self._editing = asyncio.Lock()

    def at(self, place: MessageId) -> Shown | None:
        """Give what a message shows; None if this worker does not know."""
        return self._shown.get(place)

    def place_of(self, notice: Notice) -> MessageId | None:
        """Give the message in which this worker has shown a notice of the same id."""
        return next(
            (place for place, shown in self._shown.items() if shown.notice.id == notice.id), None
        )

    def forget(self, place: MessageId) -> None:
        """Note that a message is gone."""
        self._shown.pop(place, None)

    def _note(self, notice: Notice, place: MessageId) -> None:
        self._shown.setdefault(place, Shown(notice)).notice = notice
        self._shown.move_to_end(place)
        while len(self._shown) > MOST_KNOWN:
            self._shown.popitem(last=False)

    async def post(self, notice: Notice) -> MessageId:
        """Post a notice.

        Raises
        ------
        Fault
            It could not be posted.
        """
        try:
            place = await self._post(notice)
        except Fault as fault:
            if not self._is_table_at_fault(fault):
                raise
            place = await self._post(notice)
        self._lookup.learn(place.channel)
        self._note(notice, place)
        return place

    async def _post(self, notice: Notice) -> MessageId:
        message = message_of(notice, Style(has_tables=self._has_tables))
        answer = await self._call(
            self.posts,
            self._api.client.chat_postMessage(
                channel=self._channel,
                text=message.text,
                blocks=message.blocks,
                metadata=self._lookup.metadata(notice),
                **LITERALLY,
                **NO_PREVIEWS,
            ),
        )
        return MessageId(text_in(answer, "channel"), text_in(answer, "ts"))

    async def edit(self, notice: Notice, place: MessageId) -> None:
        """Make a message show another version of its notice.

        Raises
        ------
        Fault
            It could not be edited.
        """
        async with self._editing:
            shown = self._shown.get(place)
            try:
                await self._edit(notice, place, None if shown is None else shown.picture)
            except Fault as fault:
                if shown is None or not is_picture_at_fault(fault):
                    raise
                shown.picture = shown.drawn = None
                await self._edit(notice, place, None)
            self._note(notice, place)

    async def illustrate(self, place: MessageId, picture: str, drawn: Series) -> None:
        """Put a picture into a message.

        Raises
        ------
        Fault
            It could not be edited; see also `is_picture_at_fault`.
        """
        async with self._editing:
            shown = self._shown.get(place)
            if shown is not None:
                await self._edit(shown.notice, place, picture)
                shown.picture, shown.drawn = picture, drawn

    async def _edit(self, notice: Notice, place: MessageId, picture: str | None) -> None:
        try:
            await self._update(notice, place, picture)
        except Fault as fault:
            if not self._is_table_at_fault(fault):
                raise
            await self._update(notice, place, picture)

    async def _update(self, notice: Notice, place: MessageId, picture: str | None) -> None:
        message = message_of(notice, Style(picture, has_tables=self._has_tables))
        await self._call(
            self.edits,
            self._api.client.chat_update(
                channel=place.channel,
                ts=place.ts,
                text=message.text,
                blocks=message.blocks,
                metadata=self._lookup.metadata(notice),
                **LITERALLY,
            ),
        )

    async def reply(self, notice: Notice, place: MessageId) -> None:
        """Say in the thread of a message what has changed.

        Raises
        ------
        Fault
            It could not be posted.
        """
        message = reply_of(notice)
        await self._call(
            self.posts,
            self._api.client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.ts,
                text=message.text,
                blocks=message.blocks,
                metadata=self._lookup.metadata(notice, "reply"),
                reply_broadcast=is_raised_to_critical(notice),
                **LITERALLY,
                **NO_PREVIEWS,
            ),
        )

    async def _call(self, pace: Pace, request: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        pace.begin()
        try:
            return await self._api.call(request)
        except Fault as fault:
            if fault.pause is not None:
                pace.hold(fault.pause)
            raise

    def _is_table_at_fault(self, fault: Fault) -> bool:
        """Whether the same message without a table may be taken."""
        if fault.kind != Kind.MESSAGE or not self._has_tables or is_picture_at_fault(fault):
            return False
        self._has_tables = False
        logger.warning("Slack takes no table here (%s): values are shown as text", fault)
        return True


def is_picture_at_fault(fault: Fault) -> bool:
    """Whether a message was refused since its picture cannot be shown, or not yet."""
    return fault.kind == Kind.MESSAGE and "slack file" in str(fault)
