"""The token of pages that reveal data: who has it may see them."""

import base64
import binascii
import hmac
from collections.abc import Mapping

from anomaly_app.settings import Settings


def has_token(headers: Mapping[str, str], settings: Settings) -> bool:
    """Return whether a request carries the token, as a bearer or as the password of a browser."""
    if settings.web_token is None:
        return False
    scheme, _, sent = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        sent = _password_in(sent)
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(sent.encode(), settings.web_token.get_secret_value().encode())


def why_not(settings: Settings) -> str:
    """Say in one line what a request without the token lacks."""
    if settings.web_token is None:
        return "this page is closed: set ANOMALY_WEB_TOKEN or ANOMALY_WEB_TOKEN_FILE"
    return "this page needs the token: send it as `Authorization: Bearer TOKEN`"


def _password_in(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]
