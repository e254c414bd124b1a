"""``/incidents`` and ``/silences``: what goes on, and what nobody is told of for a while."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.alerts.wish import LONGEST_USER, NAME, Wish, silence_of
from anomaly_app.core.times import iso_time
from anomaly_app.errors import AlertsRefused
from anomaly_app.incidents.listing import incident_in, incidents_in, silences_in
from anomaly_app.incidents.retained import preview_of
from anomaly_app.incidents.saying import Accept, new_id
from anomaly_app.web.log_owner import LogOwner, signed_text
from anomaly_app.web.replies import (
    ACCEPTED,
    BAD_REQUEST,
    CREATED,
    LONGEST_BODY,
    MISSING,
    OK,
    UNAVAILABLE,
    Reply,
    closed,
    refusal,
    reply,
    when_done,
)
from anomaly_app.web.token import has_signature, has_token, is_of_a_worker


class IncidentPages:
    """Answers requests about incidents and silences.

    Parameters
    ----------
    context
        Of this worker.
    accept
        Keeps what is said.
    owner
        Asks the worker that has the log.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        context: WorkerContext,
        accept: Accept,
        owner: LogOwner | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._context = context
        self._accept = accept
        self._owner = owner or LogOwner(context)
        self._clock = clock

    async def incidents(self, *, is_all: bool, headers: Mapping[str, str]) -> Reply:
        """List incidents."""
        path = "/incidents" + ("?status=all" if is_all else "")
        return await self._read(
            path, headers, lambda state: {"incidents": incidents_in(state, is_all=is_all)}
        )

    async def incident(self, name: str, headers: Mapping[str, str]) -> Reply:
        """Show an incident."""
        if not NAME.fullmatch(name):
            return refusal(MISSING, "there is no such incident")
        path = f"/incidents/{quote(name, safe='')}"
        return await self._read(path, headers, lambda state: incident_in(state, name))

    async def silences(self, headers: Mapping[str, str]) -> Reply:
        """List silences."""
        now = self._clock()
        return await self._read(
            "/silences", headers, lambda state: {"silences": silences_in(state, now)}
        )

    async def _read(
        self, path: str, headers: Mapping[str, str], show: Callable[[Any], Any]
    ) -> Reply:
        context = self._context
        is_a_worker = is_of_a_worker(headers)
        if is_a_worker:
            text = signed_text(context.memories.owner, path)
            if not has_signature(headers, text, self._clock(), context.settings):
                return closed(self._context.settings)
        elif not has_token(headers, context.settings):
            return closed(self._context.settings)
        term = None if context.owner is None else context.owner.term
        if term is not None:
            found = show(term.state)
            return (
                refusal(MISSING, "there is no such incident") if found is None else reply(OK, found)
            )
        if is_a_worker:
            return refusal(UNAVAILABLE, "this worker does not have the log of alerts")
        return await self._owner.ask(path)

    async def add(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Add a silence; it is kept when this answers."""
        return await self._said(body, headers, self._add)

    async def _add(self, silence: Silence) -> Reply:
        said = AddSilence(id=silence.id, silence=silence, at=silence.begins)
        await self._accept(said)
        shown = {
            "id": silence.id,
            "begins": iso_time(silence.begins),
            "ends": iso_time(silence.ends),
        }
        return reply(CREATED, shown)

    async def preview(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Say what a silence would have hidden."""
        return await self._said(body, headers, self._preview)

    async def _preview(self, silence: Silence) -> Reply:
        found = await preview_of(silence, self._context.policy, self._context.settings)
        return reply(OK, {**msgspec.structs.asdict(found), "text": found.text})

    async def _said(
        self,
        body: bytes,
        headers: Mapping[str, str],
        do: Callable[[Silence], Awaitable[Reply]],
    ) -> Reply:
        if not has_token(headers, self._context.settings):
            return closed(self._context.settings)
        if len(body) > LONGEST_BODY:
            return refusal(BAD_REQUEST, f"a request has at most {LONGEST_BODY:,} bytes")
        try:
            wish = msgspec.json.decode(body, type=Wish)
            silence = silence_of(wish, new_id(), self._clock())
        except (msgspec.DecodeError, RecursionError) as fault:
            return refusal(BAD_REQUEST, f"the request is no silence: {fault}")
        except AlertsRefused as fault:
            return refusal(BAD_REQUEST, str(fault))
        return await when_done(do(silence))

    async def expire(self, name: str, user: str, headers: Mapping[str, str]) -> Reply:
        """End a silence."""
        if not has_token(headers, self._context.settings):
            return closed(self._context.settings)
        if not NAME.fullmatch(name):
            return refusal(MISSING, "there is no such silence")

        async def end(said: ExpireSilence) -> Reply:
            await self._accept(said)
            return reply(ACCEPTED, {"id": name})

        said = ExpireSilence(
            id=new_id(), silence=name, user=shortened(user, LONGEST_USER), at=self._clock()
        )
        return await when_done(end(said))
