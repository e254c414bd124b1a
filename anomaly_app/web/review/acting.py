"""What people do on the pages: labels, taking them back, and what the audit trail has besides."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.feedback.action import LONGEST_SUBJECT, Action
from anomaly_app.core.feedback.wish import LabelWish, said_of
from anomaly_app.core.learning.label import ID, Undo, Verdict, check_undo
from anomaly_app.errors import AlertsRefused, BrokerError, LabelRefused
from anomaly_app.incidents.saying import Accept, new_id
from anomaly_app.web.people.roles import Person
from anomaly_app.web.review.detail import Last
from anomaly_app.web.review.rendering import (
    BAD_REQUEST,
    OK,
    UNAVAILABLE,
    Answer,
    message,
    see_other,
)
from anomaly_app.web.review.signing import path_in

VIA = "page"


class Acting:
    """Keeps what people do on the pages.

    Parameters
    ----------
    accept
        Keeps what is said: the broker has it when this returns.
    clock
        Seconds since the epoch.
    """

    def __init__(self, accept: Accept, clock: Callable[[], float] = time.time) -> None:
        self._accept = accept
        self._clock = clock

    async def label(self, form: Mapping[str, str], person: Person, *, is_script: bool) -> Answer:
        """Label an anomaly, or answer an incident; the browser goes on to the next one.

        Parameters
        ----------
        form
            Has the anomaly or the incident, the verdict, and perhaps a note and an id.
        person
            Who says it.
        is_script
            Whether JSON is wanted instead of a page.
        """
        about = "incident" if "incident" in form else "anomaly"
        given = {
            "about": about,
            "name": form.get(about, ""),
            "verdict": form.get("verdict", ""),
            "note": form.get("note", ""),
            "user": person.name,
            "id": form.get("id", ""),
        }
        try:
            said = said_of(msgspec.convert(given, LabelWish), new_id(), self._clock(), via=VIA)
            await self._accept(said)
        except (msgspec.ValidationError, AlertsRefused, LabelRefused) as fault:
            return _refused(f"this is no label: {fault}", BAD_REQUEST, person, is_script=is_script)
        except (BrokerError, TimeoutError) as fault:
            return _not_kept(fault, person, is_script=is_script)
        if is_script:
            return Answer(OK, msgspec.json.encode({"id": said.id}), "application/json")
        return see_other(_with_last(path_in(form.get("back", "")), said.id, given["verdict"]))

    async def undo(self, form: Mapping[str, str], person: Person, *, is_script: bool) -> Answer:
        """Take back a label or an answer."""
        said = Undo(id=new_id(), said=form.get("said", ""), user=person.name, at=self._clock())
        try:
            check_undo(said)
            await self._accept(said)
        except LabelRefused as fault:
            return _refused(str(fault), BAD_REQUEST, person, is_script=is_script)
        except (BrokerError, TimeoutError) as fault:
            return _not_kept(fault, person, is_script=is_script)
        if is_script:
            return Answer(OK, msgspec.json.encode({"id": said.said}), "application/json")
        return see_other(path_in(form.get("back", "")))

    async def note(self, action: str, subject: str, person: Person) -> None:
        """Keep for the audit trail what somebody is about to do.

        Raises
        ------
        BrokerError, TimeoutError
            It is not kept, and must not be done.
        """
        said = Action(
            id=new_id(),
            action=action,
            subject=shortened(subject, LONGEST_SUBJECT),
            user=person.name,
            via=VIA,
            at=self._clock(),
        )
        await self._accept(said)


def last_in(query: Mapping[str, str], back: str) -> Last | None:
    """Return what was said on the page before, which the address tells."""
    name, verdict = query.get("said", ""), query.get("verdict", "")
    if not ID.fullmatch(name) or verdict not in [*Verdict]:
        return None
    return Last(name, verdict, back)


def _with_last(path: str, name: str, verdict: str) -> str:
    parts = urlsplit(path)
    if not parts.path.startswith("/review/anomalies/"):
        return path
    query = [(key, value) for key, value in parse_qsl(parts.query) if key == "order"]
    return f"{parts.path}?{urlencode([*query, ('said', name), ('verdict', verdict)])}"


def _not_kept(fault: Exception, person: Person, *, is_script: bool) -> Answer:
    why = str(fault) or "Kafka does not answer in time"
    return _refused(f"nothing was said: {why}", UNAVAILABLE, person, is_script=is_script)


def _refused(line: str, status: int, person: Person, *, is_script: bool) -> Answer:
    if is_script:
        return Answer(status, msgspec.json.encode({"error": line}), "application/json")
    return message("Not kept", line, status, person=person)
