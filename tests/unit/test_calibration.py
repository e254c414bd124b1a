"""From raw scores to tail p-values: near the truth, far beyond the data, and for any numbers."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import Calibration, score_of
from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.core.p_values import log_p_value
from tests.support.factories import history
from training.fit import FitOptions, fit_model

TAILS = {"light": stats.expon(), "normal": stats.norm(), "heavy": stats.t(3)}

WILD = {
    "alike": np.full(20, 1e6),
    "some way out": np.linspace(10.0, 50.0, 20),
    "all over": np.geomspace(10.0, 1e4, 20),
}

ANY = st.floats(allow_nan=False, allow_infinity=False)
TIED = st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-16, 5e-324, -1e-310, 1.7e308, -1.7e308, 3e-100])


def p_values(calibration: Calibration, *raw: float) -> Matrix:
    found: Matrix = np.exp(calibration.log_p_values(np.array(raw)))
    return found


def normal_rows(rows: int = 2_000, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=rows)


def test_p_values_of_new_ordinary_scores_are_uniform() -> None:
    rng = np.random.default_rng(1)
    calibration = Calibration.fit(rng.normal(size=20_000))
    found = np.exp(calibration.log_p_values(rng.normal(size=20_000)))
    for level in (0.5, 0.1, 0.01, 0.001):
        assert (found <= level).mean() == pytest.approx(level, rel=0.35)


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(("rows", "within"), [(2_000, 1.5), (20_000, 1.2)])
def test_p_values_are_near_the_truth(tail: str, rows: int, within: float) -> None:
    truth = np.array([0.02, 0.005, 0.001])
    raw = TAILS[tail].isf(truth)
    found = [
        p_values(Calibration.fit(TAILS[tail].rvs(rows, random_state=seed)), *raw)
        for seed in range(21)
    ]
    ratio = np.median(found, axis=0) / truth
    # Of 2,000 rows two lie beyond the last level: single fits are off by a factor of 2 there.
    assert (ratio < within).all()
    assert (ratio > 1 / within).all()


@pytest.mark.parametrize("tail", TAILS)
def test_one_in_100_000_is_rarer_than_one_in_1_000(tail: str) -> None:
    raw = TAILS[tail].isf([1e-3, 1e-5])
    fits = [Calibration.fit(TAILS[tail].rvs(2_000, random_state=seed)) for seed in range(15)]
    often, seldom = np.array([p_values(calibration, *raw) for calibration in fits]).T
    assert (seldom < often / 3).all()
    assert np.median(seldom / often) < 1 / 15
    assert (score_of(seldom) > score_of(often) + 0.03).all()


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD.keys())
def test_twenty_wild_rows_leave_ordinary_p_values_as_they_are(wild: Matrix) -> None:
    clean = normal_rows(1_980)
    raw = stats.norm().isf([0.3, 0.1, 0.02, 0.01, 0.003])
    ratio = p_values(Calibration.fit(np.append(clean, wild)), *raw)
    ratio /= p_values(Calibration.fit(clean), *raw)
    assert (ratio > 0.7).all()
    assert (ratio < 1.3).all()


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD.keys())
def test_wild_rows_are_rarer_than_all_ordinary_ones_and_farther_ones_rarer_still(
    wild: Matrix,
) -> None:
    calibration = Calibration.fit(np.append(normal_rows(1_980), wild))
    log_p = calibration.log_p_values(wild[0] * 10.0 ** np.arange(6))
    assert log_p[0] < np.log(1e-4)
    assert (np.diff(log_p) < np.log(1 / 50)).all()


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("dirty", [False, True], ids=["clean", "dirty"])
def test_as_many_fresh_ordinary_rows_as_p_says_are_below_it(tail: str, *, dirty: bool) -> None:
    shares = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        held_back, fresh = TAILS[tail].rvs((2, 5_000), random_state=rng)
        if dirty:
            wild = TAILS[tail].isf(1e-6) * rng.uniform(1.0, 2.0, size=50)
            held_back = np.append(held_back, wild)
        log_p = Calibration.fit(held_back).log_p_values(fresh)
        shares.append([(log_p <= np.log(level)).mean() / level for level in (1e-2, 1e-3)])
    # Of 5,000 fresh rows, 5 are expected below the last level: the mean of 20 has an error of .15.
    at_100, at_1_000 = np.mean(shares, axis=0)
    assert 0.8 < at_100 < 1.25
    assert 0.7 < at_1_000 < 1.5


def test_four_wild_rows_leave_the_ordinary_tail_as_it_is() -> None:
    clean = normal_rows(1_996)
    dirty = Calibration.fit(np.append(clean, np.full(4, 1e6)))
    at_four, at_ten = p_values(dirty, 4.0, 10.0)
    assert at_four < 0.002
    assert at_ten < 1e-4


def test_p_values_do_not_saturate_beyond_the_data() -> None:
    calibration = Calibration.fit(np.random.default_rng(1).exponential(size=5_000))
    log_p = calibration.log_p_values(np.array([8.0, 12.0, 16.0, 50.0]))
    assert (np.diff(log_p) < -1.0).all()
    scores = score_of(np.exp(log_p))
    assert (np.diff(scores) > 0).all()
    assert scores[-1] < 1.0


@given(
    st.lists(ANY | TIED, min_size=1, max_size=300) | st.lists(TIED, min_size=1, max_size=300),
    st.lists(ANY | TIED, min_size=2, max_size=20),
)
@example([0.0, 1e-310], [4e-311, 5e-311])
@example([-1e300, 0.0], [-1e299, 1.7e308])
def test_p_values_fall_as_scores_rise(held_back: list[float], raw: list[float]) -> None:
    calibration = Calibration.fit(np.array(held_back))
    log_p = calibration.log_p_values(np.sort(np.array(raw + held_back)))
    assert np.isfinite(log_p).all()
    assert (log_p <= 0.0).all()
    assert (np.diff(log_p) <= 1e-9).all()
    assert calibration.tail_scale > 0.0


@pytest.mark.parametrize("rows", [1, 2, 3, 19, 100, 300])
def test_what_is_below_all_rows_is_as_ordinary_as_can_be_and_what_is_above_is_rare(
    rows: int,
) -> None:
    held_back = np.arange(rows) / 7.0
    below, first, last, above = p_values(
        Calibration.fit(held_back), -1.0, 0.0, held_back[-1], held_back[-1] + rows
    )
    assert below == 1.0
    assert first == pytest.approx(rows / (rows + 1))
    assert above < last <= first


@pytest.mark.parametrize("rows", [1, 50, 1_000])
def test_rows_that_are_all_alike_make_everything_above_them_rare(rows: int) -> None:
    calibration = Calibration.fit(np.full(rows, 3.0))
    assert calibration.log_p_values(np.array([3.0])) == pytest.approx(np.log(rows / (rows + 1)))
    assert p_values(calibration, 3.001)[0] < 1e-9


def test_compiled_code_looks_up_one_row_as_all_are() -> None:
    calibration = Calibration.fit(stats.t(2).rvs(1_000, random_state=1))
    raw = np.concatenate([[-1e300, *calibration.scores, 1e300], np.linspace(-50.0, 500.0, 1_000)])
    one_by_one = [log_p_value(row, *calibration.lookup) for row in raw]
    np.testing.assert_array_equal(calibration.log_p_values(raw), one_by_one)
    inside = raw[(raw >= calibration.scores[0]) & (raw <= calibration.scores[-1])]
    counted = np.interp(inside, calibration.scores, calibration.log_p)
    np.testing.assert_allclose(calibration.log_p_values(inside), counted, rtol=1e-12)


def test_rows_need_not_lie_side_by_side_in_memory() -> None:
    calibration = Calibration.fit(normal_rows())
    raw = np.random.default_rng(2).normal(size=(100, 3))
    np.testing.assert_array_equal(
        calibration.log_p_values(raw[:, 1]), calibration.log_p_values(raw[:, 1].copy())
    )


def test_a_calibration_of_before_wild_rows_were_counted_is_still_read() -> None:
    calibration = Calibration.fit(normal_rows())
    fields = msgspec.to_builtins(calibration)
    del fields["wild"]
    assert msgspec.convert(fields, Calibration) == calibration


def test_the_order_of_the_rows_is_of_no_consequence() -> None:
    rows = normal_rows(500)
    assert Calibration.fit(rows) == Calibration.fit(rows[::-1]) == Calibration.fit(np.sort(rows))


def test_p_values_follow_a_shift_and_a_stretch_of_the_raw_scores() -> None:
    rows, raw = normal_rows(), np.linspace(-5.0, 50.0, 100)
    plain = Calibration.fit(rows).log_p_values(raw)
    stretched = Calibration.fit(1e-6 * rows - 4.0).log_p_values(1e-6 * raw - 4.0)
    np.testing.assert_allclose(stretched, plain, rtol=1e-6)


def manifest() -> Manifest:
    return fit_model(history(100), FitOptions(detector="robust_zscore"), version="1").manifest


MAKERS: dict[str, Callable[[], Matrix]] = {
    "normal": normal_rows,
    "heavy": lambda: stats.t(1).rvs(3_000, random_state=1),
    "one row": lambda: np.array([0.1]),
    "wild": lambda: np.append(normal_rows(), np.full(20, 50.0)),
    "huge": lambda: np.array([-1.7e308, 0.1, 1.7e308]),
}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS.keys())
def test_a_calibration_comes_back_from_the_manifest_unchanged(maker: Callable[[], Matrix]) -> None:
    calibration = Calibration.fit(maker())
    written = msgspec.structs.replace(manifest(), calibration=calibration).to_json()
    again = read_manifest(written, where="here").calibration
    assert again == calibration
    raw = np.concatenate([maker(), np.linspace(-10.0, 1e4, 50)])
    np.testing.assert_array_equal(again.log_p_values(raw), calibration.log_p_values(raw))


def test_scores_are_those_that_the_documentation_names() -> None:
    found = score_of(np.array([1.0, 1e-2, 1e-3, 1e-5, 0.0]))
    np.testing.assert_allclose(found, [0.0, 0.684, 0.822, 0.944, 1.0], atol=5e-4)
