"""Webhooks: a notice as JSON, signed as Standard Webhooks 1.0 says (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.document_json import document_of
from anomaly_app.channels.posting import Poster, meaning_of
from anomaly_app.core.alerts.notice import Notice
from anomaly_app.errors import SettingsError

PREFIX = "whsec_"

SHORTEST_KEY, LONGEST_KEY = 24, 64
"""Bytes."""


class WebhookChannel:
    """Posts notices to a URL.

    Each notice has an id of its own, ``webhook-id``, that is the same whenever it is delivered: who
    remembers the ids takes none twice.

    Parameters
    ----------
    url
        Where to.
    secret
        One or two keys, separated by a space: while a key is replaced, notices are signed with
        both. A key is base64 of 24 to 64 bytes, with or without ``whsec_`` before it.
    ca_file
        PEM file of the authorities to trust; None for those of the system.
    clock
        Seconds since the epoch.

    Raises
    ------
    SettingsError
        The secret is none; the text does not show it.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys_of(secret)
        self._poster = Poster(url, ca_file=ca_file)
        self._clock = clock

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Post a notice once."""
        body = document_of(notice)
        now = self._clock()
        webhook_id, timestamp = f"{place.name_of(notice)}-{notice.version}", str(int(now))
        answer = await self._poster.post(
            body,
            {
                "webhook-id": webhook_id,
                "webhook-timestamp": timestamp,
                "webhook-signature": signature_of(self._keys, webhook_id, timestamp, body),
            },
        )
        if isinstance(answer, Later):
            return answer
        if answer.is_success:
            return Delivered()
        return meaning_of(answer, self._poster.host, now)

    async def close(self) -> None:
        """Close the connection."""
        await self._poster.close()


def keys_of(secret: str) -> list[bytes]:
    """Return the keys in a secret.

    Raises
    ------
    SettingsError
        It is not base64 of 24 to 64 bytes.
    """
    keys = [_decoded(text.removeprefix(PREFIX)) for text in secret.split()]
    if not keys or not all(SHORTEST_KEY <= len(key) <= LONGEST_KEY for key in keys):
        raise SettingsError(
            f"the secret of a webhook is base64 of {SHORTEST_KEY} to {LONGEST_KEY} bytes: make one "
            "with openssl rand -base64 32"
        )
    return keys


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def signature_of(keys: list[bytes], webhook_id: str, timestamp: str, body: bytes) -> str:
    """Return the header ``webhook-signature``: HMAC-SHA256 over id, time and body, by each key."""
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
