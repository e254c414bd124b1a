"""Whether choosing how the default's members count pays on sets that were left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors import make_detector
from anomaly_app.core.detectors.ensemble import MEMBERS, EnsembleDetector
from anomaly_app.errors import DataError
from training.evaluation.protocols import PROTOCOLS, LabelledSet, Protocol, read_set, split
from training.evaluation.ranking import auc_and_ap

GROUPS = 8
"""Groups of sets that are left out in turn."""

SHUFFLINGS = 5
"""Times that the sets are divided into groups."""

WEIGHTS = (0, 1, 2)
"""How often a member may count."""

EXPONENTS = (1, 2, 3)
"""Of the logarithms of the p-values, before their mean is taken."""


@dataclass(frozen=True)
class Candidate:
    """One way to put the members together.

    Parameters
    ----------
    weights
        How often each of the default's members counts.
    exponent
        Of the logarithms of the p-values.
    """

    weights: tuple[int, ...]
    exponent: int

    def __str__(self) -> str:
        """Name the members that count."""
        counting = zip(self.weights, MEMBERS, strict=True)
        named = [f"{weight} {name}" for weight, name in counting if weight]
        return f"{', '.join(named)}; exponent {self.exponent}"


def weightings() -> list[tuple[int, ...]]:
    """List the weights that make a difference: all but none, and not twice the others."""
    every = product(WEIGHTS, repeat=len(MEMBERS))
    return [weights for weights in every if np.gcd.reduce(weights) == 1]


CANDIDATES = [Candidate(*pair) for pair in product(weightings(), EXPONENTS)]
"""What is chosen from. A member alone is there with each exponent, which changes nothing."""


@dataclass(frozen=True)
class Figures:
    """What was measured on one split of one set.

    Parameters
    ----------
    dataset
        Place of the set's file.
    protocol
        See `training.evaluation.protocols.PROTOCOLS`.
    candidates
        AUC and average precision of `CANDIDATES`, shape ``(candidates, 2)``.
    default
        The same of the default as it is, shape ``(1, 2)``.
    singles
        The same of single detectors, shape ``(detectors, 2)``.
    """

    dataset: int
    protocol: Protocol
    candidates: Matrix
    default: Matrix
    singles: Matrix


def measure_all(files: Sequence[Path], detectors: Sequence[str], seeds: int) -> Iterator[Figures]:
    """Measure what can be chosen on each split of each set: by file, protocol and seed.

    Parameters
    ----------
    files
        See `training.evaluation.protocols.read_set`.
    detectors
        Single ones to compare with, by name, that need no labels.
    seeds
        Splits of each set: seeds 0 up to this, less one.

    Raises
    ------
    DataError
        A file is no labelled set.
    """
    for place, file in enumerate(files):
        labelled = read_set(file)
        for protocol, seed in product(PROTOCOLS, range(seeds)):
            with threadpool_limits(1):
                measured = _measure(labelled, protocol, seed, detectors)
            yield Figures(place, protocol, *measured)


def _measure(
    labelled: LabelledSet, protocol: Protocol, seed: int, detectors: Sequence[str]
) -> tuple[Matrix, Matrix, Matrix]:
    parts = split(labelled, protocol, seed)
    ensemble = EnsembleDetector(random_state=seed).fit(parts.train)
    scorings = [
        -make_detector(name, random_state=seed).fit(parts.train).score_samples(parts.test)
        for name in detectors
    ]
    surprise = -ensemble.log_p_of_members(parts.test)
    candidates = np.empty((len(CANDIDATES), 2))
    weights = np.array(weightings(), dtype=np.float64)
    for place, exponent in enumerate(EXPONENTS):  # the order of `CANDIDATES`
        candidates[place :: len(EXPONENTS)] = auc_and_ap(weights @ surprise**exponent, parts.labels)
    default = auc_and_ap(-ensemble.score_samples(parts.test)[np.newaxis], parts.labels)
    return candidates, default, auc_and_ap(np.array(scorings), parts.labels)


@dataclass(frozen=True)
class Judgement:
    """What choosing did on sets that were left out.

    Parameters
    ----------
    choice, single
        Figures of the candidate and of the single detector that were chosen without a set, shape
        ``(shufflings, sets, protocols, 2)``: AUC and average precision.
    default
        Those of the default as it is, which is not chosen here, shape ``(sets, protocols, 2)``.
    chosen, chosen_singles
        How often each was chosen, by its place.
    """

    choice: npt.NDArray[np.float64]
    single: npt.NDArray[np.float64]
    default: npt.NDArray[np.float64]
    chosen: Counter[int]
    chosen_singles: Counter[int]


def judge(measured: Sequence[Figures], shufflings: int = SHUFFLINGS, seed: int = 0) -> Judgement:
    """Choose without each group of sets, and measure what was chosen on the group.

    Best is the highest mean of AUC and average precision over the other sets, in both protocols.

    Parameters
    ----------
    measured
        See `measure_all`; each set as often as any other.
    shufflings
        Times that the sets are divided at random into `GROUPS` of the same size, or one less.
    seed
        Of the divisions.

    Raises
    ------
    DataError
        There is one set only: nothing can be left out.
    """
    sets = 1 + max(one.dataset for one in measured)
    if sets == 1:
        raise DataError("one set cannot be left out of itself: name a folder of more npz files")
    candidates = _by_set([one.candidates for one in measured], sets)
    singles = _by_set([one.singles for one in measured], sets)
    choice, single = (np.empty((shufflings, sets, len(PROTOCOLS), 2)) for _ in range(2))
    chosen: Counter[int] = Counter()
    chosen_singles: Counter[int] = Counter()
    contests = (choice, candidates, chosen), (single, singles, chosen_singles)
    random = np.random.default_rng(seed)
    for shuffling in range(shufflings):
        group_of = random.permutation(np.arange(sets) % GROUPS)
        for group in range(min(GROUPS, sets)):
            left_out = group_of == group
            for made, figures, count in contests:
                best = int(figures[~left_out].mean(axis=(0, 1, 3)).argmax())
                made[shuffling, left_out] = figures[left_out][:, :, best]
                count[best] += 1
    default = _by_set([one.default for one in measured], sets)[:, :, 0]
    return Judgement(choice, single, default, chosen, chosen_singles)


def _by_set(figures: Sequence[Matrix], sets: int) -> npt.NDArray[np.float64]:
    """Average over the seeds: shape ``(sets, protocols, what is measured, 2)``."""
    stacked = np.array(figures).reshape(sets, len(PROTOCOLS), -1, *figures[0].shape)
    mean: npt.NDArray[np.float64] = stacked.mean(axis=2)
    return mean
