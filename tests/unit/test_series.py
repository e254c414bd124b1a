"""Several series in one history: recorded apart, and on different scales."""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.errors import DataError
from tests.support.factories import NOON, history, record
from training.checks.compatibility import data_warnings, require_columns
from training.encoding import encode_history
from training.evaluation.evaluate import evaluate
from training.fit import FitOptions, fit_model
from training.history import History
from training.holdout import hold_back
from training.schema import infer_schema
from training.series import infer_scales
from training.threshold import ThresholdOptions

EACH = 1_000
SIZES = {"pump": 1.0, "valve": 50.0, "plant": 2_000.0}


def series(
    sizes: dict[str, float] = SIZES, rows: int = EACH, *, seed: int = 0, apart: bool = False
) -> History:
    """Series that wander about ten of their sizes, at the same times or one after the other."""
    random = np.random.default_rng(seed)
    names = list(sizes)
    order = np.repeat(names, rows) if apart else np.tile(names, rows)
    scale = np.array([sizes[name] for name in order])
    values = scale * (10.0 + random.normal(size=len(order)))
    return History(
        "made",
        pl.DataFrame({"value": values, "steady": random.normal(size=len(order))}),
        entities=pl.Series(order),
        times=NOON + 60.0 * np.arange(len(order), dtype=np.float64),
        roles=Roles(key="series"),
    )


@cache
def model() -> Model:
    options = FitOptions(threshold=ThresholdOptions(alert_rate=0.01))
    fitted = fit_model(series(), options, version="1")
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="made")


def test_a_number_whose_scale_differs_is_scaled_and_others_are_not_and_it_is_said() -> None:
    scales = model().schema.scales
    assert scales is not None
    assert list(scales.series) == ["plant", "pump", "valve"]
    assert scales.scaled.tolist() == [True, False]
    assert model().manifest.training.warnings == (
        "value: the 3 series have different scales, so each is judged on its own scale; new series "
        "are judged on the common scale",
    )


@pytest.mark.parametrize("name", SIZES)
def test_a_value_that_is_odd_for_its_series_alerts_although_others_have_it(name: str) -> None:
    odd = 10.0 * SIZES["pump" if name == "valve" else "valve"]
    pipeline = Pipeline(model(), max_record_bytes=10_000, max_reasons=3)
    value = json.dumps({"entity": name, "features": {"value": odd, "steady": 0.0}}).encode()
    [finding] = pipeline.judge([record(value)], NOON).findings
    [reason, *_] = finding.reasons
    assert (reason.feature, reason.value) == ("value", odd)
    assert isinstance(reason.expected, float)
    assert reason.expected == pytest.approx(10.0 * SIZES[name], rel=0.02)


def test_every_series_alerts_about_as_often_as_asked() -> None:
    new = series(seed=7)
    found = evaluate(model(), new)
    assert found.warnings == ()
    alerts = found.log_p <= model().log_alert_rate
    for name in SIZES:
        of_it = np.array(new.entities) == name
        assert 0.002 < alerts[of_it].mean() < 0.03


def test_kafkas_key_names_the_series_where_the_record_does_not() -> None:
    decoder = Decoder(model().schema, max_bytes=1_000)
    features = {"features": {"value": 500.0, "steady": 0.5}}
    said = decoder.decode([record(json.dumps({"entity": "valve", **features}).encode())])
    by_key = decoder.decode([record(json.dumps(features).encode(), key=b"valve")])
    unknown = decoder.decode([record(json.dumps(features).encode(), key=None)])
    assert (said.entities, by_key.entities, unknown.entities) == (["valve"], ["valve"], [None])
    scaled = [model().schema.scaled(one.matrix, one.entities) for one in (said, by_key, unknown)]
    np.testing.assert_array_equal(scaled[0], scaled[1])
    assert scaled[2][0, 0] != scaled[0][0, 0]


def test_training_encodes_as_the_worker_decodes() -> None:
    data = series(rows=20)
    assert data.entities is not None
    records = [
        record(json.dumps({"entity": entity, "features": row}).encode())
        for entity, row in zip(data.entities, data.frame.iter_rows(named=True), strict=True)
    ]
    decoded = Decoder(model().schema, max_bytes=10_000).decode(records)
    scaled = model().schema.scaled(decoded.matrix, decoded.entities)
    np.testing.assert_array_equal(scaled, encode_history(data, model().schema))


def test_what_was_scaled_is_given_back_as_it_was() -> None:
    data, schema = series(rows=50), model().schema
    values = data.frame.to_numpy()
    raw = schema.unscaled(encode_history(data, schema), data.entities)
    np.testing.assert_allclose(raw, values)


def test_a_series_that_training_did_not_hold_is_seen_in_new_data() -> None:
    new = series({"pump": 1.0, "fan": 1.0})
    [said] = [w for w in evaluate(model(), new).warnings if "series" in w]
    assert said == (
        "1,000 rows (50%) are of series unknown in training (fan): they are judged on the "
        "common scale"
    )


def test_data_that_do_not_say_whose_they_are_are_refused() -> None:
    nobodys = History("new.csv", series().frame)
    with pytest.raises(DataError, match="each series on its own scale, and new.csv has no key"):
        require_columns(nobodys, model().schema)


@pytest.mark.parametrize(
    "data",
    [
        series({"a": 1.0, "b": 3.0}),
        series({"only": 1.0}),
        series({f"s{i}": float(i + 1) ** 3 for i in range(201)}, rows=100),
        series({"a": 1.0, "b": 1_000.0}, rows=99),
        history(),
    ],
    ids=["much the same scale", "one series", "too many", "too short", "anomalies of some"],
)
def test_one_scale_for_all_is_kept_where_that_is_enough(data: History) -> None:
    schema = infer_schema(data).schema
    assert infer_scales(data, schema, encode_history(data, schema)) is None


def test_two_series_are_enough_to_be_on_different_scales() -> None:
    data = series({"a": 1.0, "b": 20.0})
    schema = infer_schema(data).schema
    assert infer_scales(data, schema, encode_history(data, schema)) is not None


def test_series_that_hardly_vary_but_lie_far_apart_are_on_different_scales() -> None:
    data = series({"a": 1.0, "b": 1.0})
    shift = np.where(np.array(data.entities) == "b", 5_000.0, 0.0)
    frame = data.frame.with_columns(pl.col("value") + pl.Series(shift))
    moved = History("made", frame, entities=data.entities)
    schema = infer_schema(moved).schema
    scales = infer_scales(moved, schema, encode_history(moved, schema))
    assert scales is not None
    assert scales.scaled.tolist() == [True, False]


def test_a_series_that_never_varies_is_scaled_without_dividing_by_0() -> None:
    data = series({"a": 1.0, "b": 100.0, "still": 0.0})
    schema = infer_schema(data).schema
    scales = infer_scales(data, schema, encode_history(data, schema))
    assert scales is not None
    assert scales.series["still"].spreads[0] == 1.0


def held_back_entities(data: History) -> dict[str, int]:
    _, held_back = hold_back(data, 0.25, 0)
    assert held_back.entities is not None
    return {name: held_back.entities.to_list().count(name) for name in SIZES}


def test_of_series_that_were_recorded_apart_the_latest_rows_of_each_are_held_back() -> None:
    assert held_back_entities(series(apart=True)) == dict.fromkeys(SIZES, 250)
    fitted_on, _ = hold_back(series(apart=True), 0.25, 0)
    assert fitted_on.times is not None
    assert (np.diff(fitted_on.times) > 0.0).all()


def test_of_series_that_were_recorded_together_the_latest_rows_are_held_back() -> None:
    data = series()
    _, held_back = hold_back(data, 0.25, 0)
    assert held_back.times is not None
    assert data.times is not None
    np.testing.assert_array_equal(held_back.times, data.times[-750:])


def test_the_very_rows_that_a_model_was_fitted_on_are_known_again() -> None:
    data = series(apart=True)
    fitted = fit_model(data, FitOptions(detector="robust_zscore"), version="1")
    matrix = encode_history(data, fitted.manifest.schema)
    [said, *_] = data_warnings(fitted.manifest, data, matrix)
    assert said.startswith("the model was fitted on 2,250 of these rows")
