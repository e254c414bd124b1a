"""An alert: what a person needs to know to act on an anomaly, as text."""

from dataclasses import dataclass
from typing import Self

from anomaly_app.core.model.wording import reason_in_words
from anomaly_app.core.scoring.anomaly import Anomaly
from anomaly_app.core.wording import NOTHING, how_unusual

MOST_REASONS = 3
"""Maximum number of reasons in an alert; the anomaly in Kafka has all of them."""

LONGEST_WORD = 80
"""Maximum length of a single value: names and values come from the stream and may be anything."""

LONGEST_TOPIC = 249
"""Maximum length of a topic name in Kafka."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; each text is short and printable, whatever is in the stream.

    Parameters
    ----------
    anomaly_id
        As read from Kafka: it may be anything, of any length.
    severity, entity, time
        Taken from the anomaly; the entity is `NOTHING` if it is not known.
    score, threshold, rarity
        How unusual the transaction is.
    reasons
        The strongest reasons, in words.
    source
        Where the transaction is in Kafka.
    model
        Name and version of the model that scored it.
    """

    anomaly_id: str
    severity: str
    entity: str
    time: str
    score: str
    threshold: str
    rarity: str
    reasons: tuple[str, ...]
    source: str
    model: str

    @classmethod
    def of(cls, anomaly: Anomaly) -> Self:
        """Create the alert for an anomaly.

        Raises
        ------
        ValueError
            The anomaly's id does not name its source.
        """
        topic, partition, offset = (_shorten(part, LONGEST_TOPIC) for part in anomaly.source)
        return cls(
            anomaly_id=anomaly.id,
            severity=_shorten(anomaly.severity),
            entity=NOTHING if anomaly.entity is None else _shorten(anomaly.entity),
            time=_shorten(anomaly.time),
            score=_shorten(f"{anomaly.score:.3f}"),
            threshold=_shorten(f"{anomaly.threshold:.3f}"),
            rarity=_shorten(how_unusual(anomaly.p_value)),
            reasons=tuple(
                reason_in_words(reason, _shorten) for reason in anomaly.reasons[:MOST_REASONS]
            ),
            source=f"{topic} partition {partition} offset {offset}",
            model=f"{_shorten(anomaly.model.name)} {_shorten(anomaly.model.version)}",
        )

    @property
    def title(self) -> str:
        """Severity and entity of the anomaly."""
        return f"{self.severity.capitalize()} anomaly" + (
            f": {self.entity}" if self.entity != NOTHING else ""
        )

    @property
    def headline(self) -> str:
        """The title and the time."""
        return f"{self.title} at {self.time}"

    @property
    def details(self) -> tuple[str, ...]:
        """How unusual the transaction is, why, and where it is in Kafka."""
        rarity = f"score {self.score} (threshold {self.threshold}), {self.rarity}"
        return (rarity, *self.reasons, self.source)

    @property
    def text(self) -> str:
        """The whole alert as one line of plain text, for logs."""
        return " | ".join((self.headline, *self.details))


def _shorten(value: object, most: int = LONGEST_WORD) -> str:
    text = " ".join(str(value).split())[: most + 1]
    if not text.isprintable():
        # Unprintable characters could overwrite a terminal's line or reverse its text.
        text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= most else text[: most - 1] + "…"
