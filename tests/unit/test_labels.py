"""Labels: what can be one, and what several of one transaction come to."""

import random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anomaly_app.core.learning.label import (
    About,
    Basis,
    Label,
    Undo,
    Verdict,
    check_label,
    check_undo,
)
from anomaly_app.core.learning.together import Closeness, Said, put_together
from anomaly_app.errors import LabelRefused
from tests.support.incidents import NOON

FRAUD, EXPECTED = Verdict.FRAUD, Verdict.EXPECTED


def label(**changes: Any) -> Label:
    usual: dict[str, Any] = {"about": About.ENTITY, "name": "card-1", "verdict": FRAUD}
    usual |= {"id": "l-1", "user": "ada", "at": NOON}
    return Label(**(usual | changes))


def said(verdict: Verdict = FRAUD, user: str = "ada", **changes: Any) -> Said:
    about = {"closeness": Closeness.ITSELF, "basis": Basis.OPINION, "at": 10.0, **changes}
    name = about.pop("id", f"{user}-{about['at']}")
    return Said(id=name, verdict=verdict, user=user, **about)


TIMES = st.integers(0, 40).map(float)


@st.composite
def everything_said(draw: st.DrawFn) -> list[Said]:
    """All that a few people said of one transaction, some of which they took back."""
    found = draw(
        st.lists(
            st.builds(
                Said,
                id=st.just(""),
                closeness=st.sampled_from(Closeness),
                verdict=st.sampled_from(Verdict),
                basis=st.sampled_from(Basis),
                user=st.sampled_from(["ada", "bob", "eve"]),
                at=TIMES,
                undone_at=st.none() | TIMES,
            ),
            max_size=12,
        )
    )
    return [one._replace(id=f"l-{number}") for number, one in enumerate(found)]


@given(everything_said(), TIMES, st.randoms(use_true_random=False))
def test_the_order_in_which_labels_are_read_does_not_matter(
    everything: list[Said], as_of: float, order: random.Random
) -> None:
    shuffled = order.sample(everything, len(everything))
    assert put_together(shuffled, as_of) == put_together(everything, as_of)


@given(everything_said(), st.sampled_from(Verdict), TIMES, TIMES, TIMES)
def test_an_undo_restores_what_was_before(
    everything: list[Said], verdict: Verdict, at: float, undone_at: float, as_of: float
) -> None:
    assume(undone_at <= as_of)
    taken_back = said(verdict, "ada", id="l-x", at=at, undone_at=undone_at)
    assert put_together([*everything, taken_back], as_of) == put_together(everything, as_of)


@given(everything_said(), TIMES)
def test_what_is_said_or_taken_back_later_changes_nothing(
    everything: list[Said], as_of: float
) -> None:
    known = [one for one in everything if one.at <= as_of]
    for place, one in enumerate(known):
        if one.undone_at is not None and one.undone_at > as_of:
            known[place] = one._replace(undone_at=None)
    assert put_together(known, as_of) == put_together(everything, as_of)


@given(everything_said(), st.sampled_from(Closeness), TIMES)
def test_an_outcome_outweighs_all_opinions(
    everything: list[Said], closeness: Closeness, as_of: float
) -> None:
    opinions = [one._replace(basis=Basis.OPINION) for one in everything]
    outcome = said(EXPECTED, "bank", basis=Basis.OUTCOME, closeness=closeness, at=0.0)
    found = put_together([*opinions, outcome], as_of)
    assert found is not None
    assert (found.verdict, found.basis, found.users) == (EXPECTED, Basis.OUTCOME, ("bank",))


@given(everything_said(), st.integers(0, 11), TIMES)
def test_nobody_outvotes_others_by_saying_it_again(
    everything: list[Said], which: int, as_of: float
) -> None:
    assume(which < len(everything))
    one = everything[which]
    again = [one._replace(id=f"{one.id}-{number}") for number in range(5)]
    before, after = put_together(everything, as_of), put_together([*everything, *again], as_of)
    assert after == before


@given(everything_said(), TIMES)
def test_the_closest_counts_and_says_whose_words_they_are(
    everything: list[Said], as_of: float
) -> None:
    standing = [one for one in everything if one.stands(as_of)]
    found = put_together(everything, as_of)
    if found is None:
        assert not standing
        return
    counted = [one for one in standing if one.basis == found.basis]
    assert found.closeness == min(one.closeness for one in counted)
    assert {*found.users} == {one.user for one in counted if one.closeness == found.closeness}
    assert len({*found.users}) == len(found.users)


def test_nothing_said_is_no_judgement() -> None:
    assert put_together([], 100.0) is None
    assert put_together([said(at=101.0)], 100.0) is None
    assert put_together([said(at=10.0, undone_at=10.0)], 100.0) is None


def test_the_majority_decides_and_without_one_it_is_disputed() -> None:
    two = [said(FRAUD, "ada"), said(EXPECTED, "bob")]
    disputed = put_together(two, 100.0)
    assert disputed is not None
    assert (disputed.is_disputed, disputed.users) == (True, ("ada", "bob"))
    decided = put_together([*two, said(EXPECTED, "eve")], 100.0)
    assert decided is not None
    assert (decided.verdict, decided.is_disputed) == (EXPECTED, False)


def test_somebody_who_comes_to_another_view_has_one_vote_the_last() -> None:
    changed = [said(FRAUD, at=1.0), said(FRAUD, at=2.0), said(EXPECTED, at=3.0)]
    for as_of, verdict in [(2.5, FRAUD), (3.0, EXPECTED)]:
        found = put_together(changed, as_of)
        assert found is not None
        assert found.verdict == verdict


def test_a_transactions_own_label_outweighs_those_of_its_incident_and_its_entity() -> None:
    far = [
        *(said(FRAUD, user, closeness=Closeness.ENTITY) for user in ("ada", "bob", "eve")),
        *(said(FRAUD, user, closeness=Closeness.INCIDENT) for user in ("ada", "bob")),
    ]
    found = put_together([*far, said(EXPECTED, "grace")], 100.0)
    assert found is not None
    assert (found.verdict, found.users) == (EXPECTED, ("grace",))
    found = put_together(far, 100.0)
    assert found is not None
    assert (found.closeness, found.users) == (Closeness.INCIDENT, ("ada", "bob"))


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"since": NOON - 10.0, "until": NOON},
        {"since": NOON - 10.0},
        {"until": NOON + 10.0},
        {"about": About.ANOMALY, "name": "transactions-3-1042"},
        {"about": About.ANOMALY, "name": "pay-ments_1.x-0-0"},
        {"about": About.TRANSACTION, "name": "\x1b[2J'; --"},
    ],
)
def test_a_label_may_be_of_anything_that_has_a_name(good: dict[str, Any]) -> None:
    check_label(label(**good))
    assert label(**good).user == "ada"


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"id": "a b"}, "the id of a label has 1 to 64"),
        ({"id": "x" * 65}, "the id of a label has 1 to 64"),
        ({"name": ""}, "names what it is about in 1 to 300"),
        ({"name": "x" * 301}, "names what it is about in 1 to 300"),
        ({"name": "card\udcff"}, "is no text in UTF-8"),
        ({"about": About.ANOMALY}, '"card-1" is no anomaly: its id is TOPIC-PARTITION-OFFSET'),
        ({"about": About.ANOMALY, "name": "a-1-2\n"}, "is no anomaly"),
        ({"user": "  "}, "needs a user"),
        ({"user": "x" * 81}, "of at most 80 characters"),
        ({"note": "x" * 501}, "the note of a label"),
        ({"at": float("nan")}, "from 1970 to 2100"),
        ({"at": 1e300}, "from 1970 to 2100"),
        ({"until": float("inf")}, "from 1970 to 2100"),
        ({"since": -1.0}, "from 1970 to 2100"),
        ({"since": NOON + 1.0}, "ends before it begins"),
        ({"since": NOON - 1.0, "until": NOON - 2.0}, "ends before it begins"),
        ({"since": 1.0, "until": 0.0}, "ends before it begins"),
        (
            {"about": About.TRANSACTION, "since": NOON - 1.0},
            "only the label of an entity has a time",
        ),
    ],
)
def test_what_is_no_label_is_refused_in_one_line(bad: dict[str, Any], line: str) -> None:
    with pytest.raises(LabelRefused, match=line) as refused:
        check_label(label(**bad))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "bad", [{"id": ""}, {"said": "a/b"}, {"user": ""}, {"user": "x" * 81}, {"at": float("-inf")}]
)
def test_what_is_no_undo_is_refused(bad: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"id": "u-1", "said": "l-1", "user": "ada", "at": NOON}
    check_undo(Undo(**usual))
    with pytest.raises(LabelRefused):
        check_undo(Undo(**(usual | bad)))
