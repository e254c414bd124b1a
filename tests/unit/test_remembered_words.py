"""Reasons of the memory, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.wording import feature_in_words, reason_in_words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason("count:1h", 12.0, 1.0, 0.7), "12 events in the last hour, usually 1 (70%)"),
        (
            Reason("merchant/count:1h", 12.0, 1.0, 0.7),
            "merchant: 12 events in the last hour, usually 1 (70%)",
        ),
        (
            Reason("shift:log(amount):1d:30d", 3.21, 0.0, 0.7),
            "mean amount in the last day is +3.2 standard errors from its own mean, "
            "usually 0 (70%)",
        ),
        (Reason("count", 12.0, 1.0, 0.7), "count is 12, usually 1 (70%)"),
        (Reason("a/b", 12.0, 1.0, 0.7), "a/b is 12, usually 1 (70%)"),
        (Reason("count:1h", None, 1.0, 0.7), "events in the last hour is missing, usually 1 (70%)"),
    ],
)
def test_what_is_remembered_is_said_as_people_say_it(reason: Reason, words: str) -> None:
    assert reason_in_words(reason) == words


@given(
    st.text(max_size=30) | st.sampled_from(["count:1h", "x/first:y", "sum::1d", "count:0h", ":"]),
    st.none() | st.floats() | st.text(max_size=5) | st.integers(),
    st.none() | st.floats() | st.text(max_size=5),
)
def test_any_reason_can_be_said(feature: str, value: object, expected: object) -> None:
    reason = Reason(feature, value, expected, 0.5)  # type: ignore[arg-type]
    assert "usually" in reason_in_words(reason) or "is " in reason_in_words(reason)
    assert isinstance(feature_in_words(feature), str)
