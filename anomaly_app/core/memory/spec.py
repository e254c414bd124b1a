"""What is remembered: keys and their features, as data that a model's manifest holds."""

import hashlib
from typing import Any, Literal

import msgspec

from anomaly_app.core.memory.durations import DAY, duration_of, duration_text, usual_hop
from anomaly_app.core.memory.features import Feature, feature_of
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError

FORMAT = 1
"""Number of the meaning of records and features: it is a part of every hash."""

LEAST_ENTITIES, MOST_ENTITIES = 2**9, 2**24
"""Capacity of a partition."""

MOST_FEATURES = 250
MOST_BUCKETS = 60
"""Hops in a window."""

LONGEST_LATENESS = DAY

ENTITY = "entity"
"""Name of the first key. As a text, for a counterpart, it is the entity: ``distinct:entity:1d``."""

SMALLEST, LARGEST = 1e-100, 1e100
"""Units and typical values."""

UNIT = 0.01
"""Resolution of fields that the spec names no unit for."""


class KeySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of one kind of entity.

    Parameters
    ----------
    features
        Names of features; see `features.FORMS`.
    name
        ``entity``, which a record belongs to by its key, or ``counterpart``, by a field.
    field
        The field that holds the key; None is the model's own key.
    lateness
        Events that are older than an entity's latest by more are not applied.
    capacity
        Entities that a partition remembers, a power of two. A block holds 512, and forgets the one
        with the oldest event when it is full: from about 9 in 10 of the capacity on, some do.
    units
        Resolution of fields in windows, `UNIT` unless given: sums are kept as integers.
    typical
        What fields usually are in the whole stream, above 0: ``ratio:sum`` and ``relative`` begin
        with it for entities without much of a past.
    hops
        How far a window advances at a time, by window; about a sixth of it unless given.
    cells
        Size of counters. ``small``: a bucket counts up to 65,535 events, and sums up to two
        thousand million units; ``large``: two thousand million events, and 10 ** 17 units.
    """

    features: tuple[str, ...]
    name: Literal["entity", "counterpart"] = "entity"
    field: str | None = None
    lateness: str = "10m"
    capacity: int = 2**17
    units: dict[str, float] = {}
    typical: dict[str, float] = {}
    hops: dict[str, str] = {}
    cells: Literal["small", "large"] = "small"

    @property
    def sha256(self) -> str:
        """Hash of what is remembered and how, in hexadecimal digits."""
        return _sha256(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the features in a model: those of a counterpart say whose they are."""
        if self.name == ENTITY:
            return self.features
        return tuple(f"{self.field}/{name}" for name in self.features)

    @property
    def parsed(self) -> tuple[Feature, ...]:
        """The features, taken apart."""
        return tuple(feature_of(name) for name in self.features)

    @property
    def lateness_ms(self) -> int:
        """The lateness in milliseconds."""
        return duration_of(self.lateness, "lateness")

    def hop(self, window: int) -> int:
        """Return how far a window advances at a time; both in milliseconds.

        Raises
        ------
        DataError
            The spec names none, and none is obvious.
        """
        text = duration_text(window)
        if text in self.hops:
            return duration_of(self.hops[text], f"hop of {text}")
        hop = usual_hop(window)
        if hop is None:
            raise DataError(
                f"window {text}: no round hop divides it: name one: hops: {{{text}: …}}"
            )
        return hop


class MemorySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model remembers.

    Parameters
    ----------
    keys
        The entity, and perhaps a counterpart.
    timezone
        IANA time zone of usual hours.
    """

    keys: tuple[KeySpec, ...]
    timezone: str = "UTC"

    @property
    def counterpart_field(self) -> str:
        """Name of the field with the counterpart; empty if none is remembered."""
        return next((key.field or "" for key in self.keys[1:]), "")

    def sha256_of(self, key: KeySpec) -> str:
        """Return the hash of all that a memory depends on, besides the log, in hexadecimal."""
        return _sha256((key, self.timezone))


def read_spec(data: Any) -> MemorySpec:
    """Read and check a spec.

    Parameters
    ----------
    data
        Dictionaries, lists, strings and numbers, as read from JSON or YAML.

    Returns
    -------
    MemorySpec
        With names and durations in their usual spelling, so that equal specs have equal hashes.

    Raises
    ------
    DataError
        It is not a spec; the text is one line that names the feature and says what to do.
    """
    try:
        spec = msgspec.convert(data, MemorySpec)
    except msgspec.ValidationError as fault:
        raise DataError(f"memory: {fault}") from None
    names = [key.name for key in spec.keys]
    if names not in (["entity"], ["entity", "counterpart"]):
        raise DataError(f"memory: keys are entity, or entity and counterpart, not {names}")
    if len(spec.keys) > 1 and spec.keys[1].field is None:
        raise DataError("memory: the counterpart needs a field: field: merchant")
    return msgspec.structs.replace(spec, keys=tuple(_checked(key) for key in spec.keys))


def _checked(key: KeySpec) -> KeySpec:
    features = key.parsed
    names = [feature.name for feature in features]
    if not 1 <= len(names) <= MOST_FEATURES:
        raise DataError(f"memory of the {key.name}: it needs 1 to {MOST_FEATURES} features")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise DataError(f"memory of the {key.name}: feature {quoted(twice[0])} is there twice")
    if key.lateness_ms > LONGEST_LATENESS:
        raise DataError(f"lateness {key.lateness} is more than {duration_text(LONGEST_LATENESS)}")
    size = key.capacity
    if not LEAST_ENTITIES <= size <= MOST_ENTITIES or size & (size - 1):
        raise DataError(
            f"capacity {size} is not a power of two from {LEAST_ENTITIES} to {MOST_ENTITIES:,}: "
            f"write {1 << max(9, min(24, (size - 1).bit_length()))}"
        )
    _check_numbers(key, features)
    hops = {
        duration_text(duration_of(window, "hops")): duration_text(
            duration_of(hop, f"hop of {window}")
        )
        for window, hop in key.hops.items()
    }
    checked = msgspec.structs.replace(
        key, features=tuple(names), hops=hops, lateness=duration_text(key.lateness_ms)
    )
    _check_hops(checked, features)
    return checked


def _check_numbers(key: KeySpec, features: tuple[Feature, ...]) -> None:
    known = {value for feature in features for value in (*feature.values, *feature.numbers)}
    for what, numbers in (("units", key.units), ("typical", key.typical)):
        for field, number in numbers.items():
            if field not in known:
                raise DataError(
                    f"{what}: no feature reads {quoted(field)} as a number: remove the line"
                )
            if not SMALLEST <= number <= LARGEST:
                raise DataError(
                    f"{what}: {quoted(field)} is {number}: it has to be above 0 and finite"
                )


def _check_hops(key: KeySpec, features: tuple[Feature, ...]) -> None:
    windows = {window for feature in features for window in feature.windows}
    for text, hop in key.hops.items():
        window, size = duration_of(text, "hops"), duration_of(hop, f"hop of {text}")
        if window not in windows:
            raise DataError(f"hops: no feature has the window {text}: remove the line")
        if not size or window % size or window // size > MOST_BUCKETS:
            raise DataError(f"hop of {text}: {hop} has to divide it into 1 to {MOST_BUCKETS} parts")
    for feature in features:
        if feature.kind == "first" and feature.window < key.lateness_ms:
            raise DataError(f"feature {quoted(feature.name)}: its span is less than the lateness")
        for window in feature.windows:
            key.hop(window)


def _sha256(spec: KeySpec | tuple[KeySpec, str]) -> str:
    written = msgspec.json.encode([FORMAT, spec], order="deterministic")
    return hashlib.sha256(written).hexdigest()
