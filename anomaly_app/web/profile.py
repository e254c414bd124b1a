"""``/profile/ENTITY``: what is remembered of an entity, whichever worker has it."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from anomaly_app.context import WorkerContext
from anomaly_app.web.owners import FORBIDDEN, MISSING, OK, UNAUTHORIZED, Owners
from anomaly_app.web.page import HEADERS, page_of
from anomaly_app.web.search import Found, Question, Unknown, place_of, search_here
from anomaly_app.web.token import has_signature, has_token, is_of_a_worker, why_not

BAD_REQUEST, UNAVAILABLE = 400, 503

JSON, HTML = "application/json", "text/html"

CHALLENGE = {"WWW-Authenticate": 'Basic realm="anomaly-app"'}
"""Lets a browser ask for the token."""


class Answer(NamedTuple):
    """What the page answers."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = HEADERS


class ProfilePage:
    """Answers requests for profiles.

    Parameters
    ----------
    context
        Of this worker.
    owners
        Ask the other workers.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        context: WorkerContext,
        owners: Owners | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._context = context
        self._owners = owners or Owners(context)
        self._clock = clock

    async def answer(self, entity: str, key: str, headers: Mapping[str, str]) -> Answer:
        """Answer a request.

        A request that another worker has signed is answered from this worker's memories alone.

        Parameters
        ----------
        entity
            Its name, with any characters.
        key
            Of `search.KEYS`, or anything.
        headers
            Of the request.
        """
        question = Question(entity, key)
        refusal = self._refusal(question, headers)
        if refusal is not None:
            return refusal
        place = place_of(key, self._context)
        if place is None:
            return _error(MISSING, f"the model remembers no {key}: fit one with --memory")
        if is_of_a_worker(headers):
            here = search_here(question, place, self._context, self._clock())
            return _json(OK if isinstance(here, Found) else MISSING, here)
        found = await self._owners.find(question, place)
        if isinstance(found, Unknown):
            return _json(MISSING if found.is_complete else UNAVAILABLE, found)
        if HTML in headers.get("Accept", ""):
            return Answer(OK, page_of(found).encode(errors="replace"), HTML)
        return _json(OK, found)

    def _refusal(self, question: Question, headers: Mapping[str, str]) -> Answer | None:
        settings = self._context.settings
        if is_of_a_worker(headers):
            text = question.text_for(self._context.memories.owner)
            is_allowed = has_signature(headers, text, self._clock(), settings)
        else:
            is_allowed = has_token(headers, settings)
        if not is_allowed:
            status = FORBIDDEN if settings.web_token is None else UNAUTHORIZED
            return _error(status, why_not(settings))._replace(headers={**HEADERS, **CHALLENGE})
        if question.fault is not None:
            return _error(BAD_REQUEST, question.fault)
        if self._context.model is None or not self._context.partitions:
            return _error(UNAVAILABLE, "this worker has not started yet: ask again in a moment")
        return None


def _error(status: int, line: str) -> Answer:
    return Answer(status, msgspec.json.encode({"error": line}))


def _json(status: int, found: Found | Unknown) -> Answer:
    return Answer(status, msgspec.json.encode(found))
