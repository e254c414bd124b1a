"""What is known of a stream beside its causes: severities, and the fields of each anomaly."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.stream import Cause, Stream


class First(NamedTuple):
    """The first anomaly of a cause."""

    at: float
    is_critical: bool


class Truth:
    """A stream with what measures need of it.

    Parameters
    ----------
    stream
        The stream.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.causes: dict[str, Cause] = {cause.name: cause for cause in stream.causes}
        self.members: dict[str, list[int]] = {}
        """Places of each cause's anomalies; causes without any are left out."""
        for place, arrival in enumerate(stream.arrivals):
            if arrival.cause is not None:
                self.members.setdefault(arrival.cause, []).append(place)
        self.first = {cause: self._first(places[0]) for cause, places in self.members.items()}

    @property
    def twins(self) -> Iterator[tuple[str, str]]:
        """Pairs of campaigns at the same time, both with anomalies."""
        for cause in self.causes.values():
            if cause.twin in self.members and cause.name in self.members:
                yield cause.twin, cause.name

    def _first(self, place: int) -> First:
        arrival = self.stream.arrivals[place]
        return First(arrival.at, read_anomaly(arrival.value).severity == "critical")


def fields_of(value: bytes) -> dict[str, str]:
    """Return the fields of an anomaly that one could group by: of the transaction, and its own."""
    anomaly = read_anomaly(value)
    found = dict(_leaves(msgspec.json.decode(anomaly.transaction)))
    return {
        **found,
        "entity": str(anomaly.entity),
        "severity": anomaly.severity,
        "top feature": anomaly.reasons[0].feature if anomaly.reasons else "",
    }


def _leaves(value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _leaves(one)
        elif one is not None:
            yield name, str(one)
