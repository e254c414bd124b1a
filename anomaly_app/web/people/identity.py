"""Who asks: by a token, by the session of a browser, or by what an authenticating proxy says."""

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from anomaly_app.settings import Settings
from anomaly_app.settings.web import networks_in
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.people.session import COOKIE, new_session, user_in
from anomaly_app.web.people.users import NAME, Users
from anomaly_app.web.token import credentials, is_the_token

SHARED = "token"
"""The name of whoever has the shared token, and says no other."""


class Asked(NamedTuple):
    """What a request says of who sends it."""

    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    remote: str
    """Address that it came from."""


class Identity:
    """Finds out who asks.

    Parameters
    ----------
    settings
        Have the shared token, the proxies and their header.
    users
        The file of users.
    """

    def __init__(self, settings: Settings, users: Users) -> None:
        self._settings = settings
        self._users = users
        self._proxies = networks_in(settings.web_proxies or "")

    @property
    def is_open(self) -> bool:
        """Whether anybody can be known at all."""
        settings = self._settings
        return bool(settings.web_token or settings.web_users or settings.web_user_header)

    def of(self, asked: Asked, now: float) -> Person | None:
        """Return who asks; None if that is not known.

        Raises
        ------
        SettingsError
            The file of users is wrong.
        """
        name, sent = credentials(asked.headers)
        if sent:
            return self.with_token(sent, name)
        return self._by_proxy(asked) or self._by_session(asked, now)

    def with_token(self, token: str, name: str = "") -> Person | None:
        """Return the person with a token.

        Parameters
        ----------
        token
            Of a user, or the shared one.
        name
            What whoever has the shared token calls himself.
        """
        if not is_the_token(token, self._settings):
            return self._users.with_token(token)
        # Nobody acts under the name of somebody who has a token of his own.
        is_free = NAME.fullmatch(name) and name not in self._users.load()
        return Person(name if is_free else SHARED, Role.ADMIN)

    def session_of(self, person: Person, now: float) -> str:
        """Return the value of the cookie of a new session, for somebody who has shown a token.

        Raises
        ------
        LookupError
            Nobody of that name has a token.
        """
        secret = self._secret(person.name)
        if secret is None:
            raise LookupError(f"{person.name} has no token")
        return new_session(person.name, now, secret)

    def _by_session(self, asked: Asked, now: float) -> Person | None:
        name = user_in(asked.cookies.get(COOKIE, ""), now, self._secret)
        if name is None:
            return None
        user = self._users.load().get(name)
        return Person(name, Role.ADMIN if user is None else user.role, is_by_browser=True)

    def _secret(self, name: str) -> str | None:
        user = self._users.load().get(name)
        if user is not None:
            return user.digest
        token = self._settings.web_token
        return None if token is None else token.get_secret_value()

    def _by_proxy(self, asked: Asked) -> Person | None:
        header = self._settings.web_user_header
        if header is None or not self._is_proxy(asked.remote):
            return None
        name = asked.headers.get(header, "")
        if not NAME.fullmatch(name):
            return None
        user = self._users.load().get(name)
        role = Role(self._settings.web_user_role) if user is None else user.role
        return Person(name, role, is_by_browser=True)

    def _is_proxy(self, remote: str) -> bool:
        try:
            address = ipaddress.ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def is_from_elsewhere(asked: Asked) -> bool:
    """Whether another site may have made a browser send a request that changes something."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = asked.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc != asked.headers.get("Host", "")
