"""Counts of what a demo sent and what came back, and their summary."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from demo.messages import Message
from demo.scenario import Event
from training.checks.alert_share import alert_share_warning

SEVERITIES = ("critical", "high", "medium")

NO_REASONS: Mapping[str, int] = {}


@dataclass
class Tally:
    """Sent records by their position in Kafka, anomalies by the id of their source, and messages.

    Parameters
    ----------
    transactions_topic
        Prefix of the anomalies' ids.
    """

    transactions_topic: str
    sent: int = 0
    sent_at: dict[str, float] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    seen_at: dict[str, float] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    def record_sent(self, event: Event, *, partition: int, offset: int, at: float) -> None:
        """Record that Kafka has a record; `at` is when it was produced, in seconds."""
        anomaly_id = f"{self.transactions_topic}-{partition}-{offset}"
        self.events[anomaly_id] = event
        self.sent_at[anomaly_id] = at

    def record_anomaly(self, anomaly_id: str, *, at: float) -> bool:
        """Record that an anomaly came back `at` a time, in seconds; False for a repeat."""
        if anomaly_id in self.seen_at:
            return False
        self.seen_at[anomaly_id] = at
        return True

    def latency_ms(self, quantile: float) -> float | None:
        """Return a quantile of the time from produce to anomaly, in milliseconds."""
        pairs = [(self.sent_at[i], at) for i, at in self.seen_at.items() if i in self.sent_at]
        if not pairs:
            return None
        return round(float(np.quantile([seen - sent for sent, seen in pairs], quantile)) * 1e3, 1)

    def precision(self) -> float | None:
        """Return the share of anomalies that are labelled so; None without labels."""
        return _share(self._label(anomaly_id) for anomaly_id in self.seen_at)

    def messages_right(self) -> float | None:
        """Return the share of the incidents people were told of that have a labelled anomaly."""
        labels = ([self._label(one) for one in message.anomalies] for message in self.told())
        return _share(True if any(found) else found[0] for found in labels if found)

    def told(self) -> list[Message]:
        """Return the last message about each incident, the most severe first."""
        latest = {one.incident: one for one in self.messages if one.incident is not None}
        return sorted(latest.values(), key=lambda one: SEVERITIES.index(one.severity))

    def _label(self, anomaly_id: str) -> bool | None:
        event = self.events.get(anomaly_id)
        return None if event is None else event.label

    def recall(self) -> float | None:
        """Return the share of labelled anomalies that came back; None without any."""
        return self._recall_by(lambda _: "all").get("all")

    def recall_by_kind(self) -> dict[str, float]:
        """Return the recall of each kind of anomaly, if kinds are known."""
        return self._recall_by(lambda event: event.kind)

    def recall_by_class(self) -> dict[str, float]:
        """Return the recall of each class of anomalies, if classes are known."""
        return self._recall_by(lambda event: event.anomaly_class)

    def class_by_kind(self) -> dict[str, str]:
        """Return the class of each kind of anomaly that was sent, if classes are known."""
        sent = (event for event in self.events.values() if event.label)
        return {event.kind: event.anomaly_class for event in sent if event.anomaly_class}

    def _recall_by(self, name_of: Callable[[Event], str | None]) -> dict[str, float]:
        came_back: dict[str, list[bool]] = defaultdict(list)
        for anomaly_id, event in self.events.items():
            if event.label and (name := name_of(event)):
                came_back[name].append(anomaly_id in self.seen_at)
        return {name: round(sum(of) / len(of), 4) for name, of in sorted(came_back.items())}


def _share(labels: Iterable[bool | None]) -> float | None:
    known = [label for label in labels if label is not None]
    return round(sum(known) / len(known), 4) if known else None


def add_up(stats: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Add up the counters of several workers' ``/stats``."""
    total: Counter[str] = Counter()
    for one in stats:
        total.update(
            {name: one[name] for name in ("events", "scored", "anomalies", "dead_letters")}
        )
        total["taken_in"] += sum(one["alerts"].values())
        # Null except on the worker that has the log of alerts.
        if (incidents := one["incidents"]) is not None:
            total["incidents"] += sum(incidents["open"].values())
            total["untold"] += incidents["untold"]
    return dict(total)


def advice_of(stats: Iterable[dict[str, Any]]) -> list[str]:
    """Merge the advice in several workers' ``/stats``."""
    return sorted({line for one in stats for line in one["advice"]})


def reasons_of(stats: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Add up several workers' dead letters by reason, the most frequent first."""
    total: Counter[str] = Counter()
    for one in stats:
        total.update(one["dead_letters_by_reason"])
    return dict(total.most_common())


def summarise(
    tally: Tally,
    totals: dict[str, int],
    *,
    reasons: Mapping[str, int] = NO_REASONS,
    advice: Sequence[str] = (),
    alert_rate: float | None = None,
    seconds: float,
) -> dict[str, Any]:
    """Return the summary of a run as JSON-compatible values.

    Parameters
    ----------
    tally
        What was sent and what came back.
    totals
        The workers' counters, added up.
    reasons
        Dead letters by reason.
    advice
        The workers' advice about the stream.
    alert_rate
        Share of the transactions that should have alerted.
    seconds
        How long traffic was sent.
    """
    return {
        "sent": tally.sent,
        "scored": totals.get("scored", 0),
        "anomalies": totals.get("anomalies", 0),
        "incidents": totals.get("incidents", 0),
        "messages": len(tally.messages),
        "told": [
            {
                "severity": one.severity,
                "headline": one.headline,
                "why": next(iter(one.details), ""),
            }
            for one in tally.told()
        ],
        "untold": totals.get("untold", 0),
        "dead_letters": totals.get("dead_letters", 0),
        "dead_letters_by_reason": dict(reasons),
        "rejected_share": (
            round(totals["dead_letters"] / totals["events"], 4) if totals.get("events") else None
        ),
        "alert_share": _alert_share(alert_rate, totals),
        "advice": [*advice],
        "p50_ms": tally.latency_ms(0.5),
        "p99_ms": tally.latency_ms(0.99),
        "messages_right": tally.messages_right(),
        "precision": tally.precision(),
        "recall": tally.recall(),
        "recall_by_class": tally.recall_by_class(),
        "recall_by_kind": tally.recall_by_kind(),
        "class_by_kind": tally.class_by_kind(),
        "seconds": round(seconds, 1),
        "events_per_second": round(tally.sent / seconds, 1) if seconds else None,
    }


def _alert_share(asked: float | None, totals: dict[str, int]) -> str | None:
    found, scored = totals.get("anomalies", 0), totals.get("scored", 0)
    odd = None if asked is None else alert_share_warning(asked, found, scored)
    if odd is None:
        return None
    if not found:
        return (
            f"{odd}: the traffic is more ordinary than the rows that the threshold was set on; "
            "check that the table above has the right key and features, or raise ALERT_RATE"
        )
    return (
        f"{odd}: the traffic differs from the history; check which feature the anomalies name, and "
        "whether it drifts over time (leave it out with ROLES='without=…') or the history is too "
        "short"
    )
