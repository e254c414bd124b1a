"""Histories as people have them, through the fit, the demo's replay and the worker's pipeline."""

import re
from pathlib import Path

import numpy as np
import pytest

from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.anomaly import read_anomaly
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.errors import DataError
from demo.scenario import file_scenario
from tests.support.factories import NOON, record
from tests.support.histories import FILES, FRAUDS, Case, iso, write_case
from tests.support.payloads import PAYLOADS, ROWS, Payload
from tests.support.unknown_names import UNKNOWN_NAMES
from training.fit import FitOptions, Fitted, fit_model
from training.history import History, read_history

FAST = FitOptions(detector="robust_zscore")

by_name = pytest.mark.parametrize("case", [*FILES, *UNKNOWN_NAMES], ids=lambda case: case.name)


def fit(path: Path, case: Case) -> tuple[History, Fitted]:
    history = read_history(path, Roles.parse(case.roles))
    return history, fit_model(history, FAST, version="1")


@by_name
def test_a_history_is_read_as_it_was_meant_and_its_records_are_scored(
    tmp_path: Path, case: Case
) -> None:
    path = write_case(tmp_path, case)
    if case.error is not None:
        with pytest.raises(DataError) as caught:
            fit(path, case)
        assert re.search(case.error, str(caught.value), re.DOTALL)
        assert "\n" not in str(caught.value)
        return
    history, fitted = fit(path, case)
    roles = history.roles
    assert len(history) == case.rows
    assert (roles.key, roles.time, roles.id) == (case.key, case.time, case.id)
    assert (roles.label or "").split(":")[0] == (case.label or "")
    assert sorted(f.name for f in fitted.manifest.schema.features) == sorted(case.features)
    check_labels(history, case)
    said = "\n".join(fitted.manifest.training.warnings)
    assert all(word in said for word in case.warnings), said

    model = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where=case.name)
    scenario = file_scenario(path, Roles.parse(case.roles))
    verdict = Pipeline(model, max_record_bytes=1_000_000, max_reasons=5).judge(
        [record(e.value, key=e.key, offset=i) for i, e in enumerate(scenario.events)], NOON
    )
    assert not verdict.rejected, verdict.rejected[0].error
    assert verdict.scored == len(scenario.events) > 0


def check_labels(history: History, case: Case) -> None:
    if case.label is None:
        assert history.labels is None
        return
    assert history.labels is not None
    if case.anomalies is not None:
        assert int(history.labels.sum()) == case.anomalies
    labelled = np.ones(len(history)) if history.labelled is None else history.labelled
    assert int((labelled == 0).sum()) == case.unlabelled


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    _, fitted = fit(write_case(tmp_path_factory.mktemp("history"), FILES[0]), FILES[0])
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="cards")


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.name)
def test_records_of_a_topic_are_scored_or_say_what_is_wrong(model: Model, payload: Payload) -> None:
    words = {name: value for name, value in payload.settings.items() if name != "roles"}
    roles = Roles.parse(payload.settings.get("roles", ""))
    pipeline = Pipeline(model, max_record_bytes=1_000_000, max_reasons=5, roles=roles, **words)
    records = [record(payload.write(row), key=b"kafka", offset=i) for i, row in enumerate(ROWS)]
    verdict = pipeline.judge(records, NOON)
    errors = [str(rejected.error) for rejected in verdict.rejected]
    if payload.rejected is not None:
        assert verdict.scored == 0
        assert {error.split(":")[0] for error in errors} == {payload.rejected}
        assert all(word in error for error in errors for word in payload.says), errors[0]
        return
    assert verdict.scored == len(records), errors
    anomalies = [read_anomaly(message.value or b"") for message in verdict.anomalies]
    lacking = sorted(
        name
        for name, one in verdict.absent.items()
        if one.number == len(records) and "=" not in name
    )
    assert lacking == sorted(payload.absent)
    if payload.absent:
        assert len(anomalies) == len(records)
        # A fraud has a stronger reason.
        named = [a for a in anomalies if a.reasons[0].feature in payload.absent]
        assert len(named) >= len(anomalies) - FRAUDS
        return
    # The frauds that a record tells of, and hardly anything else.
    frauds = {row["id"]: row for row in ROWS if row["is_fraud"]}
    assert len(frauds) <= len(anomalies) <= len(frauds) + 3
    if payload.entity:
        found = {(anomaly.entity, anomaly.time) for anomaly in anomalies}
        assert {(r["card"], iso(r["time"]).replace("Z", ".000Z")) for r in frauds.values()} <= found
