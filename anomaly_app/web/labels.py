"""``/labels``: what somebody says that an anomaly was, and taking it back."""

import time
from collections.abc import Callable, Mapping

import msgspec

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.feedback.wish import LabelWish, said_of
from anomaly_app.core.learning.label import ID, LONGEST_USER, Label, Undo, check_undo
from anomaly_app.core.times import iso_time
from anomaly_app.errors import AlertsRefused, LabelRefused
from anomaly_app.incidents.saying import Accept, new_id
from anomaly_app.settings import Settings
from anomaly_app.web.replies import (
    ACCEPTED,
    BAD_REQUEST,
    CREATED,
    LONGEST_BODY,
    MISSING,
    Reply,
    closed,
    refusal,
    reply,
    when_done,
)
from anomaly_app.web.token import has_token


class LabelPages:
    """Answers requests about labels.

    Parameters
    ----------
    settings
        Have the token.
    accept
        Keeps what is said.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self, settings: Settings, accept: Accept, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._accept = accept
        self._clock = clock

    async def add(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Add a label; it is kept when this answers."""
        if not has_token(headers, self._settings):
            return closed(self._settings)
        if len(body) > LONGEST_BODY:
            return refusal(BAD_REQUEST, f"a request has at most {LONGEST_BODY:,} bytes")
        try:
            wish = msgspec.json.decode(body, type=LabelWish)
            said = said_of(wish, new_id(), self._clock(), via="http")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            return refusal(BAD_REQUEST, f"the request is no label: {fault}")
        except (AlertsRefused, LabelRefused) as fault:
            return refusal(BAD_REQUEST, str(fault))
        return await when_done(self._keep(said))

    async def _keep(self, said: Label | Press) -> Reply:
        await self._accept(said)
        return reply(CREATED, {"id": said.id, "at": iso_time(said.at)})

    async def undo(self, name: str, user: str, headers: Mapping[str, str]) -> Reply:
        """Take back a label, or an answer to an incident."""
        if not has_token(headers, self._settings):
            return closed(self._settings)
        if not ID.fullmatch(name):
            return refusal(MISSING, "there is no such label")
        said = Undo(id=new_id(), said=name, user=shortened(user, LONGEST_USER), at=self._clock())
        try:
            check_undo(said)
        except LabelRefused as fault:
            return refusal(BAD_REQUEST, f"{fault}: add ?user=NAME")
        return await when_done(self._take_back(said))

    async def _take_back(self, said: Undo) -> Reply:
        await self._accept(said)
        return reply(ACCEPTED, {"id": said.said})
