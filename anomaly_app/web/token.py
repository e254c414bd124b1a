"""The token of pages that reveal data: who has it may see them.

Workers do not send it to each other: the address that they have may be that of somebody else by
now. They sign their questions with it.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping

from anomaly_app.settings import Settings

SCHEME = "Anomaly-Worker"
"""Of the header of a signed question, ``Authorization: Anomaly-Worker SECONDS:SIGNATURE``."""

VALID = 300.0
"""Seconds before and after its time for which a signature is valid: clocks differ."""


def has_token(headers: Mapping[str, str], settings: Settings) -> bool:
    """Return whether a request carries the token, as a bearer or as the password of a browser."""
    return is_the_token(credentials(headers)[1], settings)


def is_the_token(sent: str, settings: Settings) -> bool:
    """Return whether a text is the token."""
    return settings.web_token is not None and _is_same(sent, settings.web_token.get_secret_value())


def credentials(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the name and the token that a request carries; both empty if it has none."""
    scheme, sent = _sent(headers)
    if scheme == "bearer":
        return "", sent
    return _password_in(sent) if scheme == "basic" else ("", "")


def is_of_a_worker(headers: Mapping[str, str]) -> bool:
    """Return whether a request claims to come from another worker."""
    return _sent(headers)[0] == SCHEME.lower()


def signed(question: str, now: float, settings: Settings) -> str:
    """Return the header ``Authorization`` with which a worker asks another one.

    Parameters
    ----------
    question
        What is asked.
    now
        Seconds since the epoch.
    settings
        Have the token.

    Raises
    ------
    LookupError
        They do not.
    """
    if settings.web_token is None:
        raise LookupError("there is no token to sign with")
    token, seconds = settings.web_token.get_secret_value(), int(now)
    message = f"{SCHEME}\n{seconds}\n{question}"
    signature = hmac.digest(_bytes(token), _bytes(message), "sha256").hex()
    return f"{SCHEME} {seconds}:{signature}"


def has_signature(
    headers: Mapping[str, str], question: str, now: float, settings: Settings
) -> bool:
    """Return whether a question was signed a moment ago by a worker with the same token."""
    seconds, _, _ = _sent(headers)[1].partition(":")
    # No more digits than a time has: a longer number may not fit into a float.
    if settings.web_token is None or not seconds.isdecimal() or len(seconds) > len(str(int(now))):
        return False
    expected = signed(question, int(seconds), settings)
    is_recent = abs(now - int(seconds)) <= VALID
    return _is_same(" ".join((SCHEME, _sent(headers)[1])), expected) and is_recent


def why_not(settings: Settings) -> str:
    """Say in one line what a request without the token lacks."""
    if settings.web_token is None:
        return "this page is closed: set ANOMALY_WEB_TOKEN or ANOMALY_WEB_TOKEN_FILE"
    return "this page needs the token: send it as `Authorization: Bearer TOKEN`"


def _sent(headers: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, sent = headers.get("Authorization", "").partition(" ")
    return scheme.lower(), sent


def _is_same(sent: str, expected: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest(_bytes(sent), _bytes(expected))


def _bytes(text: str) -> bytes:
    # Bytes that are not UTF-8 come as surrogates in a header.
    return text.encode(errors="surrogatepass")


def _password_in(sent: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(sent, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, _, password = decoded.partition(":")
    return name, password
