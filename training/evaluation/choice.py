"""Cross-validation of the default detector's weights on labelled data sets."""

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
from anomaly_app.core.detectors.ensemble import MEMBERS, Ensemble
from anomaly_app.errors import DataError
from training.evaluation.protocols import PROTOCOLS, Protocol, Split, all_splits
from training.metrics import rank_metrics

GROUPS = 8
"""Number of groups of sets that are left out in turn."""

SHUFFLINGS = 5
"""Number of times that the sets are divided into groups."""

WEIGHTS = (0, 1, 2)
"""Possible weights of a member."""

EXPONENTS = (1, 2, 3)
"""Possible exponents of the logarithms of the p-values, before they are averaged."""


@dataclass(frozen=True)
class Candidate:
    """One way to combine the members.

    Parameters
    ----------
    weights
        Weight of each of the default's members.
    exponent
        Exponent of the logarithms of the p-values.
    """

    weights: tuple[int, ...]
    exponent: int

    def __str__(self) -> str:
        """List the members with a weight."""
        counting = zip(self.weights, MEMBERS, strict=True)
        named = [f"{weight} {name}" for weight, name in counting if weight]
        return f"{', '.join(named)}; exponent {self.exponent}"


def weightings() -> list[tuple[int, ...]]:
    """Return all distinct weightings: not all 0, and no multiples of each other."""
    every = product(WEIGHTS, repeat=len(MEMBERS))
    return [weights for weights in every if np.gcd.reduce(weights) == 1]


CANDIDATES = [Candidate(*pair) for pair in product(weightings(), EXPONENTS)]
"""The search space. Single members occur with each exponent, which makes no difference."""


@dataclass(frozen=True)
class Figures:
    """Results on one split of one set.

    Parameters
    ----------
    dataset
        File of the set.
    protocol
        See `training.evaluation.protocols.PROTOCOLS`.
    candidates
        AUC and average precision of `CANDIDATES`, shape ``(candidates, 2)``.
    default
        The same for the default with its current weights, shape ``(1, 2)``.
    singles
        The same for single detectors, shape ``(detectors, 2)``.
    """

    dataset: str
    protocol: Protocol
    candidates: Matrix
    default: Matrix
    singles: Matrix


def measure_all(files: Sequence[Path], detectors: Sequence[str], seeds: int) -> Iterator[Figures]:
    """Measure all candidates on each split of each set, by file, protocol and seed.

    Parameters
    ----------
    files
        See `training.evaluation.protocols.read_set`.
    detectors
        Names of single detectors to compare with, which need no labels.
    seeds
        Number of splits of each set and protocol.

    Raises
    ------
    DataError
        A file is not a labelled set.
    """
    for one in all_splits(files, list(PROTOCOLS), seeds):
        with threadpool_limits(1):
            measured = _measure(one.parts, one.seed, detectors)
        yield Figures(str(one.file), one.protocol, *measured)


def _measure(parts: Split, seed: int, detectors: Sequence[str]) -> tuple[Matrix, Matrix, Matrix]:
    ensemble = Ensemble(random_state=seed).fit(parts.train)
    scorings = [
        -make_detector(name, random_state=seed).fit(parts.train).score_samples(parts.test)
        for name in detectors
    ]
    surprise = -ensemble.log_p_of_members(parts.test)
    candidates = np.empty((len(CANDIDATES), 2))
    weights = np.array(weightings(), dtype=np.float64)
    for index, exponent in enumerate(EXPONENTS):  # the order of `CANDIDATES`
        candidates[index :: len(EXPONENTS)] = _auc_and_ap(weights @ surprise**exponent, parts)
    default = _auc_and_ap(-ensemble.score_samples(parts.test)[np.newaxis], parts)
    return candidates, default, _auc_and_ap(np.array(scorings), parts)


def _auc_and_ap(scorings: Matrix, parts: Split) -> Matrix:
    return np.stack(rank_metrics(scorings, parts.labels), axis=1)


@dataclass(frozen=True)
class Judgement:
    """Results on sets that were left out.

    Parameters
    ----------
    choice, single
        AUC and average precision of the candidate and of the single detector that were chosen
        without a set, on that set; shape ``(shufflings, sets, protocols, 2)``.
    default
        The same for the default with its current weights, shape ``(sets, protocols, 2)``.
    chosen, chosen_singles
        How often each was chosen, by its index.
    """

    choice: npt.NDArray[np.float64]
    single: npt.NDArray[np.float64]
    default: npt.NDArray[np.float64]
    chosen: Counter[int]
    chosen_singles: Counter[int]


def judge(measured: Sequence[Figures], shufflings: int = SHUFFLINGS, seed: int = 0) -> Judgement:
    """Choose without each group of sets, and measure the choice on that group.

    The best candidate has the highest mean of AUC and average precision over the other sets, in
    both protocols.

    Parameters
    ----------
    measured
        See `measure_all`; all sets have the same number of results.
    shufflings
        Number of random divisions of the sets into `GROUPS` of nearly the same size.
    seed
        Random seed of the divisions.

    Raises
    ------
    DataError
        There is only one set.
    """
    sets = len({one.dataset for one in measured})
    if sets == 1:
        raise DataError("one set is not enough to leave one out: give a folder with more npz files")
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
    """Average over the seeds; shape ``(sets, protocols, candidates, 2)``."""
    stacked = np.array(figures).reshape(sets, len(PROTOCOLS), -1, *figures[0].shape)
    mean: npt.NDArray[np.float64] = stacked.mean(axis=2)
    return mean
