"""Anomalous rows of one incident are one entry."""

import dataclasses

import numpy as np
import pytest

from tests.support.factories import NOON, history, incident, model
from training.evaluation.incidents import find_incidents, group_rows
from training.history import History
from training.report.page import incident_rows

ROWS = 140


def made(**changes: object) -> History:
    """Twenty rows of each of seven cards in turn, a minute apart."""
    return dataclasses.replace(history(ROWS, anomalies=1), **changes)  # type: ignore[arg-type]


def grouped(data: History, *places: int) -> list[list[int]]:
    anomalous = np.zeros(ROWS, dtype=bool)
    anomalous[list(places)] = True
    groups = group_rows(data, anomalous)
    return sorted(groups.members(group).tolist() for group in range(len(groups.starts)))


def test_rows_of_one_entity_that_follow_each_other_are_one_group() -> None:
    assert grouped(made(), 0, 7, 14) == [[0, 7, 14]]


def test_a_few_ordinary_rows_between_do_not_divide_an_incident_many_do() -> None:
    assert grouped(made(), 0, 21) == [[0, 21]]
    assert grouped(made(), 0, 28) == [[0], [28]]


def test_neighbouring_rows_of_different_entities_are_apart() -> None:
    assert grouped(made(), 0, 1, 2) == [[0], [1], [2]]


def test_rows_that_are_long_apart_in_time_are_apart() -> None:
    times = NOON + 60.0 * np.arange(ROWS)
    times[7:] += 86_400.0
    assert grouped(made(times=times), 0, 7, 14) == [[0], [7, 14]]


def test_rows_that_come_all_at_once_are_grouped_by_their_order() -> None:
    assert grouped(made(times=np.full(ROWS, NOON)), 0, 7) == [[0, 7]]


def test_without_times_the_order_of_an_entitys_rows_decides() -> None:
    assert grouped(made(times=None), 0, 7, 70) == [[0, 7], [70]]


def test_without_entities_each_row_stands_alone() -> None:
    assert grouped(made(entities=None), 0, 1) == [[0], [1]]


def test_an_incident_has_its_span_its_rows_and_the_reasons_of_its_worst_row() -> None:
    data = history(ROWS, anomalies=1)
    log_p = np.full(ROWS, -0.1)
    log_p[[7, 14, 21]] = [-9.0, -20.0, -10.0]
    log_p[70] = -15.0
    first, second = find_incidents(model(), data, log_p, most=2)
    assert data.times is not None
    assert (first.rows, first.time) == (3, data.times[14])
    assert (first.first, first.last) == (data.times[7], data.times[21])
    assert first.p_value == pytest.approx(np.exp(-20.0))
    assert first.reasons
    assert (second.rows, second.time) == (1, data.times[70])


def test_the_labels_of_an_incident_are_counted() -> None:
    one, some, none, unknown = incident_rows(
        [
            incident(rows=3, anomalies=3),
            incident(rows=3, anomalies=2),
            incident(rows=3, anomalies=0),
            incident(),
        ]
    )
    assert [row.label for row in (one, some, none, unknown)] == [
        *("anomaly", "2 anomalies", "ordinary", "")
    ]


def test_incidents_of_rows_that_nobody_labelled_have_no_label() -> None:
    data = made(labels=np.zeros(ROWS, dtype=bool), labelled=np.arange(ROWS) != 14)
    log_p = np.full(ROWS, -0.1)
    log_p[[14, 70]] = [-20.0, -15.0]
    first, second = find_incidents(model(), data, log_p, most=2)
    assert first.anomalies is None
    assert second.anomalies == 0
