"""Matchers: conditions on an incident's labels that people write."""

import fnmatch
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomaly_app.core.alerts.globs import is_glob_of
from anomaly_app.core.alerts.matchers import LONGEST, Matcher, first_mismatch
from anomaly_app.errors import DataError

LABELS = {
    "entity": "card-0042",
    "severity": "high",
    "feature": "amount",
    "merchant": "shop-17",
    "amount": "4210.5",
    "city": "Bad Homburg",
}


def holds(text: str) -> bool:
    return Matcher.parse(text).matches(LABELS)


def refusal(text: str) -> str:
    with pytest.raises(DataError) as refused:
        Matcher.parse(text)
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "entity = card-0042",
        "entity=card-0042",
        "entity != card-1",
        "merchant ~ shop-*",
        "merchant ~ shop-?7",
        "merchant !~ bar-*",
        "reason = amount",
        "feature = amount",
        "amount > 4000",
        "amount >= 4210.5",
        "amount < 1e6",
        "severity >= high",
        "severity > medium",
        "severity = high",
        "severity ~ h*",
        'city = "Bad Homburg"',
        'city ~ "Bad *"',
        'country = ""',
        "country != de",
        "country !~ d*",
    ],
)
def test_a_condition_that_is_true_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "entity = Card-0042",
        "merchant ~ shop",
        "merchant ~ *-1",
        "amount > 4210.5",
        "severity >= critical",
        "country ~ d*",
        "country > 1",
        "merchant > 1",
        'entity != "card-0042"',
    ],
)
def test_a_condition_that_is_false_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write a field and one of"),
        ("merchant", "write a field and one of"),
        ("merchant shop", "write a field and one of"),
        ("= x", "write a field"),
        ("merchant =", "a value after the operator"),
        ("city = Bad Homburg", 'in "quotes" if it has spaces'),
        ('city = "Bad', "a value after the operator"),
        ('city = "a" b', "a value after the operator"),
        ("amount > much", '"much" is not a number'),
        ("amount > nan", '"nan" is not a number'),
        ("amount < inf", '"inf" is not a number'),
        ("severity >= urgent", "none of medium, high, critical"),
        ("severity = Critical", "none of medium, high, critical"),
        ("a\x1b[2J = b", "cannot be printed"),
        ("a = " + "b" * LONGEST, f"at most {LONGEST} characters"),
    ],
)
def test_what_is_no_matcher_is_refused_with_what_to_write(text: str, said: str) -> None:
    assert said in refusal(text)


def matcher_or_refusal(text: str) -> Matcher | str:
    try:
        return Matcher.parse(text)
    except DataError as refused:
        return str(refused)


words = st.text(st.sampled_from("ab *?=!~<>\"\\'\n\x00\u202e5"), max_size=12)


@given(st.text(max_size=40) | st.builds("{} {} {}".format, words, st.sampled_from("=~<>"), words))
@example('a = "\\\\"')
@example('"a b" !~ "\\""')
@example("a > =5")
def test_any_text_is_a_matcher_that_is_written_as_it_is_read_or_gets_one_line(text: str) -> None:
    matcher = matcher_or_refusal(text)
    if isinstance(matcher, str):
        assert matcher.isprintable()
        assert len(matcher) < 300
        return
    again = Matcher.parse(str(matcher))
    assert again == matcher
    assert (again.field, again.value) == (matcher.field, matcher.value)


@given(
    st.text(st.sampled_from("ab*?[].\\"), max_size=12),
    st.text(st.sampled_from("ab*[]."), max_size=12),
)
def test_patterns_match_as_the_shells_do_without_brackets(pattern: str, text: str) -> None:
    bare = pattern.replace("[", "\x00").replace("]", "\x01")
    said = text.replace("[", "\x00").replace("]", "\x01")
    assert is_glob_of(pattern, text) == bool(re.match(fnmatch.translate(bare), said))


def test_a_hostile_pattern_takes_no_more_time_than_its_text_is_long() -> None:
    pattern, label = "*a" * 240 + "b", "a" * 100_000
    began = time.process_time()
    assert not Matcher("entity", "~", pattern).matches({"entity": label})
    assert time.process_time() - began < 5.0


def test_the_first_condition_that_fails_is_named() -> None:
    matchers = [Matcher.parse(text) for text in ("severity = high", "merchant ~ bar*", "a = b")]
    assert str(first_mismatch(matchers, LABELS)) == "merchant ~ bar*"
    assert first_mismatch(matchers[:1], LABELS) is None
    assert first_mismatch([], {}) is None
