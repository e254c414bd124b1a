"""What is said of a history that can teach a memory little."""

import dataclasses

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.memory.spec import read_spec
from tests.support.factories import NOON
from training.checks.memory_coverage import memory_warnings
from training.history import History

DAY = 86_400.0
LOOKS_BACK = read_spec({"keys": [{"features": ["count:1h", "zscore:amount:7d"]}]})


def history(days: float, entities: int) -> History:
    rows = 100
    return History(
        source="payments",
        frame=pl.DataFrame({"amount": np.ones(rows)}),
        entities=pl.Series([f"card-{i % entities}" for i in range(rows)]),
        ids=None,
        times=NOON + np.linspace(0.0, days * DAY, rows),
    )


def test_a_history_that_fills_the_windows_needs_no_warning() -> None:
    assert [*memory_warnings(history(8.0, 5), LOOKS_BACK)] == []


def test_a_history_shorter_than_the_longest_window_is_told_so() -> None:
    [days] = memory_warnings(history(2.5, 5), LOOKS_BACK)
    [hours] = memory_warnings(history(0.5, 5), LOOKS_BACK)
    assert "looks back 7d, and the history is only 2.5 days long" in days
    assert "only 12.0 hours long" in hours


def test_a_single_entity_is_told_and_how_to_name_the_column_of_several() -> None:
    [line] = memory_warnings(history(8.0, 1), LOOKS_BACK)
    assert "--roles key=COLUMN" in line


def test_a_column_that_tells_no_entities_apart_is_named() -> None:
    one = history(8.0, 1)
    named = dataclasses.replace(one, roles=replace(one.roles, key="card"))
    [line] = memory_warnings(named, LOOKS_BACK)
    assert "card does not tell them apart" in line


def test_a_history_without_times_is_not_called_long_enough() -> None:
    timeless = dataclasses.replace(history(8.0, 5), times=None)
    assert len([*memory_warnings(timeless, LOOKS_BACK)]) == 1
