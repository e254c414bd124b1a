"""What anomalies come to, computed from all messages at once, without a database."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.messages import read_feedback
from anomaly_app.core.learning.label import About, Basis, Label, Undo, Verdict
from anomaly_app.core.learning.together import Closeness, Said, put_together
from anomaly_app.core.times import parse_time
from tests.support.stores import GROUP, TOPICS, Message


def expected_verdicts(messages: Sequence[Message]) -> dict[str, str | None]:
    """Verdicts of anomalies by their id, after messages in any order."""
    newest = sorted(messages, key=lambda one: (one.timestamp, one.partition, one.offset))
    anomalies = {
        found["id"]: found
        for one in newest
        if one.topic == TOPICS.anomalies and (found := _json(one))
    }
    told = [one for one in newest if one.topic == TOPICS.incidents]
    member_of = {f["anomaly"]: f["incident"] for one in told if "anomaly" in (f := _json(one))}
    merged = {f["id"]: f["merged_into"] for one in told if "id" in (f := _json(one))}
    said = [read_feedback(one.value, GROUP) for one in newest if one.topic == TOPICS.feedback]
    undone = [one for one in said if isinstance(one, Undo)]
    labels = {one.id: one for one in said if one is not None and _labels(one)}
    return {
        name: _verdict(found, list(labels.values()), undone, _steps(member_of.get(name), merged))
        for name, found in anomalies.items()
    }


def _json(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(message.value or b"{}")
    return found


def _labels(one: object) -> bool:
    return isinstance(one, Label) or (isinstance(one, Press) and one.action in set(Verdict))


def _steps(incident: str | None, merged: dict[str, str | None]) -> set[str]:
    steps: set[str] = set()
    while incident is not None and incident not in steps:
        steps.add(incident)
        incident = merged.get(incident)
    return steps


def _verdict(
    anomaly: dict[str, Any], labels: Sequence[Any], undone: Sequence[Undo], incidents: set[str]
) -> str | None:
    applies = []
    for one in labels:
        closeness = _closeness(one, anomaly, incidents)
        if closeness is not None:
            taken_back = [undo.at for undo in undone if undo.said == one.id]
            verdict = Verdict(one.action) if isinstance(one, Press) else one.verdict
            basis = Basis.OPINION if isinstance(one, Press) else one.basis
            undone_at = min(taken_back, default=None)
            applies.append(Said(one.id, closeness, verdict, basis, one.user, one.at, undone_at))
    judged = put_together(applies, math.inf)
    if judged is None:
        return None
    return "disputed" if judged.verdict is None else str(judged.verdict)


def _closeness(one: Any, anomaly: dict[str, Any], incidents: set[str]) -> Closeness | None:
    if isinstance(one, Press):
        return Closeness.INCIDENT if one.incident in incidents else None
    if one.about == About.ANOMALY:
        return Closeness.ITSELF if one.name == anomaly["id"] else None
    if one.about == About.TRANSACTION:
        return Closeness.ITSELF if one.name == anomaly["transaction_id"] else None
    time = parse_time(anomaly["time"])
    until = one.at if one.until is None else min(one.at, one.until)
    is_meant = one.name == anomaly["entity"] and (one.since or 0.0) <= time <= until
    return Closeness.ENTITY if is_meant else None
