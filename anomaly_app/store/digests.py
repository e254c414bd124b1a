"""Digests of names: with them the store knows what was erased, and does not know its name."""

import hmac
import re
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, Self

from anomaly_app.core.alerts.sighting import entity_name
from anomaly_app.core.alerts.text import shortened
from anomaly_app.settings import Settings
from anomaly_app.store import values

DOMAIN = b"anomaly-app store "
"""A digest of the store is none of another purpose, such as a field of ``hash=``."""

MARK = re.compile(r"([0-9a-f]{64})-([1-9][0-9]{0,2})(s?)")


class Kind(StrEnum):
    """What a name is the name of."""

    ENTITY = "entity"
    ANOMALY = "anomaly"
    TRANSACTION = "transaction"
    INCIDENT = "incident"
    LABEL = "label"


class Mark(NamedTuple):
    """The name of an erased entity, as far as anybody may know it."""

    digest: str
    length: int
    """Characters of the name: with it a text can be searched for the name."""
    is_shown: bool = False
    """Whether it is the name as people see it, which is perhaps that of others as well: it stands
    in texts and incidents, and is none of anomalies and labels."""

    @property
    def text(self) -> str:
        """The mark as the subject of an action."""
        return f"{self.digest}-{self.length}{'s' if self.is_shown else ''}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read the subject of an action, which anybody may have written; None if it is no mark."""
        found = MARK.fullmatch(text)
        if found is None or int(found[2]) > values.LONGEST_NAME:
            return None
        return cls(found[1], int(found[2]), bool(found[3]))


class Digests:
    """Makes digests of names.

    Parameters
    ----------
    key
        Secret without which nobody can test a guess: HMAC-SHA-256. None: SHA-256.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def of(self, kind: str, name: str) -> str:
        """Return the digest of a name, in hexadecimal digits.

        Parameters
        ----------
        kind
            One of `Kind`.
        name
            As the store has it; see `values.name`.
        """
        data = DOMAIN + kind.encode() + b"\0" + name.encode()
        if self._key is None:
            return sha256(data).hexdigest()
        return hmac.digest(self._key, data, "sha256").hex()

    def marks(self, entity: str) -> list[Mark]:
        """Return the marks of an entity: one for each form in which the store may have its name."""
        name, *shown = forms_of(entity)
        return [
            self.mark(name),
            *(self.mark(form)._replace(is_shown=True) for form in shown),
        ]

    def mark(self, name: str) -> Mark:
        """Return the mark of a name in one form."""
        return Mark(self.of(Kind.ENTITY, name), len(name))


def digests_of(settings: Settings) -> Digests:
    """Return what finds names that were erased; they stay erased as long as the key is the same."""
    key = settings.hash_key
    return Digests(None if key is None else key.get_secret_value().encode())


def forms_of(entity: str) -> list[str]:
    """Return how the store has the name of an entity.

    Anomalies have the name itself, incidents what people see of it: short, and on one line. So do
    the terms of a search in the audit trail. The name itself comes first.
    """
    shown = (entity_name(entity), shortened(entity, values.LONGEST_NAME))
    return [*dict.fromkeys(values.name(form) for form in (entity, *shown) if form)]
