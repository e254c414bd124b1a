"""What people learn of causes by what is sent: which ones, when, and which a message is about."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.truth import Truth


def mentioned(truth: Truth, sent: Sent) -> set[str]:
    """Return the causes of which any anomaly is in a message or in a line of a digest.

    A message is edited as it goes on, and has later anomalies as well. A line of a digest is not.
    """
    causes = {truth.stream.arrivals[place].cause for place in _places(truth, sent)}
    return {cause for cause in causes if cause is not None}


def subject(truth: Truth, sent: Sent) -> str | None:
    """Return the cause that a message is about; None: about false alarms.

    It is the cause of most of the anomalies that have come when it is sent. If there are as many of
    another one, the earlier one counts; if as many have none, the cause does.
    """
    arrivals = truth.stream.arrivals
    # The time of a message can be rounded: it is about its first anomaly at least.
    come = [place for place in sent.members if arrivals[place].at <= sent.at] or sent.members[:1]
    counts = Counter(arrivals[place].cause for place in come)
    return max(counts, key=lambda cause: (counts[cause], cause is not None), default=None)


def told_at(truth: Truth, sent: Iterable[Sent]) -> dict[str, float]:
    """Return when somebody is told of each cause first, in seconds since the epoch.

    A message that is about later anomalies as well tells of them when they come.
    """
    told: dict[str, float] = {}
    arrivals = truth.stream.arrivals
    for one in sent:
        for place in _places(truth, one):
            at, cause = max(one.at, arrivals[place].at), arrivals[place].cause
            if cause is not None and at < told.get(cause, np.inf):
                told[cause] = at
    return told


def times_of(sent: Sequence[Sent]) -> list[float]:
    """Return when people get something to read: all lines of a digest are one message."""
    digests = {one.at for one in sent if one.kind == "digest"}
    return [*(one.at for one in sent if one.kind == "message"), *sorted(digests)]


def _places(truth: Truth, sent: Sent) -> Iterator[int]:
    arrivals = truth.stream.arrivals
    for place in sent.members:
        if sent.kind == "message" or arrivals[place].at <= sent.at:
            yield place
