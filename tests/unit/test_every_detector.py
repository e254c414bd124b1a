"""Every detector from history to a verdict: artifact, scores in the worker, reasons."""

import json

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.model.model import unpickle_model
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.detectors import FAR, fit, fitted, history, model, numbers, plant
from tests.support.factories import NOON, record
from training.encoding import encode_history


@pytest.mark.parametrize("name", DETECTORS)
def test_the_worker_scores_as_scikit_learn_does_offline(name: str) -> None:
    estimator, _ = unpickle_model(fitted(name).pickle)
    rows = history(400, gaps=0.2)
    matrix = encode_history(rows, model(name).schema)
    assert np.isnan(matrix).any()
    worker = np.concatenate([model(name).score_samples(m) for m in np.array_split(matrix, 37)])
    np.testing.assert_allclose(worker, estimator.score_samples(matrix), atol=1e-6)


@pytest.mark.parametrize("name", DETECTORS)
def test_records_are_judged_in_the_worker_as_offline(name: str) -> None:
    rows = history(600)
    assert rows.times is not None
    records = [
        record(json.dumps({"time": time, "features": row}).encode(), offset=place)
        for place, (time, row) in enumerate(
            zip(rows.times.tolist(), rows.frame.iter_rows(named=True), strict=True)
        )
    ]
    pipeline = Pipeline(model(name), max_record_bytes=10_000, max_reasons=3)
    findings = [
        finding
        for start in range(0, len(records), 50)
        for finding in pipeline.judge(records[start : start + 50], NOON).findings
    ]
    log_p = model(name).log_p_values(encode_history(rows, model(name).schema))
    expected = np.flatnonzero(log_p <= model(name).log_alert_rate)
    assert [finding.record.offset for finding in findings] == expected.tolist()
    np.testing.assert_allclose([np.log(f.p_value) for f in findings], log_p[expected], atol=1e-6)
    assert len(findings) >= 4


@pytest.mark.parametrize("name", DETECTORS)
def test_the_planted_feature_is_the_first_reason(name: str) -> None:
    matrix = numbers(300, seed=7)
    planted = plant(matrix, np.arange(300), seed=8)
    usual = numbers(300, seed=7)
    rows = np.column_stack([matrix, np.zeros(300)])
    log_p = model(name).log_p_values(rows)
    reasons = model(name).explain(rows, log_p, rows.tolist(), most=8)
    first = [why[0] for why in reasons]
    hits = [reason.feature == f"f{j}" for reason, j in zip(first, planted, strict=True)]
    assert np.mean(hits) >= 0.95
    off = [
        abs(float(reason.expected or 0.0) - usual[i, j]) < abs(reason.value - usual[i, j]) / 3
        for i, (reason, j, hit) in enumerate(zip(first, planted, hits, strict=True))
        if hit and isinstance(reason.value, float)
    ]
    assert np.mean(off) >= 0.9


@pytest.mark.parametrize("name", DETECTORS)
def test_two_planted_features_are_the_first_two_reasons(name: str) -> None:
    matrix = numbers(200, seed=7)
    rng = np.random.default_rng(8)
    planted = np.array([rng.choice(6, 2, replace=False) for _ in matrix])
    np.put_along_axis(matrix, planted, FAR * rng.choice([-1.0, 1.0], planted.shape), axis=1)
    rows = np.column_stack([matrix, np.zeros(200)])
    reasons = model(name).explain(rows, model(name).log_p_values(rows), rows.tolist(), most=2)
    both = [
        {reason.feature for reason in why} == {f"f{place}" for place in places}
        for why, places in zip(reasons, planted, strict=True)
    ]
    assert np.mean(both) >= 0.9


@pytest.mark.parametrize("name", DETECTORS)
def test_shares_add_up(name: str) -> None:
    rows = np.column_stack([numbers(20, seed=9) * 3.0, np.zeros(20)])
    log_p = model(name).log_p_values(rows)
    for why in model(name).explain(rows, log_p, rows.tolist(), most=8):
        shares = [reason.share for reason in why]
        assert shares == sorted(shares, reverse=True)
        assert 0.92 <= sum(shares) <= 1.0 + 1e-9  # what is below 1 % is not named


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_history_and_seed_give_the_same_bytes_on_any_threads(name: str) -> None:
    manifest = fitted(name).manifest
    with threadpool_limits(2):
        again = fit(name).manifest
    assert again.sha256 == manifest.sha256
    assert again.calibration == manifest.calibration
