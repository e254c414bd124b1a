"""The choice of the default's weights: ranked as scikit-learn does, judged on sets left out."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from anomaly_app.core.detectors.ensemble import MEMBERS
from anomaly_app.errors import DataError
from training.cli import cli
from training.evaluation.choice import (
    CANDIDATES,
    Candidate,
    Figures,
    judge,
    measure_all,
    weightings,
)
from training.evaluation.protocols import PROTOCOLS
from training.metrics import rank_metrics


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60))
def test_tied_scores_are_ranked_as_scikit_learn_ranks_them(rows: list[tuple[int, bool]]) -> None:
    labels = np.array([label for _, label in rows])
    labels[:2] = False, True
    scores = np.array([float(score) for score, _ in rows])
    both = np.array([scores, -scores])
    for scoring, measured in zip(both, np.stack(rank_metrics(both, labels), axis=1), strict=True):
        wanted = roc_auc_score(labels, scoring), average_precision_score(labels, scoring)
        np.testing.assert_allclose(measured, wanted, rtol=1e-12)


def test_no_weighting_is_twice_another() -> None:
    made = np.array(weightings(), dtype=np.float64)
    shares = made / made.sum(axis=1, keepdims=True)
    assert len(np.unique(shares.round(9), axis=0)) == len(made) == 3**6 - 2**6


def test_a_candidate_is_named_by_the_members_that_count() -> None:
    first, second, *others = MEMBERS
    weights = (2, 1, *(0 for _ in others))
    assert str(Candidate(weights, 3)) == f"2 {first}, 1 {second}; exponent 3"


def figures(merits: list[list[float]], *, singles: list[list[float]]) -> list[Figures]:
    """Make figures by set, then by what is measured; the same in both protocols."""
    return [
        Figures(
            f"set-{dataset}",
            protocol,
            candidates=np.array([[merit, merit] for merit in of_set]),
            default=np.array([[0.25, 0.75]]),
            singles=np.array([[merit, merit] for merit in singles[dataset]]),
        )
        for dataset, of_set in enumerate(merits)
        for protocol in PROTOCOLS
    ]


def test_a_set_has_no_say_in_what_is_measured_on_it() -> None:
    # Each set alone, as they are fewer than groups: what is best on two is worst on the third.
    merits = [[0.0, 0.6, 0.9], [0.9, 0.0, 0.6], [0.6, 0.9, 0.0]]
    judged = judge(figures(merits, singles=[[0.3, 0.2]] * 3), shufflings=2)
    assert judged.choice.shape == (2, 3, len(PROTOCOLS), 2)
    assert (judged.choice == 0.0).all()
    assert (judged.single == 0.3).all()
    assert judged.chosen == Counter({0: 2, 1: 2, 2: 2})
    assert judged.chosen_singles == Counter({0: 6})
    assert (judged.default == [0.25, 0.75]).all()


def test_every_set_is_left_out_once_in_each_division() -> None:
    own = [[0.1 * dataset, 0.0] for dataset in range(20)]
    judged = judge(figures(own, singles=own), shufflings=3)
    wanted = [merit for merit, _ in own]
    assert judged.choice[:, :, 0, 0].tolist() == [wanted] * 3
    assert judged.chosen.total() == 3 * 8


def test_one_set_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match="one set is not enough"):
        judge(figures([[0.5]], singles=[[0.5]]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    truth = np.arange(90) < 9
    for place in range(3):
        far = rng.normal(size=(90, 2)) + 3.0 * place * truth[:, np.newaxis]
        np.savez(tmp_path / f"set-{place}.npz", X=far, y=truth)
    return tmp_path


def test_the_default_is_measured_as_the_candidate_with_its_weights(folder: Path) -> None:
    today = CANDIDATES.index(Candidate(tuple(MEMBERS.values()), 3))
    measured = list(measure_all([folder / "set-1.npz"], ["knn"], seeds=1))
    assert [one.protocol for one in measured] == list(PROTOCOLS)
    for one in measured:
        np.testing.assert_allclose(one.candidates[today], one.default[0], rtol=1e-9)
        assert (one.singles.shape, one.candidates.shape) == ((1, 2), (len(CANDIDATES), 2))


def test_the_command_shows_what_was_chosen(folder: Path) -> None:
    words = ["choice", "--data", str(folder), "--seeds", "1", "--detectors", "robust_zscore,kmeans"]
    ended = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    for shown in ("chosen, held out", "current weights", "best single, held out", "of 15"):
        assert shown in ended.output


def test_the_command_refuses_detectors_that_learn_from_labels(folder: Path) -> None:
    words = ["choice", "--data", str(folder), "--detectors", "gradient_boosting"]
    ended = CliRunner().invoke(cli, words)
    assert ended.exit_code == 2
    assert "needs labels" in ended.output
