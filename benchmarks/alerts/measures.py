"""How good a policy is on a stream: how much it sends, what it tells of, and how soon."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from benchmarks.alerts.pairwise import best_field, pairwise_f1
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import CAUSE_KINDS, DAY, CauseKind
from benchmarks.alerts.told import mentioned, subject, times_of, told_at
from benchmarks.alerts.truth import Truth, fields_of

MANY = 200
"""Entities from which on a campaign has to be few messages."""


class Delays(msgspec.Struct, frozen=True):
    """Seconds from the first anomaly of a cause until somebody is told of it."""

    causes: int
    p50: float | None
    p95: float | None


class Measured(msgspec.Struct, frozen=True):
    """One policy on one stream.

    Parameters
    ----------
    messages_a_day
        All digests that are sent at the same time are one message.
    most_a_day
        Messages of the day with most of them.
    fewer
        Share of the messages that are saved against one message an anomaly.
    covered
        Share of the causes with an anomaly that a message or a digest tells of.
    by_message, by_digest_only
        The parts of `covered` with a message of their own, and with a line in a digest only.
    messages_a_cause
        Messages whose subject is a cause, on average over the causes that have one.
    mentions_a_cause
        Messages in which any anomaly of a cause is, on average over the causes that have one.
    causes_a_message
        Causes of which a message has anomalies, on average over the messages that have any.
    without_cause
        Share of the messages whose subject is no cause.
    delays
        Until a message or a digest: of ``all`` causes, of those whose first anomaly is
        ``critical``, and of each kind.
    own_delays
        Until a message: of all causes, and of the critical ones.
    until_told, until_message
        The same by cause: seconds until a message or a digest, and until a message.
    messages_a_large_campaign, most_a_large_campaign
        Messages whose subject is a campaign with at least `MANY` entities: mean, and maximum.
    mentions_a_large_campaign
        Messages in which any of its anomalies is: mean.
    twins_f1, best_field_f1
        F1 over pairs among the anomalies of two campaigns at the same time: of the incidents, and
        of the values of the one field that does best. None: there are no two.
    best_field
        The field.
    """

    policy: str
    family: str
    seed: int
    messages_a_day: float
    most_a_day: int
    fewer: float
    covered: float
    by_message: float
    by_digest_only: float
    messages_a_cause: float | None
    mentions_a_cause: float | None
    causes_a_message: float | None
    without_cause: float | None
    delays: dict[str, Delays]
    own_delays: dict[str, Delays]
    until_told: dict[str, float]
    until_message: dict[str, float]
    messages_a_large_campaign: float | None
    most_a_large_campaign: int | None
    mentions_a_large_campaign: float | None
    twins_f1: float | None
    best_field_f1: float | None
    best_field: str | None


def measure(truth: Truth, policy: str, sent: Sequence[Sent]) -> Measured:
    """Measure what a policy sent for a stream."""
    stream = truth.stream
    messages = [one for one in sent if one.kind == "message"]
    until_told, until_message = _passed(truth, sent), _passed(truth, messages)
    subjects = [subject(truth, one) for one in messages]
    mentions = [mentioned(truth, one) for one in messages]
    about = Counter(cause for cause in subjects if cause is not None)
    in_any = Counter(cause for causes in mentions for cause in causes)
    times = times_of(sent)
    days = np.bincount([int((at - stream.begin) // DAY) for at in times] or [0])
    causes = len(truth.members)
    large = [
        cause
        for cause in truth.members
        if truth.causes[cause].kind == "campaign" and truth.causes[cause].entities >= MANY
    ]
    twins, fields, names = _twins(truth, sent)
    return Measured(
        policy=policy,
        family=stream.family,
        seed=stream.seed,
        messages_a_day=len(times) / stream.days,
        most_a_day=int(days.max()) if times else 0,
        fewer=1.0 - len(times) / max(len(stream.arrivals), 1),
        covered=len(until_told) / max(causes, 1),
        by_message=len(until_message) / max(causes, 1),
        by_digest_only=(len(until_told) - len(until_message)) / max(causes, 1),
        messages_a_cause=_mean(about.values()),
        mentions_a_cause=_mean(in_any.values()),
        causes_a_message=_mean(len(causes) for causes in mentions if causes),
        without_cause=_mean(cause is None for cause in subjects),
        delays=_delays(truth, until_told, CAUSE_KINDS),
        own_delays=_delays(truth, until_message, ()),
        until_told=until_told,
        until_message=until_message,
        messages_a_large_campaign=_mean(about[cause] for cause in large),
        most_a_large_campaign=max((about[cause] for cause in large), default=None),
        mentions_a_large_campaign=_mean(in_any[cause] for cause in large),
        twins_f1=_mean(twins),
        best_field_f1=_mean(fields),
        best_field=max(names, key=names.count, default=None),
    )


def _passed(truth: Truth, sent: Iterable[Sent]) -> dict[str, float]:
    return {cause: at - truth.first[cause].at for cause, at in told_at(truth, sent).items()}


def _delays(
    truth: Truth, passed: dict[str, float], kinds: Sequence[CauseKind]
) -> dict[str, Delays]:
    found = {
        "all": [*passed.values()],
        "critical": [late for cause, late in passed.items() if truth.first[cause].is_critical],
    }
    for kind in kinds:
        found[kind] = [late for cause, late in passed.items() if truth.causes[cause].kind == kind]
    return {name: _summary(lates) for name, lates in found.items()}


def _summary(lates: Sequence[float]) -> Delays:
    if not lates:
        return Delays(0, None, None)
    p50, p95 = np.quantile(lates, [0.5, 0.95]).tolist()
    return Delays(len(lates), p50, p95)


def _twins(truth: Truth, sent: Sequence[Sent]) -> tuple[list[float], list[float], list[str]]:
    incidents: dict[int, str] = {}
    for one in sent:
        for member in one.members:
            incidents.setdefault(member, one.incident)
    ours, best, names = [], [], []
    for pair in truth.twins:
        members = [place for cause in pair for place in truth.members[cause]]
        causes = [truth.stream.arrivals[place].cause for place in members]
        ours.append(pairwise_f1([incidents.get(place) for place in members], causes))
        fields = [fields_of(truth.stream.arrivals[place].value) for place in members]
        name, score = best_field(fields, causes)
        best.append(score)
        names.append(name)
    return ours, best, names


def _mean(values: Iterable[float]) -> float | None:
    found = [*values]
    return float(np.mean(found)) if found else None
