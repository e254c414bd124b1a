"""An anomaly as the incidents see it: small, with the reasons and the fields it may share."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.json_reading import read_json
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.wording import LARGEST
from anomaly_app.core.scoring.anomaly import Anomaly
from anomaly_app.core.scoring.masks import MASKED
from anomaly_app.core.times import parse_time

MOST_REASONS = 5
MOST_FIELDS = 24
"""Fields that are looked at; a transaction may have any number."""

LONGEST_NAME, LONGEST_VALUE = 64, 64
"""Characters of a field that may be shared; longer values are texts of their own."""

DEEPEST = 4
"""Levels of objects in objects that are looked into."""

ABOVE, BELOW, OTHER = "above", "below", "other"

LEAST_RARITY = 1e-12


class Origin(NamedTuple):
    """Where the anomaly's message is."""

    topic: str
    partition: int
    offset: int
    timestamp: float = 0.0
    """Of the message, in seconds since the epoch."""

    @property
    def log(self) -> str:
        """Name of its partition."""
        return f"{self.topic}-{self.partition}"


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """A reason of an anomaly."""

    feature: str
    direction: str
    """`ABOVE` or `BELOW` what is expected, or `OTHER`: another category, or missing."""
    actual: float | str | None
    expected: float | str | None
    share: float


class Sighting(msgspec.Struct, frozen=True, kw_only=True, tag="anomaly"):
    """An anomaly, as it is written to the log of alerts."""

    origin: Origin
    id: str
    """Topic, partition and offset of the transaction."""
    entity: str
    """Empty if it is not known."""
    time: float
    """Of the transaction, in seconds since the epoch."""
    p_value: float
    rarity: float
    """The p-value as a fraction of the alert rate: 1 is just an anomaly, 0.01 a critical one."""
    severity: str
    causes: tuple[Cause, ...]
    model: str
    fields: dict[str, str]
    """Scalar fields of the transaction, without numbers that are no integers."""
    counterpart: str = ""
    """Empty if it is not known."""

    def field(self, name: str) -> str:
        """Return the value of a field, by its name with or without those it is nested in."""
        if name in self.fields:
            return self.fields[name]
        return next((v for n, v in self.fields.items() if n.endswith(f".{name}")), "")


def sighting_of(anomaly: Anomaly, origin: Origin, counterpart: str = "") -> Sighting:
    """Convert an anomaly.

    Parameters
    ----------
    anomaly
        As read from the anomalies topic: anybody may have written it.
    origin
        Where it is.
    counterpart
        Name of the field that says whose counterpart it is; empty if none does.

    Raises
    ------
    ValueError
        Its id does not name its source, or its time cannot be read.
    """
    _ = anomaly.source
    causes = tuple(_cause(reason) for reason in anomaly.reasons[:MOST_REASONS])
    # The score of the threshold is 1 - alert_rate ** 0.25, see `core.calibration`.
    alert_rate = min(max(1.0 - anomaly.threshold, 0.0), 1.0) ** 4
    sighting = Sighting(
        origin=origin,
        id=shortened(anomaly.id, 300),
        entity=entity_name(anomaly.entity),
        time=parse_time(anomaly.time),
        p_value=_probability(anomaly.p_value),
        rarity=_rarity(anomaly.p_value, alert_rate),
        severity=shortened(anomaly.severity, 16),
        causes=causes,
        model=f"{shortened(anomaly.model.name)} {shortened(anomaly.model.version)}",
        fields=fields_of(bytes(anomaly.transaction), anomaly.entity),
    )
    if not counterpart:
        return sighting
    return msgspec.structs.replace(sighting, counterpart=sighting.field(counterpart))


def entity_name(entity: str | None) -> str:
    """Return an entity as it is compared: one that is masked is not known."""
    return "" if entity is None or entity == MASKED else shortened(entity, LONGEST_VALUE)


def _probability(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 1.0


def _rarity(p_value: float, alert_rate: float) -> float:
    share = _probability(p_value) / alert_rate if alert_rate > 0.0 else 1.0
    return min(max(share, LEAST_RARITY), 1.0)


def _cause(reason: Reason) -> Cause:
    feature = shortened(reason.feature, LONGEST_NAME)
    actual, expected = _plain(reason.value), _plain(reason.expected)
    if isinstance(actual, float) and isinstance(expected, float):
        direction = ABOVE if actual >= expected else BELOW
    else:
        direction = OTHER
    share = reason.share if math.isfinite(reason.share) else 0.0
    return Cause(feature, direction, actual, expected, share)


def _plain(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return None if value is None else shortened(value, LONGEST_VALUE)
    # A number that does not fit into a float is told as a text.
    return float(value) if abs(value) < LARGEST else shortened(value, LONGEST_VALUE)


def fields_of(transaction: bytes, entity: str | None) -> dict[str, str]:
    """Return what a transaction says, as far as other transactions may say the same.

    Parameters
    ----------
    transaction
        As JSON; anything else has no fields.
    entity
        Whose it is: what only names it is left out.
    """
    found: dict[str, str] = {}
    try:
        content = read_json(transaction)
    except (ValueError, RecursionError):
        return found
    for name, value in _leaves(content, "", DEEPEST):
        if len(found) == MOST_FIELDS:
            break
        text = _shared(value)
        if text is None or len(name) > LONGEST_NAME:
            continue
        if text != entity:
            found[shortened(name, LONGEST_NAME)] = shortened(text, LONGEST_VALUE)
    return found


def _leaves(value: Any, name: str, levels: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if levels:
            for key, inner in value.items():
                yield from _leaves(inner, f"{name}.{key}" if name else str(key), levels - 1)
    elif name:
        yield name, value


def _shared(value: Any) -> str | None:
    """Return a value as text, if it may be the same in many transactions."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < LARGEST:
        return str(value)
    is_name = isinstance(value, str) and 0 < len(value) <= LONGEST_VALUE and value != MASKED
    return value if is_name else None
