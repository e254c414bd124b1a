"""Which of the highest scores are anomalies', and not the tail of ordinary rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.wild_scores import Wild, wild_scores

TAILS = {
    "uniform": stats.uniform(),
    "normal": stats.norm(),
    "exponential": stats.expon(),
    "lognormal": stats.lognorm(2),
    "stretched": stats.weibull_min(0.4),
    "three degrees of freedom": stats.t(3),
    "Cauchy": stats.cauchy(),
    "no mean": stats.pareto(0.6),
}

ROWS = 2_000


def found(ordinary: Matrix, *wild: float) -> Wild:
    return wild_scores(np.sort(np.append(ordinary, wild)))


def normal_rows(rows: int = ROWS, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=rows)


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS.keys())
@pytest.mark.parametrize("rows", [300, 2_000, 20_000])
def test_a_clean_tail_keeps_all_of_its_rows(tail: stats.rv_continuous, rows: int) -> None:
    fits = [wild_scores(np.sort(tail.rvs(rows, random_state=seed))) for seed in range(50)]
    # About 1 in 100 is mistaken with 1,500 to 2,000 rows, and fewer with others.
    assert sum(fit != Wild() for fit in fits) <= 2


@pytest.mark.parametrize("tail", list(TAILS.values())[:6], ids=list(TAILS)[:6])
@pytest.mark.parametrize("rows", [1_000, 10_000])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_lump_beyond_the_tail_is_wild(
    tail: stats.rv_continuous, rows: int, spread: float
) -> None:
    ordinary = tail.rvs(rows, random_state=1)
    farthest = ordinary.max() + 2.0 * np.ptp(ordinary)
    lump = farthest * (1.0 + spread * np.random.default_rng(1).random(rows // 100))
    wild = found(ordinary, *lump)
    assert wild.rows == pytest.approx(rows // 100, abs=max(3, rows // 1_000))
    assert wild.beyond >= wild.rows


def test_rows_that_spread_over_decades_are_wild() -> None:
    decades = 10.0 ** np.random.default_rng(1).uniform(1.0, 6.0, size=20)
    assert found(normal_rows(), *decades).rows == pytest.approx(20, abs=4)


def test_ordinary_rows_beyond_the_wild_ones_are_not_mistaken_for_them() -> None:
    ordinary = stats.t(2).rvs(20_000, random_state=1)
    lump = np.random.default_rng(1).uniform(15.0, 17.0, size=200)
    wild = found(ordinary, *lump)
    assert wild.rows < wild.beyond
    assert wild.rows == pytest.approx(200, abs=30)


@pytest.mark.parametrize("few", [1, 4, 7])
def test_a_few_far_rows_keep_their_vote(few: int) -> None:
    assert found(normal_rows(), *np.full(few, 1e6)) == Wild()


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_tenth_of_the_rows_is_a_group_of_its_own(spread: float) -> None:
    group = 50.0 + spread * np.random.default_rng(1).random(ROWS // 10)
    assert found(normal_rows(), *group) == Wild()


def test_of_fewer_than_200_rows_all_keep_their_vote() -> None:
    assert found(normal_rows(190), *np.full(4, 50.0)) == Wild()


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_the_highest_of_a_few_levels_is_not_wild(levels: int) -> None:
    rare = 100.0 ** -np.linspace(0.0, 1.0, levels)
    drawn = np.random.default_rng(1).choice(levels, size=ROWS, p=rare / rare.sum())
    assert wild_scores(np.sort(drawn.astype(np.float64))) == Wild()


def test_a_shift_and_a_stretch_change_nothing() -> None:
    ordered = np.sort(np.append(normal_rows(), np.full(20, 50.0)))
    assert wild_scores(ordered).rows > 0
    assert wild_scores(1e-6 * ordered - 4.0) == wild_scores(ordered)


@given(
    st.lists(st.floats(-1e100, 1e100) | st.sampled_from([0.0, 1.0, 1.0 + 1e-15]), min_size=1),
    st.integers(1, 40),
)
def test_any_scores_can_be_told(scores: list[float], times: int) -> None:
    ordered = np.sort(np.repeat(scores, times))
    wild = wild_scores(ordered)
    assert 0 <= wild.rows <= wild.beyond <= 0.03 * len(ordered)


def test_a_lump_that_the_history_has_as_well_keeps_its_vote() -> None:
    rng = np.random.default_rng(0)
    ordinary, lump = rng.normal(size=3_960), rng.normal(60.0, 1.0, 40)
    held_back = np.concatenate([ordinary, lump])
    assert Calibration.fit(held_back).wild == 40
    assert Calibration.fit(held_back, learnt=rng.normal(size=8_000)).wild == 40
    known = np.concatenate([rng.normal(size=7_950), rng.normal(60.0, 1.0, 50)])
    calibration = Calibration.fit(held_back, learnt=known)
    assert calibration.wild == 0
    assert np.exp(calibration.log_p_values(np.array([30.0])))[0] == pytest.approx(0.01, rel=0.1)
