"""Which anomalies to look at first, so that each label says as much as possible."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.learning.label import Verdict
from anomaly_app.core.learning.teaching import Candidate, most_teaching
from tests.support.factories import NOON
from tests.support.review import asked, reviewed, text_of
from tests.support.stores import anomaly_id, found, label


def names(candidates: list[Candidate]) -> list[str]:
    return [one.id for one in candidates]


def test_the_least_clear_comes_first() -> None:
    some = [Candidate("a", 0.1, "amount"), Candidate("b", 0.9, "amount")]
    assert names(most_teaching(some, {}, 2)) == ["b", "a"]


def test_kinds_take_turns() -> None:
    some = [Candidate(f"a{n}", 0.9, "amount") for n in range(3)] + [Candidate("h", 0.8, "hour")]
    assert names(most_teaching(some, {}, 2)) == ["a2", "h"]


def test_a_kind_with_labels_waits() -> None:
    some = [Candidate("a", 0.9, "amount"), Candidate("h", 0.5, "hour")]
    assert names(most_teaching(some, {"amount": 3}, 1)) == ["h"]


candidates = st.lists(
    st.builds(
        Candidate,
        st.text(st.characters(codec="ascii"), min_size=1, max_size=5),
        st.floats(0.0, 1.0),
        st.none() | st.sampled_from(["amount", "hour"]),
    ),
    unique_by=lambda one: one.id,
)


@given(candidates, st.dictionaries(st.sampled_from(["amount", "hour", None]), st.integers(0, 9)))
def test_each_is_chosen_once_whatever_their_order(
    some: list[Candidate], labelled: dict[str | None, int]
) -> None:
    chosen = most_teaching(some, labelled, 10)
    assert len(chosen) == min(10, len(some))
    assert Counter(chosen) <= Counter(some)
    assert chosen == most_teaching(some[::-1], labelled, 10)
    by_kind = [one.unclear for one in chosen if one.kind == "hour"]
    assert by_kind == sorted(by_kind, reverse=True)


async def test_the_queue_by_what_teaches_has_many_kinds(tmp_path: Path) -> None:
    amounts = [found(n, f"card-{n}", NOON + n, p_value=0.0009) for n in range(60)]
    told = [label(anomaly_id(n), Verdict.FRAUD, named=f"l-{n}") for n in range(5)]
    with reviewed(tmp_path, *amounts, *told) as review:
        page = text_of(await review.pages.queue(asked(), {"order": "teaches"}))
        one = text_of(await review.pages.anomaly(asked(), anomaly_id(9), {"order": "teaches"}))
    assert page.count("data-id=") == 50
    assert 'rel="next" href="/review?' not in page
    assert 'id="next" rel="next" href="/review/anomalies/' in one
