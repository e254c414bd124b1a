"""Forest, rarity, reasons and the pipeline of a batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.forest import ForestScorer
from anomaly_app.core.model.estimator import Preparation
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.severity import Severity, severity_of
from tests.support.factories import NOON, model, record, transaction

PIPELINE = Pipeline(model(), max_record_bytes=10_000, max_reasons=5)


@pytest.mark.parametrize("rows", [2_000, 100, 3, 2])
def test_the_forest_scores_as_scikit_learn_does(rows: int) -> None:
    matrix = np.random.default_rng(rows).normal(size=(500, 6))
    forest = IsolationForest(random_state=rows, max_samples=min(256, rows)).fit(
        np.random.default_rng(0).normal(size=(rows, 6))
    )
    ours = ForestScorer(forest).score_samples(matrix)
    np.testing.assert_allclose(ours, forest.score_samples(matrix), atol=1e-12)


def test_rarity_is_the_logarithm_of_a_frequency() -> None:
    codes = np.array([[0.0]] * 90 + [[1.0]] * 9)
    rarity = Preparation([0]).fit(codes).transform(np.array([[0.0], [1.0], [7.0]]))
    np.testing.assert_allclose(rarity.ravel(), -np.log10([0.9, 0.09, 0.005]))


def test_a_code_of_many_rare_values_is_as_rare_as_one_of_them() -> None:
    codes = np.array([[0.0]] * 60 + [[1.0]] * 39)
    preparation = Preparation([0], {0: (1.0, 13)}).fit(codes)
    rarity = preparation.transform(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(rarity.ravel(), -np.log10([0.6, 0.03]))


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_missing_becomes_the_median_of_its_column(place: int) -> None:
    codes = np.repeat([0.0, 1.0, 2.0, np.nan], [20, 50, 19, 10])
    numbers = np.where(np.isnan(codes), np.nan, codes + 10.0)
    preparation = Preparation([0]).fit(np.column_stack([codes, numbers]))
    row = np.array([[1.0, 11.0]])
    missing = row.copy()
    missing[0, place] = np.nan
    np.testing.assert_array_equal(preparation.transform(missing), preparation.transform(row))


def test_a_column_of_which_training_knew_nothing_is_filled_with_0() -> None:
    nothing = np.full((9, 2), np.nan)
    preparation = Preparation([0]).fit(nothing)
    np.testing.assert_array_equal(preparation.transform(nothing), np.zeros((9, 2)))


@pytest.mark.parametrize(
    ("p_value", "severity"),
    [(0.01, Severity.MEDIUM), (0.001, Severity.HIGH), (0.0001, Severity.CRITICAL)],
)
def test_severity_rises_as_the_p_value_falls(p_value: float, severity: Severity) -> None:
    assert severity_of(p_value, alert_rate=0.01) == severity


def test_a_batch_is_scored_rejected_and_explained_in_one_call() -> None:
    values = [transaction(21.0), b"{", transaction(99_999.0, "casino"), None, transaction(19.0)]
    verdict = PIPELINE.judge([record(v, offset=i) for i, v in enumerate(values)], NOON)
    assert verdict.scored == 3
    assert [finding.record.offset for finding in verdict.findings] == [2]
    assert [rejected.record.offset for rejected in verdict.rejected] == [1, 3]
    finding = verdict.findings[0]
    assert finding.score >= model().manifest.threshold > 0.5
    assert finding.p_value <= model().manifest.alert_rate
    values_named = {reason.feature: reason.value for reason in finding.reasons}
    assert values_named["amount"] == 99_999.0


@pytest.mark.parametrize("amount", [20.0, 99_999.0])
@pytest.mark.parametrize("raises", [False, True])
def test_a_verdict_carries_the_manifest_of_the_model_that_judged(
    amount: float, raises: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, score = Pipeline(model(), max_record_bytes=10_000, max_reasons=5), Model.log_p_values

    def raise_at_two(self: Model, matrix: Matrix) -> Vector:
        if raises and len(matrix) == 2:
            raise ArithmeticError
        return score(self, matrix)

    monkeypatch.setattr(Model, "log_p_values", raise_at_two)
    verdict = judging.judge([record(transaction(amount))] * 2, NOON)
    assert verdict.scored == 2
    assert verdict.manifest is model().manifest


@pytest.mark.parametrize("values", [[], [None], [b"{", b"["]])
def test_a_batch_without_a_good_record_is_no_special_case(values: list[bytes | None]) -> None:
    verdict = PIPELINE.judge([record(value) for value in values], NOON)
    assert (verdict.scored, verdict.findings) == (0, [])
    assert len(verdict.rejected) == len(values)


@given(st.lists(st.binary() | st.just(transaction()) | st.just(transaction(1e12)), max_size=8))
def test_scored_and_rejected_add_up_whatever_comes(values: list[bytes]) -> None:
    verdict = PIPELINE.judge([record(value) for value in values], NOON)
    assert verdict.scored + len(verdict.rejected) == len(values)


def test_a_batch_is_judged_like_its_records_one_by_one() -> None:
    rng = np.random.default_rng(5)
    records = [record(transaction(amount)) for amount in rng.exponential(60.0, 200)]
    together = PIPELINE.judge(records, NOON).findings
    alone = [finding for one in records for finding in PIPELINE.judge([one], NOON).findings]
    assert [f.record for f in together] == [f.record for f in alone]
    np.testing.assert_allclose([f.score for f in together], [f.score for f in alone])
