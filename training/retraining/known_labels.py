"""Labels by what they are about, so that they can be joined to the rows of a history."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from anomaly_app.core.learning.label import About, Label, Undo
from anomaly_app.core.learning.together import Closeness, Said


class OfEntity(NamedTuple):
    """What was said of all transactions of an entity in a time."""

    said: Said
    since: float | None
    """Seconds since the epoch; None: from the beginning."""
    until: float

    def reaches(self, time: float) -> bool:
        """Whether a transaction of this time is meant."""
        return time <= self.until and (self.since is None or self.since <= time)


class KnownLabels:
    """All labels that were ever given, with when, and when they were taken back."""

    def __init__(self) -> None:
        self.transactions: defaultdict[str, list[Said]] = defaultdict(list)
        """By the transaction's own id."""
        self.anomalies: defaultdict[str, list[Said]] = defaultdict(list)
        """By topic, partition and offset; what was said of their incidents as well."""
        self.entities: defaultdict[str, list[OfEntity]] = defaultdict(list)
        self._ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def of_transaction(self, name: str, said: Said) -> None:
        """Add what was said of a transaction, by its own id."""
        self.transactions[name].append(said)
        self._ids.add(said.id)

    def of_anomaly(self, name: str, said: Said) -> None:
        """Add what was said of an anomaly or of its incident."""
        self.anomalies[name].append(said)
        self._ids.add(said.id)

    def of_entity(self, name: str, said: Said, since: float | None, until: float) -> None:
        """Add what was said of an entity; nobody knows what it will do after the label."""
        self.entities[name].append(OfEntity(said, since, min(until, said.at)))
        self._ids.add(said.id)


def known_labels(labels: Iterable[Label], undos: Iterable[Undo] = ()) -> KnownLabels:
    """Sort labels by what they are about.

    Parameters
    ----------
    labels
        Each with an id of its own.
    undos
        The first undo of a label counts.
    """
    undone: dict[str, float] = {}
    for undo in undos:
        undone.setdefault(undo.said, undo.at)
    known = KnownLabels()
    for label in labels:
        closeness = Closeness.ENTITY if label.about == About.ENTITY else Closeness.ITSELF
        said = Said(
            id=label.id,
            closeness=closeness,
            verdict=label.verdict,
            basis=label.basis,
            user=label.user,
            at=label.at,
            undone_at=undone.get(label.id),
        )
        match label.about:
            case About.ANOMALY:
                known.of_anomaly(label.name, said)
            case About.TRANSACTION:
                known.of_transaction(label.name, said)
            case About.ENTITY:
                until = label.at if label.until is None else label.until
                known.of_entity(label.name, said, label.since, until)
    return known
