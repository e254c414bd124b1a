"""What messages do not show of a transaction: fields that are masked, or hashed with a key."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Self, TypeAlias

from anomaly_app.core.decoding.decoded import Transaction, entity_of
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.memory.features import feature_of
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.errors import DataError

MASKED = "•••"
"""What stands for any masked value."""

DIGITS = 16
"""Hexadecimal digits of a hash: that two of a million values have the same is as likely as 1 in
37 million."""

WHOLE = 2.0**53
"""Below it, a double tells whole numbers apart."""

ENVELOPES = ("payload.after.", "after.", "payload.")
"""Where a transaction may be in a record, besides the payload of the settings."""

Replace: TypeAlias = Callable[[str], str]
"""Returns what is shown instead of a value."""


def text_of(value: FeatureValue) -> str:
    """Return a value as a text: 42, 42.0 and "42" are the same one."""
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


class Masks:
    """Which fields are masked or hashed, wherever they are.

    A name stands for each field of this name, at any depth; one with dots for the end of a path.
    If a feature, the key or the id is in such a field, it is masked under its other names as well.

    Parameters
    ----------
    wire
        Where features, key and id are in a record; its roles say what is masked.
    schema
        The model's features.
    hash_key
        Secret with which values are hashed; None: they are masked instead.
    """

    def __init__(self, wire: Wire, schema: FeatureSchema, hash_key: bytes | None) -> None:
        self._key = hash_key
        hashed: Replace = _mask if hash_key is None else self._hash
        said: dict[str, Replace] = {
            **dict.fromkeys(wire.roles.hashed, hashed),
            **dict.fromkeys(wire.roles.masked, _mask),
        }
        self._rules: dict[str, Replace] = {}
        for name, replace in said.items():
            self._rules |= dict.fromkeys(_names_within(name, wire), replace)
        names = [feature.name for feature in wire.features]
        things = [
            (*wire.parts.key, *wire.flat_parts.key),
            (*wire.parts.id, *wire.flat_parts.id),
            *zip(names, wire.fields, strict=True),
        ]
        for thing in things:
            self._shared(thing)
        # Another name of one thing may be a name of another one.
        self._entity, self._id, *sent = [self._shared(thing) for thing in things]
        self.positions = sent if any(sent) else []
        """What is shown instead of each value of a transaction without names; empty: the values."""
        of_field = dict(zip(names, sent, strict=True))
        self._features = {
            feature.name: shown
            for feature in schema.features
            if (shown := _of_feature(feature.name, of_field)) is not None
        }
        self.longest = max(map(len, self._rules), default=0) + 1
        """Characters at the end of a path that tell whether it is masked."""

    @classmethod
    def of(cls, wire: Wire, schema: FeatureSchema, hash_key: bytes | None) -> Self | None:
        """Return the masks that the roles name; None if they name none."""
        is_any = wire.roles.masked or wire.roles.hashed
        return cls(wire, schema, hash_key) if is_any else None

    @property
    def hides_entities(self) -> bool:
        """Whether messages do not name the entity, or by its hash alone."""
        return self._entity is not None

    def entity_of(self, transaction: Transaction, key: bytes | None) -> str | None:
        """Return the entity that is shown; see `decoded.entity_of`."""
        entity = entity_of(transaction.entity, key)
        if self._entity is None or entity is None:
            return entity
        named = transaction.entity
        return self._entity(entity if named is None else text_of(named))

    def id_of(self, transaction: Transaction) -> FeatureValue:
        """Return the sender's own id, or what is shown instead."""
        return transaction.id if self._id is None else _replaced(transaction.id, self._id)

    def at(self, path: str) -> Replace | None:
        """Return what is shown instead of a field; None: the field itself.

        Parameters
        ----------
        path
            The end of its path, with a dot before each name.
        """
        found = [name for name in self._rules if path.endswith(f".{name}")]
        return self._rules[max(found, key=len)] if found else None

    def reason(self, reason: Reason) -> Reason:
        """Return a reason without what is masked."""
        replace = self._features.get(reason.feature)
        if replace is None:
            return reason
        value, expected = _replaced(reason.value, replace), _replaced(reason.expected, replace)
        return Reason(reason.feature, value, expected, reason.share)

    def feature(self, name: str, value: FeatureValue) -> FeatureValue:
        """Return a feature's value, or what is shown instead."""
        replace = self._features.get(name)
        return value if replace is None else _replaced(value, replace)

    def key_of(self, entity: str | None) -> bytes | None:
        """Return the key of a message: the entity that it shows, unless that is the same for all.

        Whatever the key of the record is, it might be what is masked.
        """
        return None if entity is None or self._entity is _mask else entity.encode()

    def _shared(self, names: Iterable[str]) -> Replace | None:
        """Mask all names of one thing if one of them is masked."""
        known = dict.fromkeys(names)
        replace = next((found for name in known if (found := self.at(f".{name}"))), None)
        if replace is not None:
            for name in known:
                self._rules.setdefault(name, replace)
        return replace

    def _hash(self, text: str) -> str:
        assert self._key is not None  # noqa: S101  # it is not used without
        digest = hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256")
        return digest.hex()[:DIGITS]


def _mask(_: str) -> str:
    return MASKED


def _replaced(value: FeatureValue, replace: Replace) -> FeatureValue:
    is_missing = value is None or (isinstance(value, float) and not isfinite(value))
    return None if is_missing else replace(text_of(value))


def _names_within(name: str, wire: Wire) -> Iterator[str]:
    """Yield a name, and what it is within the transaction if it is a path from the record."""
    yield name
    payload = () if wire.payload is None else (f"{wire.payload}.",)
    for prefix in (*payload, *ENVELOPES):
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            yield name
            break
    if name.startswith("features."):
        yield name.removeprefix("features.")


def _of_feature(name: str, of_field: dict[str, Replace | None]) -> Replace | None:
    """Return what is shown instead of a feature: also of one that is computed of masked numbers."""
    if name in of_field:
        return of_field[name]
    try:
        numbers = feature_of(name.rpartition("/")[2]).numbers
    except DataError:
        return None
    return next((found for number in numbers if (found := of_field.get(number))), None)
