"""Numbers, shares, odds and reasons: one way of writing for terminal, report and alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.wording import reason_in_words, value_in_words
from anomaly_app.core.wording import NOTHING, how_unusual, number, odds, percent
from tests.support.factories import incident
from training.report.page import incident_rows


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(0.0, "0"), (950.0, "950"), (12_345.678, "12,346"), (28.804, "28.8"), (0.5, "0.5")],
        *[(0.00012, "0.00012"), (0.00001234, "1.23e-05"), (-3.14159, "-3.142"), (2e15, "2e+15")],
        *[(0.99999, "1"), (9.9999, "10"), (float("nan"), NOTHING), (float("inf"), "inf")],
        *[(2_500_000_000.0, "2,500,000,000")],
    ],
)
def test_numbers_have_no_more_digits_than_people_read(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        *[(0.0, "0%"), (1.0, "100%"), (0.005, "0.5%"), (0.00515, "0.515%"), (0.7137, "71.4%")],
        *[(0.000432, "0.0432%"), (None, NOTHING), (float("nan"), NOTHING)],
    ],
)
def test_shares_are_in_per_cent_with_three_digits(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        *[(1.0, "1 in 1"), (0.0008, "1 in 1,250"), (1 / 14_721, "1 in 14,700")],
        *[(1e-8, "1 in 100 million"), (1 / 1_234_567, "1 in 1.23 million")],
        *[(1e-10, "fewer than 1 in a billion"), (0.0, "fewer than 1 in a billion")],
    ],
)
def test_p_values_are_odds(p_value: float, words: str) -> None:
    assert odds(p_value) == words


def test_rarity_is_a_sentence() -> None:
    assert how_unusual(1 / 67) == "about 1 in 67 transactions is this unusual"
    assert how_unusual(0.0) == "fewer than 1 in a billion transactions are this unusual"


@pytest.mark.parametrize(
    ("value", "feature", "words"),
    [
        *[(3.25, "hour_of_day", "03:15"), (3.25, "amount", "3.25"), (None, "shop", "missing")],
        *[("food", "shop", "food"), ("", "shop", "empty"), (10**400, "n", str(10**400))],
        *[(25.0, "hour_of_day", "25"), (12_345, "n", "12,345")],
    ],
)
def test_values_read_as_people_say_them(
    value: float | str | None, feature: str, words: str
) -> None:
    assert value_in_words(value, feature) == words


def test_a_category_that_travels_as_a_number_is_no_quantity() -> None:
    reason = Reason(feature="shop", value=12_345, expected="311", share=1.0)
    assert reason_in_words(reason) == "shop is 12345, usually 311 (100%)"


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        *[("amount", 950.126, 20.0), ("shop", "casino", None), ("hour_of_day", 3.25, 14.5)],
        *[("amount", 1_234_567.0, 0.000_01), ("amount", None, 12)],
    ],
)
def test_a_report_writes_a_reason_as_all_others_do(
    feature: str, value: float | str | None, expected: float | str | None
) -> None:
    reason = Reason(feature=feature, value=value, expected=expected, share=0.7137)
    (row,) = incident_rows([incident(reasons=[reason])])
    in_report = "".join(row.reasons[0])
    assert in_report == reason_in_words(reason)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_has_words(value: float) -> None:
    assert number(value)
    assert percent(value)
    assert value_in_words(value, "hour_of_day")
