"""A row's score does not depend, to the last bit, on the rows that are scored with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS, make_detector
from anomaly_app.core.detectors.products import column_sums, product
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.factories import NOON, model, record
from tests.support.traffic import mixed

ROWS = np.random.default_rng(0).normal(size=(400, 11)) @ np.random.default_rng(1).normal(
    size=(11, 11)
)
"""Rows whose features belong together; 11 fills no vector of the processor."""

SCIKIT_LEARNS_OWN = {"local_outlier_factor"}
"""Its search for neighbours multiplies matrices by itself."""


@pytest.mark.parametrize("name", [name for name in DETECTORS if name not in SCIKIT_LEARNS_OWN])
def test_batches_of_any_size_give_a_row_the_same_score(name: str) -> None:
    labels = np.arange(len(ROWS)) % 20 == 0
    detector = make_detector(name, random_state=0).fit(
        ROWS, labels if name in NEEDS_LABELS else None
    )
    rows = np.vstack([ROWS[:150], 5.0 * ROWS[:50]])
    together = detector.score_rows(rows)
    for size in (1, 7, 64):
        parts = [detector.score_rows(rows[i : i + size]) for i in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(parts), together), size


@pytest.mark.parametrize("size", [1, 7, 64])
def test_an_anomaly_is_the_same_message_in_any_batch(size: int) -> None:
    pipeline = Pipeline(model(), max_record_bytes=10_000, max_reasons=5)
    records = [record(value, offset=offset) for offset, value in enumerate(mixed(1_500))]
    parts = [
        message
        for begin in range(0, len(records), size)
        for message in pipeline.judge(records[begin : begin + size], NOON).anomalies
    ]
    assert len(parts) > 20
    assert parts == pipeline.judge(records, NOON).anomalies


@given(st.integers(0, 5), st.integers(1, 9), st.integers(0, 9), st.data())
def test_a_product_is_that_of_linear_algebra(
    rows: int, features: int, columns: int, data: st.DataObject
) -> None:
    numbers = st.floats(-1e6, 1e6)
    matrix = data.draw(arrays(np.float64, (rows, features), elements=numbers))
    weights = data.draw(arrays(np.float64, (columns, features), elements=numbers)).T
    np.testing.assert_allclose(product(matrix, weights), matrix @ weights, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(column_sums(matrix), matrix.sum(axis=0), rtol=1e-9, atol=1e-3)
