"""Signing in and out, and who may see a page."""

import time
from collections.abc import Callable, Mapping

from anomaly_app.errors import SettingsError
from anomaly_app.web.people.identity import Asked, Identity, is_from_elsewhere
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.people.session import COOKIE, VALID
from anomaly_app.web.review.rendering import (
    BAD_REQUEST,
    FORBIDDEN,
    UNAUTHORIZED,
    UNAVAILABLE,
    Answer,
    message,
    page,
    see_other,
)

HOME = "/review"

LONGEST_PATH = 2_000


class Signing:
    """Knows who asks, and signs people in and out.

    Parameters
    ----------
    identity
        Finds out who asks.
    clock
        Seconds since the epoch.
    """

    def __init__(self, identity: Identity, clock: Callable[[], float] = time.time) -> None:
        self._identity = identity
        self._clock = clock

    def admit(
        self, asked: Asked, least: Role, *, back: str = HOME, changes: bool = False
    ) -> Person | Answer:
        """Return who asks, or why the page is not for them.

        Parameters
        ----------
        asked
            The request.
        least
            The role that the page needs.
        back
            Where signing in leads to.
        changes
            Whether the request changes something.
        """
        try:
            person = self._identity.of(asked, self._clock())
        except SettingsError as fault:
            return message("Nobody can be known", str(fault), UNAVAILABLE)
        if person is None:
            return self._closed(back)
        if changes and person.is_by_browser and is_from_elsewhere(asked):
            return message("Refused", "the request came from another site", FORBIDDEN)
        if not person.role.may(least):
            line = f"this needs the role {least}, and {person.name} is a {person.role}"
            return message("Not allowed", line, FORBIDDEN, person=person)
        return person

    def _closed(self, back: str) -> Answer:
        if not self._identity.is_open:
            line = (
                "these pages are closed: set ANOMALY_WEB_TOKEN, or add somebody with "
                "`faust -A anomaly_app.app user add NAME` and set ANOMALY_WEB_USERS"
            )
            return message("Closed", line, FORBIDDEN)
        return sign_in_page(back, "", UNAUTHORIZED)

    def sign_in(self, asked: Asked, form: Mapping[str, str]) -> Answer:
        """Begin a session with a token."""
        back = path_in(form.get("back", ""))
        if is_from_elsewhere(asked):
            return message("Refused", "the request came from another site", FORBIDDEN)
        try:
            person = self._identity.with_token(form.get("token", ""), form.get("name", ""))
        except SettingsError as fault:
            return message("Nobody can be known", str(fault), UNAVAILABLE)
        if person is None:
            return sign_in_page(back, "nobody has this token", UNAUTHORIZED)
        cookie = self._identity.session_of(person, self._clock())
        return see_other(back, **{"Set-Cookie": _cookie(cookie, VALID, asked)})

    def sign_out(self, asked: Asked) -> Answer:
        """End the session of the browser."""
        if is_from_elsewhere(asked):
            return message("Refused", "the request came from another site", FORBIDDEN)
        return see_other(HOME, **{"Set-Cookie": _cookie("", 0, asked)})


def sign_in_page(back: str, fault: str, status: int = BAD_REQUEST) -> Answer:
    """Return the page that asks for a token."""
    return page("sign_in.html", status=status, title="Sign in", back=path_in(back), fault=fault)


def path_in(text: str) -> str:
    """Return a path of these pages: what a form names may lead nowhere else."""
    is_ours = text == HOME or text.startswith((f"{HOME}/", f"{HOME}?"))
    return text if is_ours and text.isprintable() and len(text) <= LONGEST_PATH else HOME


def _cookie(value: str, seconds: int, asked: Asked) -> str:
    is_encrypted = asked.headers.get("Origin", "").startswith("https:")
    secure = "; Secure" if is_encrypted else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
