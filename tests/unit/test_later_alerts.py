"""Alerts on later rows than those that calibrate, and errors that count the rows of the file."""

import dataclasses
import re

import numpy as np
import polars as pl
import pytest

from anomaly_app.errors import DataError
from tests.support.factories import history
from training.evaluation.compare import compare
from training.fit import FitOptions, fit_model
from training.history import History
from training.threshold import ThresholdOptions


def drifting(by: float, rows: int = 8_000) -> History:
    """Amounts that move by so much over the last eighth of the rows."""
    made = history(rows, anomalies=0)
    late = np.arange(rows) >= rows * 7 // 8
    amount = pl.col("amount") + pl.Series(late * by)
    return dataclasses.replace(made, frame=made.frame.with_columns(amount), labels=None)


def warnings_of(data: History) -> list[str]:
    fitted = fit_model(data, FitOptions(), version="1")
    return [w for w in fitted.manifest.training.warnings if "differ from the request" in w]


def test_steady_history_is_not_warned_of() -> None:
    assert warnings_of(drifting(0.0)) == []


def test_history_that_moves_is_warned_of_with_the_reason() -> None:
    [said] = warnings_of(drifting(60.0))
    assert "rows alert (100%); about 5 (0.5%) were expected. amount" in said
    assert "amount has shifted: its median was 19.9, now 80.05" in said


def test_one_series_that_has_most_of_the_alerts_is_named() -> None:
    data = drifting(0.0)
    assert data.entities is not None
    wild = (np.array(data.entities) == "card-3") & (np.arange(len(data)) >= len(data) * 7 // 8)
    amount = pl.col("amount") + pl.Series(wild * 500.0)
    [said] = warnings_of(dataclasses.replace(data, frame=data.frame.with_columns(amount)))
    assert "of the alerts and 14.3% of the rows" in said


def test_random_rows_that_are_held_back_are_no_later_ones() -> None:
    assert warnings_of(dataclasses.replace(drifting(60.0), times=None)) == []


def test_an_error_counts_the_rows_of_the_file() -> None:
    with pytest.raises(DataError, match="^factory has 12 rows; 100 are needed$"):
        fit_model(history(12, anomalies=1), FitOptions(), version="1")


def test_an_error_counts_the_rows_before_they_were_split() -> None:
    said = "^factory has 120 rows, 90 of them for training; 100 are needed$"
    with pytest.raises(DataError, match=said):
        compare(history(120, anomalies=1), ["robust_zscore"])


def test_gaps_that_most_later_rows_have_are_said() -> None:
    made = history(4_000, anomalies=0)
    gone = np.arange(len(made)) >= len(made) * 9 // 10
    amount = pl.when(pl.Series(gone)).then(None).otherwise(pl.col("amount")).alias("amount")
    data = dataclasses.replace(made, frame=made.frame.with_columns(amount), labels=None)
    said = fit_model(data, FitOptions(), version="1").manifest.training.warnings
    [line] = [line for line in said if line.startswith("of the held-back rows")]
    assert re.search(r"4\d\d of 1,000 rows alert .*; about 5 \(0.5%\) were expected", line)
    assert line.endswith("values of amount are missing more often than in training")


def with_wild_amounts(rows: int, share: float, since: float = 0.75) -> History:
    """Steady history, in which some later amounts are a thousand times as large."""
    made = history(rows, anomalies=0)
    wild = np.random.default_rng(1).random(rows) < share
    wild[: int(rows * since)] = False
    amount = pl.when(pl.Series(wild)).then(pl.col("amount") * 1e3).otherwise(pl.col("amount"))
    return dataclasses.replace(made, frame=made.frame.with_columns(amount), labels=None)


def test_rows_far_beyond_the_rest_are_said_to_alert_besides_what_was_asked() -> None:
    options = FitOptions(detector="robust_zscore", threshold=ThresholdOptions(alert_rate=0.001))
    training = fit_model(with_wild_amounts(8_000, 0.012), options, version="1").manifest
    [said] = [line for line in training.training.warnings if "far beyond the rest" in line]
    found = re.match(r"(\d+) of 2,000 held-back rows \((.+)%\) are far beyond the rest", said)
    assert found is not None
    assert int(found[1]) == training.calibration.wild
    assert 10 <= int(found[1]) <= 40
    assert said.endswith("and alert in addition to the requested 0.1%")


def test_alerts_of_rows_far_beyond_the_rest_are_not_too_many() -> None:
    options = FitOptions(detector="robust_zscore", threshold=ThresholdOptions(alert_rate=0.001))
    fitted = fit_model(with_wild_amounts(8_000, 0.012), options, version="1")
    assert fitted.manifest.metrics["alert_rate"] > 0.005
    warnings = fitted.manifest.training.warnings
    assert [line for line in warnings if "requested" in line or "expected" in line] == [
        line for line in warnings if "far beyond the rest" in line
    ]


def test_rows_far_beyond_the_rest_that_were_there_all_along_are_part_of_the_traffic() -> None:
    options = FitOptions(detector="robust_zscore", threshold=ThresholdOptions(alert_rate=0.001))
    fitted = fit_model(with_wild_amounts(8_000, 0.012, since=0.0), options, version="1")
    assert fitted.manifest.calibration.wild == 0
    assert fitted.manifest.metrics["alert_rate"] == pytest.approx(0.001, abs=0.001)
