"""The pages of the review: who may see them, what the store is asked, and what is shown."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from anomaly_app.context import WorkerContext
from anomaly_app.errors import BrokerError, StoreError, StoreUnavailable
from anomaly_app.incidents.saying import Accept, new_id
from anomaly_app.web.people.identity import Asked, Identity
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.people.users import Users
from anomaly_app.web.review import audit, detail, queue, searching
from anomaly_app.web.review.acting import Acting, last_in
from anomaly_app.web.review.asking import Asking
from anomaly_app.web.review.rendering import (
    BAD_REQUEST,
    MISSING,
    OK,
    UNAVAILABLE,
    Answer,
    message,
)
from anomaly_app.web.review.signing import Signing

T = TypeVar("T")
Query = Mapping[str, str]

MOST_SKIPPED = 100_000


class ReviewPages:
    """Answers requests for the pages.

    Parameters
    ----------
    context
        Of this worker.
    accept
        Keeps what people say.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self, context: WorkerContext, accept: Accept, clock: Callable[[], float] = time.time
    ) -> None:
        settings = context.settings
        self.signing = Signing(Identity(settings, Users(settings.web_users)), clock)
        self._context = context
        self._acting = Acting(accept, clock)
        self._asking = Asking(context, time.monotonic)

    async def queue(self, asked: Asked, query: Query) -> Answer:
        """Show what nobody has judged."""
        person = self.signing.admit(asked, Role.VIEWER)
        if isinstance(person, Answer):
            return person
        order, after = queue.order_in(query), queue.after_in(query)
        return await self._shown(
            lambda connection: queue.ask_for(connection, order, after),
            lambda found: queue.queue_page(found, order, person),
            person,
        )

    async def anomaly(self, asked: Asked, name: str, query: Query) -> Answer:
        """Show one anomaly."""
        stored = searching.storable(name)
        here = detail.path_of(stored, {})
        person = self.signing.admit(asked, Role.VIEWER, back=here)
        if isinstance(person, Answer):
            return person
        order = queue.order_in(query)
        try:
            found = await self._asking.ask(partial(detail.ask_for, name=stored, order=order))
            if found is None:
                return message("Not found", "there is no such anomaly", MISSING, person=person)
            # In a thread: the model judges some hundred rows.
            ordinary = await asyncio.to_thread(detail.ordinary_of, self._context.model, found)
        except StoreError as fault:
            return _unanswered(fault, person)
        has_memory = self._context.model is not None and bool(self._context.model.schema.memory)
        return detail.detail_page(
            found,
            ordinary,
            person,
            order=order,
            label_id=new_id(),
            last=last_in(query, here),
            has_memory=has_memory,
        )

    async def search(self, asked: Asked, query: Query) -> Answer:
        """Show what a search finds."""
        person = self.signing.admit(asked, Role.VIEWER, back="/review/search")
        if isinstance(person, Answer):
            return person
        wanted = searching.asked_in(query)
        if wanted.fault:
            return searching.search_page(None, wanted, person)
        return await self._shown(
            lambda connection: searching.ask_for(connection, wanted),
            lambda found: searching.search_page(found, wanted, person),
            person,
        )

    async def export(self, asked: Asked, query: Query) -> Answer:
        """Return what a search finds as a file; the audit trail has it before."""
        person = self.signing.admit(asked, Role.REVIEWER, back="/review/search")
        if isinstance(person, Answer):
            return person
        wanted = searching.asked_in(query)
        if wanted.fault:
            return message("Not exported", wanted.fault, BAD_REQUEST, person=person)
        given = " ".join(f"{name}={text}" for name, text in wanted.texts.items() if text)
        try:
            await self._acting.note("export", given or "everything", person)
            body = await self._asking.ask(partial(searching.export, wanted=wanted.search))
        except StoreError as fault:
            return _unanswered(fault, person)
        except (BrokerError, TimeoutError) as fault:
            return message("Not exported", str(fault), UNAVAILABLE, person=person)
        headers = {"Content-Disposition": 'attachment; filename="anomalies.csv"'}
        found = Answer(OK, body, "text/csv")
        return found._replace(headers={**found.headers, **headers})

    async def audit(self, asked: Asked, query: Query) -> Answer:
        """Show who said and did what."""
        person = self.signing.admit(asked, Role.ADMIN, back="/review/audit")
        if isinstance(person, Answer):
            return person
        given = query.get("skip", "0")
        is_number = given.isascii() and given.isdecimal() and len(given) < len(str(MOST_SKIPPED))
        skipped = int(given) if is_number else 0
        return await self._shown(
            lambda connection: audit.ask_for(connection, skipped),
            lambda found: audit.audit_page(found, skipped, person),
            person,
        )

    async def label(self, asked: Asked, form: Query) -> Answer:
        """Take a label."""
        return await self._act(asked, form, self._acting.label)

    async def undo(self, asked: Asked, form: Query) -> Answer:
        """Take back a label."""
        return await self._act(asked, form, self._acting.undo)

    async def _act(self, asked: Asked, form: Query, act: Callable[..., object]) -> Answer:
        person = self.signing.admit(asked, Role.REVIEWER, changes=True)
        if isinstance(person, Answer):
            return person
        is_script = "application/json" in asked.headers.get("Accept", "")
        answer: Answer = await act(form, person, is_script=is_script)  # type: ignore[misc]
        return answer

    async def _shown(
        self,
        question: Callable[[Connection], T],
        show: Callable[[T], Answer],
        person: Person,
    ) -> Answer:
        try:
            return show(await self._asking.ask(question))
        except StoreError as fault:
            return _unanswered(fault, person)


def _unanswered(fault: StoreError, person: Person) -> Answer:
    status = UNAVAILABLE if isinstance(fault, StoreUnavailable) else BAD_REQUEST
    return message("No answer", str(fault), status, person=person)
