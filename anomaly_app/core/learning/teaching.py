"""Which anomalies to look at first, so that each label says as much as possible.

A label on what is least clear says most: uncertainty sampling (Lewis and Gale, 1994). But ten
labels on one kind of anomaly say little more than three, so kinds that have labels, or are chosen
already, count less.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Candidate(NamedTuple):
    """An anomaly that nobody has judged."""

    id: str
    unclear: float
    """How near to the threshold it is, 0 to 1."""
    kind: str | None
    """The feature that is most unusual; None is a kind as well."""


def most_teaching(
    candidates: Sequence[Candidate], labelled: Mapping[str | None, int], most: int
) -> list[Candidate]:
    """Return those that teach most, the first the most.

    Parameters
    ----------
    candidates
        In any order.
    labelled
        How many of each kind were labelled lately.
    most
        How many are wanted.
    """
    waiting: dict[str | None, list[Candidate]] = {}
    for one in sorted(candidates, key=lambda one: (one.unclear, one.id)):
        waiting.setdefault(one.kind, []).append(one)
    chosen: list[Candidate] = []
    known = Counter(labelled)
    while waiting and len(chosen) < most:
        kind = max(waiting, key=lambda kind: _worth(waiting[kind][-1], known[kind]))
        chosen.append(waiting[kind].pop())
        known[kind] += 1
        if not waiting[kind]:
            del waiting[kind]
    return chosen


def _worth(one: Candidate, known: int) -> tuple[float, str]:
    return one.unclear / (1 + known), one.id
