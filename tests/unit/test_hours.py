"""The hour of the day: in whose zone, and where it is a feature."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from anomaly_app.core.hours import hour_of_day
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import HOUR, Roles
from anomaly_app.errors import DataError
from training.checks.columns import column_warnings
from training.checks.compatibility import data_warnings
from training.encoding import encode_history
from training.fit import FitOptions, fit_model
from training.history import History
from training.schema import infer_schema

MIDNIGHT = datetime(2026, 3, 27, tzinfo=UTC).timestamp()
DAY = 86_400.0
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]


def told_by_python(seconds: float, zone: str) -> float:
    local = datetime.fromtimestamp(seconds, tz=ZoneInfo(zone))
    since = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return (since.total_seconds() + local.microsecond / 1e6) / 3600.0


@given(st.lists(st.floats(1e8, 4e9), max_size=8), st.sampled_from(ZONES))
def test_the_hour_is_that_of_the_zones_clocks(times: list[float], zone: str) -> None:
    expected = [told_by_python(time, zone) for time in times]
    apart = np.abs(hour_of_day(times, zone) - expected)
    np.testing.assert_allclose(np.minimum(apart, 24.0 - apart), 0.0, atol=1e-8)


def test_clocks_go_forward_in_spring() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    assert hour_of_day([change - 60, change], "Europe/Berlin").tolist() == [
        pytest.approx(2 - 1 / 60),
        3.0,
    ]
    assert hour_of_day([change], "UTC").tolist() == [1.0]


def history(days: float, roles: Roles | None = None, *, every: float = 600.0) -> History:
    times = MIDNIGHT + np.arange(0.0, days * DAY, every)
    amounts = np.random.default_rng(0).gamma(2.0, 20.0, len(times))
    frame = pl.DataFrame({"amount": amounts})
    return History("made", frame, times=times, roles=roles or Roles())


def features(data: History) -> list[str]:
    return [feature.name for feature in infer_schema(data).schema.features]


@pytest.mark.parametrize(("days", "learnt"), [(0.3, False), (2.0, False), (2.9, False), (3, True)])
def test_every_hour_must_have_been_seen_on_three_days(days: float, learnt: bool) -> None:
    assert (HOUR in features(history(days))) == learnt


def test_office_hours_do_not_tell_of_the_night() -> None:
    data = history(20)
    assert data.times is not None
    by_day = data.take(np.flatnonzero(hour_of_day(data.times) // 1 % 24 >= 8))
    assert features(by_day) == ["amount"]


@pytest.mark.parametrize(
    ("words", "learnt"),
    [
        ("hour=none", False),
        ("features=amount", False),
        ("features=amount,hour_of_day", True),
        ("features=amount,hour_of_day hour=none", False),
        ("timezone=Europe/Berlin", True),
    ],
)
def test_the_roles_decide_whether_the_hour_may_be_a_feature(words: str, learnt: bool) -> None:
    assert (HOUR in features(history(9, Roles.parse(words)))) == learnt


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "../UTC", "CEST"])
def test_a_zone_that_there_is_not_is_told(zone: str) -> None:
    with pytest.raises(DataError, match=f"there is no time zone '{re.escape(zone)}'"):
        Roles.parse(f"timezone={zone}")


def test_the_hour_can_be_named_although_it_is_no_column() -> None:
    assert Roles.parse("features=amount,hour_of_day").feature_columns(["amount", "x"]) == ["amount"]
    assert Roles.parse("features=hour_of_day").feature_columns([HOUR, "x"]) == [HOUR]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (history(2), "the history does not cover every hour of the day on at least 3 days"),
        (dataclasses.replace(history(9), times=None), "the history has no times"),
    ],
)
def test_an_hour_that_was_asked_for_in_vain_is_told(data: History, why: str) -> None:
    asked = dataclasses.replace(data, roles=Roles.parse("features=amount,hour_of_day"))
    assert column_warnings(asked, infer_schema(asked).schema, {}) == (
        f"{HOUR} was left out: {why}",
    )


def test_training_and_worker_take_the_hour_of_the_same_zone() -> None:
    data = history(5, Roles(timezone="Europe/Berlin"))
    schema = infer_schema(data).schema
    assert schema.timezone == "Europe/Berlin"
    assert data.times is not None
    rows = data.frame.rows()
    np.testing.assert_array_equal(encode_history(data, schema), schema.encode(rows, data.times))
    assert encode_history(data, schema)[0, 1] == 1.0
    assert schema.values((5.0,), MIDNIGHT, np.zeros(2)) == [5.0, 1.0]


def test_new_data_at_hours_that_were_hardly_learnt_are_warned_of() -> None:
    seldom = Feature(HOUR, "hour_of_day", hours=(0.0005, *[0.9995 / 23] * 23))
    schema = FeatureSchema((Feature("amount", "number", low=0.0, high=1e9), seldom))
    data = history(5)
    manifest = fit_model(data, FitOptions(detector="robust_zscore"), version="1").manifest
    at_night = data.take(np.arange(0, len(data), 72))  # midnight and noon
    other = dataclasses.replace(data, times=np.full(len(data), MIDNIGHT + 5 * 3600))
    made = replace(manifest, schema=schema)
    [said] = data_warnings(made, at_night, encode_history(at_night, schema))
    assert said.startswith(
        "hour_of_day: 50% of the rows are at hours with 0.05% of the training rows;"
    )
    assert data_warnings(made, other, encode_history(other, schema)) == ()
