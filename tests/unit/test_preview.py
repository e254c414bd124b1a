"""What a silence would have hidden, and what would become of an anomaly: nothing is changed."""

from typing import Any

import pytest

from anomaly_app.core.alerts.explaining import explain, lines_of
from anomaly_app.core.alerts.feedback import AddSilence, Press
from anomaly_app.core.alerts.log import Entry, Tick
from anomaly_app.core.alerts.policy import Budget, Route
from anomaly_app.core.alerts.preview import Logged, preview
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.wish import Wish, check_silence, silence_of
from anomaly_app.errors import AlertsRefused
from tests.support.incidents import NOON, ONE, Timeline, policy, sighting

POLICY = policy(wait=30.0)


def silence(*matchers: str, **changes: Any) -> Silence:
    fields: dict[str, Any] = {"id": "s-1", "begins": NOON, "ends": NOON + 7_200.0}
    said: dict[str, Any] = {"note": "moving", "user": "ada", "matchers": matchers}
    return Silence(**(fields | said | changes))


def logged(*entries: tuple[float, Entry]) -> list[Logged]:
    return [Logged(offset, NOON + at, entry) for offset, (at, entry) in enumerate(entries)]


def two_cards() -> list[Logged]:
    return logged(
        (0.0, sighting("card-1", number=0)),
        (1.0, sighting("card-2", number=1, feature="hour")),
        (40.0, Tick()),
        (50.0, Press(id="p", incident="i-0", action="fraud", user="ada", at=NOON)),
        (4_000.0, Tick()),
    )


def test_a_preview_counts_the_messages_that_there_would_not_have_been() -> None:
    found = preview(two_cards(), silence("entity = card-1"), POLICY)
    # Both were told when they opened and when they were over.
    assert (found.told, found.hidden, found.incidents, found.fraud) == (4, 2, 1, 1)
    assert (found.begins, found.ends) == (NOON, NOON + 4_000.0)
    assert found.text == (
        "it would have hidden 2 of 4 messages about 1 incident, 1 of them confirmed fraud"
    )


def test_a_silence_that_matches_nothing_hides_nothing() -> None:
    found = preview(two_cards(), silence("entity = card-9"), POLICY)
    assert (found.hidden, found.incidents, found.fraud) == (0, 0, 0)


def test_what_gets_worse_would_have_been_told_in_spite_of_it() -> None:
    entries: list[tuple[float, Entry]] = [
        *((60.0 * n, sighting("card-1", number=n)) for n in range(20)),
        (1_300.0, sighting("card-1", number=90, feature="country_risk", rarity=0.001)),
        (1_400.0, Tick()),
    ]
    found = preview(logged(*entries), silence("entity = card-1"), POLICY)
    assert found.broken == 1
    assert found.hidden < found.told
    assert found.text.endswith("1 incident would have broken it by getting worse")


def test_of_an_empty_log_there_is_nothing_to_tell() -> None:
    found = preview([], silence("entity = card-1"), POLICY)
    assert (found.told, found.begins, found.text) == (
        *(0, None),
        "nothing was told lately that it could have hidden",
    )


def test_a_preview_counts_the_silences_of_that_time() -> None:
    entries = logged(
        (0.0, AddSilence(id="a", silence=silence("entity = card-1", id="s-0"), at=NOON)),
        (1.0, sighting("card-1", number=0)),
        (40.0, Tick()),
    )
    assert preview(entries, silence("entity = card-1"), POLICY).told == 0


def decided(lines: list[str], stage: str) -> str:
    [line] = [line for line in lines if line.strip().startswith(stage)]
    return line.split(maxsplit=1)[1].strip()


def test_an_explanation_has_each_stage_and_changes_nothing() -> None:
    timeline = Timeline(policy(wait=30.0))
    timeline.see("card-1")
    before = timeline.state.to_bytes()
    found = explain(timeline.state, sighting("card-2", number=7), POLICY, NOON + 60.0)
    assert timeline.state.to_bytes() == before
    assert (found.is_new, found.is_known, found.members) == (True, False, 1)
    lines = lines_of(found)
    assert lines[2] == f"{ONE}: held until 2026-01-06T12:01:30.000Z: others may join it within 30 s"
    assert decided(lines, "is_silenced") == "passes"


def test_one_that_was_told_is_explained_as_it_would_go_on() -> None:
    timeline = Timeline(policy(wait=30.0))
    timeline.see("card-1")
    timeline.wait(60.0)
    found = explain(timeline.state, sighting("card-1", number=0), POLICY, timeline.now)
    assert (found.is_new, found.is_known, found.incident) == (False, True, "i-0")
    lines = lines_of(found)
    assert lines[0].startswith("it was taken in before; if it came again, it would join")


def test_the_first_stage_that_lets_nothing_pass_decides_and_the_others_are_shown() -> None:
    made = policy(
        wait=0.0,
        receivers={ONE: Budget(), "night": Budget()},
        routes=(Route(receivers=("night",), minimum=2, goes_on=True), Route(receivers=(ONE,))),
    )
    timeline = Timeline(made)
    timeline.apply(AddSilence(id="a", silence=silence("entity = card-1"), at=NOON))
    lines = lines_of(explain(timeline.state, sighting("card-1"), made, NOON))
    night = lines[lines.index(next(line for line in lines if line.startswith("night: "))) :]
    assert night[0].startswith(
        "night: held until 2026-01-06T14:00:00.000Z: silenced by ada: moving"
    )
    assert decided(night[:9], "is_severe_enough").endswith("is below the route's critical")
    lines = lines_of(explain(timeline.state, sighting("card-2"), made, NOON))
    assert f"{ONE}: told now" in lines


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(duration="2h", note="n", user="u"), "needs matchers or an incident"),
        (Wish(matchers=("a = b",), incident="i-1", duration="2h", note="n", user="u"), "one of"),
        (Wish(matchers=("a = b",), note="n", user="u"), "needs a duration or an end"),
        (Wish(matchers=("a = b",), duration="2h", ends=1.0, note="n", user="u"), "one of both"),
        (Wish(matchers=("a = b",), duration="soon", note="n", user="u"), "is not a duration"),
        (Wish(matchers=("a = b",), duration="900d", note="n", user="u"), "at most a year"),
        (Wish(matchers=("a = b",), ends="yesterday", note="n", user="u"), "time"),
        (Wish(matchers=("a = b",), ends="2026-01-01", note="n", user="u"), "ends before"),
        (Wish(matchers=("a = b",), duration="2h", note=" ", user="u"), "a note and a user"),
        (Wish(matchers=("a b c",), duration="2h", note="n", user="u"), "write a field"),
        (Wish(matchers=("a = b",) * 21, duration="2h", note="n", user="u"), "at most 20"),
        (Wish(incident="<!channel>", duration="2h", note="n", user="u"), "there is no incident"),
    ],
)
def test_what_can_be_no_silence_is_refused_in_one_line(wish: Wish, why: str) -> None:
    with pytest.raises(AlertsRefused, match=why) as caught:
        silence_of(wish, "s-1", NOON)
    assert "\n" not in str(caught.value)


def test_a_silence_that_is_asked_for_can_be_one() -> None:
    made = silence_of(
        Wish(matchers=("entity = card-1",), duration="2h", note="moving", user="ada"), "s-1", NOON
    )
    assert (made.begins, made.ends) == (NOON, NOON + 7_200.0)
    check_silence(made)


@pytest.mark.parametrize(
    "changes",
    [{"ends": float("inf")}, {"begins": float("nan")}, {"id": "a b"}, {"id": "s" * 65}],
)
def test_a_silence_that_anybody_has_written_is_checked(changes: dict[str, Any]) -> None:
    with pytest.raises(AlertsRefused):
        check_silence(silence("entity = card-1", **changes))
