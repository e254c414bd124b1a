"""How well groups agree with causes: F1 over all pairs of anomalies."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import comb


def pairwise_f1(groups: Sequence[Hashable], causes: Sequence[Hashable]) -> float:
    """Return the F1 of "in the same group" as a prediction of "of the same cause".

    Parameters
    ----------
    groups
        The group of each anomaly; None: a group of its own.
    causes
        The cause of each anomaly.
    """
    pairs = zip(groups, causes, strict=True)
    known = [(group, cause) for group, cause in pairs if group is not None]
    both = _pairs(Counter(known).values())
    same_group = _pairs(Counter(group for group, _ in known).values())
    same_cause = _pairs(Counter(causes).values())
    return 2.0 * both / (same_group + same_cause) if same_group + same_cause else 1.0


def best_field(
    fields: Sequence[Mapping[str, str]], causes: Sequence[Hashable]
) -> tuple[str, float]:
    """Return the field whose values agree best with the causes, and its F1."""
    names = sorted({name for one in fields for name in one})
    scores = {name: pairwise_f1([one.get(name) for one in fields], causes) for name in names}
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]


def _pairs(sizes: Iterable[int]) -> int:
    return sum(comb(size, 2) for size in sizes)
