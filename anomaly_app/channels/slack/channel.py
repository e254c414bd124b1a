"""The Slack channel: one message an incident, edited in place, and never posted twice."""

import logging

import msgspec

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.picture import Series, sample_series
from anomaly_app.channels.slack.api import Fault, Kind, SlackApi
from anomaly_app.channels.slack.blocks import summary_of
from anomaly_app.channels.slack.lookup import Lookup, MessageId
from anomaly_app.channels.slack.messages import Messages
from anomaly_app.channels.slack.pace import Pace
from anomaly_app.channels.slack.pictures import PAUSES, History, Pictures
from anomaly_app.core.alerts.notice import IncidentView, Notice

logger = logging.getLogger(__name__)

SETTLING = 3.0
"""Seconds before a message is looked up whose post was not answered: it may still be on its way."""

MOST_UNCERTAIN = 1_000

NOT_OURS = Later("another worker may deliver by now", 1.0)


async def sampled(view: IncidentView) -> Series | None:
    """Give the values of the members that the view has."""
    return sample_series(view)


class SlackChannel:
    """Delivers notices to one Slack channel.

    A message is edited when a later version of its notice comes, and replied to when people have
    to be told. One that was deleted is posted anew. After a post whose answer was lost, here or in
    a worker that died, the channel's history is searched before anything is posted again.

    Parameters
    ----------
    token
        Bot token. Scopes: ``chat:write``; ``channels:history``, or ``groups:history`` for a private
        channel, to look messages up; ``files:write`` for pictures.
    channel
        Name or id of the channel; looking messages up by its name needs ``channels:read``.
    url
        Base URL of the Web API.
    group
        Consumer group, which tells the messages of several apps apart.
    interval
        Seconds between two posts; Slack allows one per second and channel.
    history
        Gives the recent values that are drawn for an incident.
    picture_pauses
        Seconds before each attempt to show an uploaded picture.
    """

    def __init__(
        self,
        *,
        token: str,
        channel: str,
        url: str,
        group: str,
        interval: float = 1.0,
        history: History = sampled,
        picture_pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._api = SlackApi(token, url)
        self._lookup = Lookup(self._api, channel, group)
        self._messages = Messages(self._api, channel, self._lookup, interval=interval)
        self._pictures = Pictures(
            self._api, self._messages, self._lookup, history, pauses=picture_pauses
        )
        self._uncertain: dict[str, None] = {}
        """Ids of notices of which a post may have been taken."""

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Post the notice, or edit its message and reply in its thread."""
        if place.is_uncertain and place.settles_in > 0:
            return Later("what another worker has begun may be on its way", place.settles_in)
        is_uncertain = place.is_uncertain or notice.id in self._uncertain
        place = place._replace(is_uncertain=is_uncertain)
        at = MessageId.of(place.reference) or self._messages.place_of(notice)
        try:
            answer = None if at is None else await self._update(notice, at, place)
            if answer is None:
                answer = await self._post(notice, at, place)
        except Fault as fault:
            return self._failed(fault, notice)
        if isinstance(answer, Later):
            return answer
        self._uncertain.pop(notice.id, None)
        self._pictures.want(answer)
        return Delivered(answer.reference)

    async def _post(
        self, notice: Notice, gone: MessageId | None, place: Place
    ) -> MessageId | Later:
        if place.is_uncertain:
            found = await self._lookup.find(notice, besides=gone)
            if found is not None and (answer := await self._update(notice, found, place)):
                return answer
        if later := await self._not_now("message", self._messages.posts, place):
            return later
        return await self._messages.post(notice)

    async def _not_now(self, what: str, pace: Pace, place: Place) -> Later | None:
        """Return why nothing may be written now; None if it may."""
        if (pause := pace.pause) > 0:
            return Later(f"one {what} at a time", pause)
        return None if await place.is_ours() else NOT_OURS

    async def _update(
        self, notice: Notice, at: MessageId, place: Place
    ) -> MessageId | Later | None:
        """Edit a message and reply in its thread; None if it is gone."""
        try:
            shown = self._messages.at(at)
            if place.is_uncertain or shown is None or shown.notice != notice:
                if later := await self._not_now("edit", self._messages.edits, place):
                    return later
                await self._messages.edit(notice, at)
            changes = notice.changes
            if changes and place.is_uncertain:
                changes = await self._lookup.unsaid(notice, at)
            if changes:
                if later := await self._not_now("message", self._messages.posts, place):
                    return later
                await self._messages.reply(msgspec.structs.replace(notice, changes=changes), at)
        except Fault as fault:
            if fault.kind != Kind.GONE:
                raise
            self._messages.forget(at)
            return None
        return at

    def _failed(self, fault: Fault, notice: Notice) -> Refused | Later:
        match fault.kind:
            case Kind.MESSAGE:
                self._uncertain.pop(notice.id, None)
                logger.error("Slack refuses a message for good (%s): %s", fault, summary_of(notice))
                return Refused(str(fault))
            case Kind.UNCERTAIN:
                self._uncertain[notice.id] = None
                while len(self._uncertain) > MOST_UNCERTAIN:
                    self._uncertain.pop(next(iter(self._uncertain)))
                return Later(str(fault), SETTLING)
            case _:
                return Later(str(fault), fault.pause)

    async def close(self) -> None:
        """Close the connection; pictures that are not there yet are left out."""
        await self._pictures.close()
        await self._api.close()
