"""The cookie of somebody who has signed in: a name and an end, signed.

Every worker with the same users can check it. It is signed with the hash of the user's token, so
that it ends when the token is replaced or the user is taken out of the file.
"""

import base64
import binascii
import hmac
from collections.abc import Callable

COOKIE = "anomaly_session"

VALID = 12 * 3_600
"""Seconds."""

LONGEST = 400
"""Characters of a cookie."""

Secret = Callable[[str], str | None]
"""Returns what the sessions of a user are signed with; None if there is no such user."""


def new_session(name: str, now: float, secret: str) -> str:
    """Return the cookie's value.

    Parameters
    ----------
    name
        Of the user.
    now
        Seconds since the epoch.
    secret
        Signs it.
    """
    ends = int(now) + VALID
    return f"{_encoded(name)}.{ends}.{_signature(name, ends, secret)}"


def user_in(cookie: str, now: float, secret: Secret) -> str | None:
    """Return whose session a cookie is; None if it is over, or none at all."""
    parts = cookie.split(".")
    if len(parts) != 3 or len(cookie) > LONGEST:  # noqa: PLR2004  # as above
        return None
    name, ends = _decoded(parts[0]), parts[1]
    if name is None or not ends.isascii() or not ends.isdecimal():
        return None
    known = secret(name)
    if known is None or not now < int(ends) <= now + VALID:
        return None
    expected = _signature(name, int(ends), known)
    return name if hmac.compare_digest(parts[2].encode(), expected.encode()) else None


def _signature(name: str, ends: int, secret: str) -> str:
    return hmac.digest(secret.encode(), f"session\n{ends}\n{name}".encode(), "sha256").hex()


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _decoded(text: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
