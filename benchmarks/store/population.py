"""Anomalies as a year of card payments would have them: skewed entities, incidents, some labels."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomaly_app.core.scoring.severity import severity_of

ENTITIES = 100_000
SKEW = 1.1
"""Exponent of the frequencies of entities: the first has some hundredths of all anomalies."""

PARTITIONS = 12
ALERT_RATE = 0.01
THRESHOLD = 1.0 - ALERT_RATE**0.25
FEATURES = tuple(f"feature_{place}" for place in range(24))
VERSIONS = 4
IN_INCIDENTS, PER_INCIDENT = 0.6, 8
LABELLED = 0.03

YEAR = 365 * 86_400.0
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

AT_ONCE = 20_000


class Chunk(NamedTuple):
    """Some rows of each table, as they come in time."""

    anomalies: list[dict[str, Any]]
    members: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    labels: list[dict[str, Any]]


class Population:
    """Draws rows.

    Parameters
    ----------
    size
        Number of anomalies.
    seed
        Of all draws.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self.draw = np.random.default_rng(seed)
        weights = np.arange(1, ENTITIES + 1, dtype=np.float64) ** -SKEW
        self._entities: NDArray[np.float64] = np.cumsum(weights / weights.sum())
        weights = np.arange(1, len(FEATURES) + 1, dtype=np.float64) ** -SKEW
        self._features: NDArray[np.float64] = np.cumsum(weights / weights.sum())

    def entity(self) -> str:
        """Draw an entity, the more often the more anomalies it has."""
        return f"card-{self._place(self._entities):06d}"

    def feature(self) -> str:
        """Draw a feature in the same way."""
        return FEATURES[self._place(self._features)]

    def name(self) -> str:
        """Draw the id of an anomaly."""
        return name_of(int(self.draw.integers(self.size)))

    def incident(self) -> str:
        """Draw an incident."""
        return incident_of(int(self.draw.integers(self.size)))

    def moment(self) -> datetime:
        """Draw a time of the year."""
        return self._moment(int(self.draw.integers(self.size)))

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows, the oldest first."""
        for begin in range(0, self.size, AT_ONCE):
            yield self._chunk(range(begin, min(begin + AT_ONCE, self.size)))

    def _chunk(self, places: range) -> Chunk:
        made = Chunk([], [], [], [])
        rarities = self.draw.random(len(places))
        in_incident = self.draw.random(len(places)) < IN_INCIDENTS
        labelled = self.draw.random(len(places)) < LABELLED
        for place, rarity, joins, says in zip(
            places, rarities.tolist(), in_incident.tolist(), labelled.tolist(), strict=True
        ):
            row = self._anomaly(place, rarity)
            source = {name: row[name] for name in ("kafka_at", "kafka_partition", "kafka_offset")}
            if joins:
                row["incident"] = incident_of(place)
                made.members.append({"anomaly": row["id"], "incident": row["incident"]} | source)
                if place % PER_INCIDENT == 0:
                    made.incidents.append(_incident(row) | source)
            if says:
                label = _label(row, f"label-{place}")
                row |= {"verdict": label["verdict"], "basis": "opinion", "labelled_at": label["at"]}
                made.labels.append(label | source)
            made.anomalies.append(row)
        return made

    def _anomaly(self, place: int, rarity: float) -> dict[str, Any]:
        time, entity, feature = self._moment(place), self.entity(), self.feature()
        p_value = rarity * ALERT_RATE
        features = ",".join(f'"{name}":{place * 0.37 % 997:.3f}' for name in FEATURES[:10])
        return {
            "id": name_of(place),
            "entity": entity,
            "time": time,
            "detected_at": time,
            "score": 1.0 - p_value**0.25,
            "p_value": p_value,
            "threshold": THRESHOLD,
            "borderline": rarity,
            "severity": str(severity_of(p_value, ALERT_RATE)),
            "feature": feature,
            "model": "transactions",
            "model_version": str(1 + place * VERSIONS // self.size),
            "model_sha256": "ab" * 32,
            "transaction_id": f"payment-{place:010d}",
            "transaction_json": f'{{"card":"{entity}","id":"payment-{place:010d}",{features}}}',
            "features_json": f"{{{features}}}",
            "reasons_json": (
                f'[{{"feature":"{feature}","value":4210.5,"expected":28.75,"share":0.7}},'
                '{"feature":"shop","value":"casino","expected":"food","share":0.2}]'
            ),
            "kafka_at": time,
            "kafka_partition": place % PARTITIONS,
            "kafka_offset": place // PARTITIONS,
            "incident": None,
            "verdict": None,
            "basis": None,
            "labelled_at": None,
        }

    def _moment(self, place: int) -> datetime:
        return BEGIN + timedelta(seconds=YEAR * place / self.size)

    def _place(self, sums: NDArray[np.float64]) -> int:
        return min(int(np.searchsorted(sums, self.draw.random())), len(sums) - 1)


def name_of(place: int) -> str:
    """Return the id of an anomaly."""
    return f"transactions-{place % PARTITIONS}-{place // PARTITIONS * 100}"


def incident_of(place: int) -> str:
    """Return the incident of an anomaly that is in one."""
    return f"incident-{place // PER_INCIDENT:09d}"


def _incident(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["incident"],
        "title": f"{row['feature']} is unusual",
        "severity": row["severity"],
        "status": "resolved",
        "opened": row["time"],
        "last": row["time"],
        "resolved": row["time"],
        "anomalies": PER_INCIDENT,
        "entities": 1,
        "entity": row["entity"],
        "taken_by": None,
        "merged_into": None,
        "document_json": "{}",
    }


def _label(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "id": name,
        "about": "anomaly",
        "name": row["id"],
        "verdict": "fraud" if row["borderline"] < 0.5 else "expected",  # noqa: PLR2004  # half
        "basis": "opinion",
        "user_name": "ann",
        "via": "page",
        "note": "",
        "since": None,
        "until": None,
        "at": row["time"],
        "undone_at": None,
        "undone_by": None,
    }
