"""One reading of the dead letters' topic: what is counted, and which letters are shown."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.dead_letters.messages import DeadLetter, Position, ReplayMarker, Selection
from anomaly_app.dead_letters.survey import MOST_REASONS, OTHER_REASONS, Count, Newest, Survey
from anomaly_app.dead_letters.table import counts_table, cut, rows

REASONS = ["not-json", "bad-time", "too-large"]


def letter(
    offset: int,
    *,
    partition: int = 0,
    source: int | None = None,
    time: int | None = 0,
    reason: str = "not-json",
    value: bytes | None = b"{",
) -> DeadLetter:
    return DeadLetter(
        position=Position(partition, offset),
        timestamp=time,
        error=f"{reason}: made by the test",
        topic="transactions",
        partition=partition,
        offset=offset if source is None else source,
        key=None,
        value=value,
    )


def marker(of: DeadLetter) -> ReplayMarker:
    return ReplayMarker(of.identity, "transactions-0-99")


def surveyed(
    messages: Sequence[DeadLetter | ReplayMarker],
    *,
    selection: Selection | None = None,
    replayed: bool = False,
    limit: int = 100,
) -> tuple[Survey, Newest]:
    survey, newest = Survey(selection or Selection(), replayed=replayed), Newest(limit, cut)
    for message in messages:
        found = survey.add(message)
        if found is not None:
            newest.add(found)
    return survey, newest


def written(one: DeadLetter) -> tuple[int, Position]:
    return -1 if one.timestamp is None else one.timestamp, one.position


@st.composite
def topics(draw: st.DrawFn) -> list[DeadLetter | ReplayMarker]:
    """Letters of few records, and markers of some of them, on two partitions read in turn."""
    messages: list[DeadLetter | ReplayMarker] = []
    for partition in (0, 1):
        for offset in range(draw(st.integers(0, 12))):
            letters = [message for message in messages if isinstance(message, DeadLetter)]
            if draw(st.booleans()) and letters:
                messages.append(marker(letters[draw(st.integers(0, len(letters) - 1))]))
            else:
                messages.append(
                    letter(
                        offset,
                        partition=partition,
                        source=draw(st.integers(0, 9)),
                        time=draw(st.none() | st.integers(0, 5)),
                        reason=draw(st.sampled_from(REASONS)),
                    )
                )
    return messages


@given(
    topics(),
    st.integers(0, 15),
    st.frozensets(st.sampled_from(REASONS), max_size=2),
    st.booleans(),
)
def test_one_reading_counts_and_finds_what_all_letters_in_memory_would_show(
    messages: list[DeadLetter | ReplayMarker], limit: int, reasons: frozenset[str], replayed: bool
) -> None:
    survey, newest = surveyed(
        messages, selection=Selection(reasons), replayed=replayed, limit=limit
    )
    marked = {message.identity for message in messages if isinstance(message, ReplayMarker)}
    selected = [m for m in messages if isinstance(m, DeadLetter) and m in Selection(reasons)]

    for count in survey.counts():
        of_reason = [one for one in selected if one.reason == count.reason]
        assert count.replayed == sum(one.identity in marked for one in of_reason)
        assert count.waiting == len(of_reason) - count.replayed
    assert {count.reason for count in survey.counts()} == {one.reason for one in selected}

    shown = [one for one in selected if replayed or one.identity not in marked]
    assert [one for one in selected if survey.shown(one)] == shown
    # What takes the second reading: the newest of those that are known to be shown.
    again = Newest(limit, cut)
    for one in shown:
        again.add(one)
    in_time = sorted(
        shown, key=lambda one: (-1 if one.timestamp is None else one.timestamp, one.position)
    )
    expected = in_time[len(in_time) - min(limit, len(in_time)) :]
    assert [found.letter for found in survey.shown_of(again)] == expected
    # The first reading finds the same, or too few; never others.
    first = [found.letter for found in survey.shown_of(newest)]
    assert first == expected[len(expected) - len(first) :]


def test_the_most_frequent_reason_comes_first_with_what_was_replayed_of_it() -> None:
    old = letter(0, reason="bad-time")
    messages: list[DeadLetter | ReplayMarker] = [
        old,
        marker(old),
        letter(2, reason="bad-time"),
        letter(3),
        letter(4),
        letter(5),
    ]
    survey, _ = surveyed(messages)
    assert survey.counts() == [Count("not-json", 3, 0), Count("bad-time", 1, 1)]
    assert counts_table(survey.counts()) == [
        "WAITING  REPLAYED  REASON",
        "      3         0  not-json",
        "      1         1  bad-time",
        "      4         1  (all)",
    ]
    assert counts_table([Count("\x1b[31m", 12_345_678, 0)]) == [
        "   WAITING  REPLAYED  REASON",
        "12,345,678         0  \\x1b[31m",
    ]


def test_reasons_that_anybody_may_invent_are_counted_together() -> None:
    many = range(MOST_REASONS + 7)
    survey, _ = surveyed([letter(n, reason=f"reason-{n}") for n in many])
    counts = survey.counts()
    assert counts[0] == Count(OTHER_REASONS, 7, 0)
    assert len(counts) == MOST_REASONS + 1


def test_where_a_letter_was_replayed_to_is_known_where_it_is_asked_for() -> None:
    old = letter(0)
    survey, newest = surveyed([old, marker(old)], replayed=True)
    assert [found.replayed_to for found in survey.shown_of(newest)] == ["transactions-0-99"]
    survey, newest = surveyed([old, marker(old)])
    assert survey.shown_of(newest) == []


def test_places_without_a_letter_are_missing() -> None:
    asked = frozenset({Position(0, 1), Position(0, 2), Position(0, 3)})
    survey, _ = surveyed([letter(1), marker(letter(2))], selection=Selection(positions=asked))
    assert survey.missing == {Position(0, 2), Position(0, 3)}


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"x" * 10_000, "€".encode() * 500, b"\xff" * 900]
)
def test_what_is_kept_of_a_value_is_all_that_is_shown_and_little_more(value: bytes | None) -> None:
    whole = letter(0, value=value)
    assert rows(cut(whole), None) == rows(whole, None)
    assert len(cut(whole).value or b"") < 700


def test_no_more_letters_are_kept_than_wanted() -> None:
    newest = Newest(3, cut)
    for n in [5, 1, 9, 7, 2, 8]:
        newest.add(letter(n, time=n))
    assert [seen.position.offset for seen in newest.in_order()] == [7, 8, 9]
    newest.clear()
    assert newest.in_order() == []
