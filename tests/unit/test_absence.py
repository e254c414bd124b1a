"""What is missing is judged by how usual that was in training, alike for numbers and categories."""

import dataclasses
import json
import re
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.feature import Row
from anomaly_app.core.model.missingness import Missingness
from anomaly_app.core.model.model import Model
from anomaly_app.core.model.wording import reason_in_words
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.factories import NOON, history, record
from training.encoding import encode_history
from training.fit import FitOptions, Fitted, fit_model
from training.history import History
from training.metrics import measure
from training.threshold import ThresholdOptions

ASKED = 0.02


def with_gaps(rows: int = 4_000, **shares: float) -> History:
    """History of which so many values are missing in each column."""
    made = history(rows, anomalies=0)
    random = np.random.default_rng(4)
    frame = made.frame.with_columns(pl.Series("weight", random.normal(5.0, 1.0, rows)))
    gaps = [
        pl.when(pl.Series(random.random(rows) < share)).then(None).otherwise(pl.col(name))
        for name, share in shares.items()
    ]
    return dataclasses.replace(
        made, frame=frame.with_columns(gap.alias(n) for gap, n in zip(gaps, shares, strict=True))
    )


def fit(data: History) -> Fitted:
    return fit_model(data, FitOptions(threshold=ThresholdOptions(alert_rate=ASKED)), version="1")


def model_of(fitted: Fitted) -> Model:
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="made")


@cache
def never_missing() -> Model:
    return model_of(fit(with_gaps()))


@cache
def often_missing() -> Model:
    return model_of(fit(with_gaps(amount=0.3, shop=0.3)))


def p_values(model: Model, *rows: Row) -> Matrix:
    p: Matrix = np.exp(model.log_p_values(model.schema.encode(rows, [NOON] * len(rows))))
    return p


def test_a_number_and_a_category_that_were_never_missing_weigh_the_same() -> None:
    whole, no_amount, no_shop, neither = p_values(
        never_missing(),
        (20.0, "food", 5.0),
        (None, "food", 5.0),
        (20.0, None, 5.0),
        (None, None, 5.0),
    )
    assert whole > ASKED
    assert no_amount == no_shop == neither == pytest.approx(0.5 / 3_001)


def test_what_was_often_missing_is_not_odd_when_it_is() -> None:
    assert p_values(often_missing(), (None, "food", 5.0), (20.0, None, 5.0)).min() > 0.1


def test_what_was_never_missing_is_odd_beside_what_often_was() -> None:
    assert p_values(often_missing(), (None, "food", None))[0] < 0.001


def test_a_wild_value_beside_a_gap_is_as_odd_as_ever() -> None:
    wild, wild_and_gap = p_values(never_missing(), (1e6, "food", 5.0), (1e6, None, 5.0))
    assert wild_and_gap == pytest.approx(min(wild, 0.5 / 3_001))


@pytest.mark.parametrize(
    "shares",
    [{}, {"amount": 0.3}, {"amount": 0.004, "shop": 0.012}, {"amount": 0.019, "weight": 0.02}],
    ids=["none", "often", "seldom", "about as often as alerts"],
)
def test_the_share_of_alerts_stays_near_what_was_asked(shares: dict[str, float]) -> None:
    data = with_gaps(20_000, **shares)
    first, rest = data.split(0.5)
    fitted = fit(first)
    model = model_of(fitted)
    log_p = model.log_p_values(encode_history(rest, model.schema))
    found = measure(log_p, None, ASKED)["alert_rate"]
    assert 0.4 * ASKED < found < 1.6 * ASKED
    assert fitted.manifest.metrics["alert_rate"] == pytest.approx(found, abs=ASKED / 2)


def test_a_fit_measures_the_p_values_that_the_worker_will_give() -> None:
    data = with_gaps(2_000, amount=0.015)
    fitted = fit(data)
    model = model_of(fitted)
    _, held_back = data.split(0.75)
    log_p = model.log_p_values(encode_history(held_back, model.schema))
    assert fitted.manifest.metrics == measure(log_p, held_back.labels, ASKED)


def test_many_rows_are_judged_like_each_alone() -> None:
    model = often_missing()
    matrix = encode_history(with_gaps(300, amount=0.5, shop=0.5, weight=0.1), model.schema)
    alone = [model.log_p_values(matrix[i : i + 1])[0] for i in range(len(matrix))]
    np.testing.assert_allclose(model.log_p_values(matrix), alone)


def test_the_missing_feature_is_the_reason_and_says_what_is_usual() -> None:
    pipeline = Pipeline(never_missing(), max_record_bytes=10_000, max_reasons=3)
    value = json.dumps({"features": {"shop": "food", "weight": 5.0}}).encode()
    [finding] = pipeline.judge([record(value)], NOON).findings
    [reason, *_] = finding.reasons
    assert (reason.feature, reason.value) == ("amount", None)
    assert reason.share > 0.9
    said = reason_in_words(reason)
    assert re.match(r"amount is missing, usually (1|2)\d", said)


def test_columns_that_are_missing_together_count_once() -> None:
    gaps = np.zeros((999, 20), dtype=bool)
    gaps[:99, :19] = True
    together = Missingness(gaps)
    assert np.exp(together.log_p[:19]) == pytest.approx([99.5 / 1_000] * 19)
    assert np.exp(together.log_p[19]) == pytest.approx(0.5 / 1_000)


GAPS = st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12)


@given(GAPS, st.lists(st.floats(-50.0, 0.0), min_size=12, max_size=12))
def test_it_never_takes_a_p_value_out_of_its_range_nor_one_row_for_another(
    rows: list[list[bool]], log_p: list[float]
) -> None:
    gaps = np.array(rows)
    absence = Missingness(gaps)
    given_p = np.array(log_p[: len(gaps)])
    joined = absence.joined_with(given_p, gaps)
    assert (joined <= 0.0).all()
    assert not np.isnan(joined).any()
    alone = [absence.joined_with(given_p[i : i + 1], gaps[i : i + 1])[0] for i in range(len(gaps))]
    np.testing.assert_array_equal(joined, alone)
    whole = ~gaps.any(axis=1)
    assert (joined[whole] >= given_p[whole]).all()


def test_where_training_had_no_gaps_what_is_whole_is_judged_by_the_detector_alone() -> None:
    log_p = np.log([0.5, 1e-9, 1.0])
    absence = Missingness(np.zeros((100, 2), dtype=bool))
    np.testing.assert_array_equal(absence.joined_with(log_p, np.zeros((3, 2), dtype=bool)), log_p)
