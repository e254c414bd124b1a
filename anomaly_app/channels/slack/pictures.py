"""Pictures of values: drawn, uploaded and put into a message that is there already.

A message never waits for its picture, and never fails with it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from anomaly_app.channels.picture import Series, draw_series
from anomaly_app.channels.slack.api import Fault, SlackApi
from anomaly_app.channels.slack.lookup import Lookup, MessageId
from anomaly_app.channels.slack.messages import Messages, is_picture_at_fault
from anomaly_app.core.alerts.notice import IncidentView

logger = logging.getLogger(__name__)

History = Callable[[IncidentView], Awaitable[Series | None]]
"""Gives the recent values that are drawn for an incident; None if there is nothing to draw."""

MOST_WAITING = 20
"""Messages that wait for a picture; further ones stay without."""

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before the attempts to show a picture: Slack takes a moment to process an upload."""


class Pictures:
    """Puts pictures into messages, one after the other, beside everything else.

    Parameters
    ----------
    api
        The Web API.
    messages
        The messages.
    lookup
        Tells whether another worker has edited a message meanwhile.
    history
        Gives what is drawn.
    pauses
        Seconds before each attempt to show an uploaded picture.
    """

    def __init__(
        self,
        api: SlackApi,
        messages: Messages,
        lookup: Lookup,
        history: History,
        *,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._api = api
        self._messages = messages
        self._lookup = lookup
        self._history = history
        self._pauses = pauses
        self._wanted: dict[MessageId, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._said: set[str] = set()

    def want(self, place: MessageId) -> None:
        """Put a picture into a message as soon as it can be done."""
        if len(self._wanted) < MOST_WAITING:
            self._wanted[place] = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="pictures for Slack")

    async def _work(self) -> None:
        while self._wanted:
            place = next(iter(self._wanted))
            del self._wanted[place]
            try:
                await self._draw(place)
            except Fault as fault:
                self._say(fault.error or fault.kind.name, fault)
            except Exception as fault:  # noqa: BLE001  # whatever the history raises
                self._say(type(fault).__name__, fault)

    async def _draw(self, place: MessageId) -> None:
        shown = self._messages.at(place)
        if shown is None or not isinstance(shown.notice.subject, IncidentView):
            return
        series = await self._history(shown.notice.subject)
        if series is None or series == shown.drawn:
            return
        picture = await self._uploaded(series)
        for pause in self._pauses:
            await asyncio.sleep(pause)
            if await self._show(place, picture, series):
                return
        self._say("pictures", RuntimeError("Slack has not processed the upload in time"))

    async def _uploaded(self, series: Series) -> str:
        drawn = await asyncio.to_thread(draw_series, series)
        upload = self._api.client.files_upload_v2(
            file=drawn, filename="values.png", title=series.title[:100]
        )
        return str((await self._api.call(upload))["file"]["id"])

    async def _show(self, place: MessageId, picture: str, series: Series) -> bool:
        """Show a picture; tell whether that is done with."""
        await self._messages.edits.turn()
        shown = self._messages.at(place)
        if shown is None:
            return True
        version = await self._lookup.version_at(shown.notice, place)
        if version is not None and version > shown.notice.version:
            return True  # another worker has the incident now
        try:
            await self._messages.illustrate(place, picture, series)
        except Fault as fault:
            if is_picture_at_fault(fault):
                return False
            raise
        return True

    def _say(self, kind: str, fault: Exception) -> None:
        level = logging.DEBUG if kind in self._said else logging.WARNING
        self._said.add(kind)
        logger.log(level, "a message in Slack stays without its picture (%s)", fault)

    async def close(self) -> None:
        """Leave out the pictures that are not there yet."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
