"""What a worker says of its stream, on a timeline of fixed times."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.monitoring.rates import AlertRateWatch, RejectedWatch
from anomaly_app.core.monitoring.remedies import REMEDIES
from anomaly_app.core.monitoring.watch import Batch, Letter, Watch, finish, step
from anomaly_app.core.monitoring.window import Counts, Window
from anomaly_app.errors import Rejection
from anomaly_app.settings.app import Settings

Timeline = Sequence[tuple[float, Batch]]

TICK = Batch()

LETTERS = re.compile(r"([\d,]+) (?:more )?dead letters?, ([\w-]+): ")


def letters(count: int, reason: str = "not-json", *, first: int = 0, detail: str = "bad") -> Batch:
    return Batch(
        others=[Letter(reason, "transactions", 3, first + i, detail) for i in range(count)]
    )


def rejected(count: int, reason: str = "not-json", *, scored: int = 0) -> Batch:
    return Batch(scored=scored, rejected=letters(count, reason).others)


def said(timeline: Timeline, watch: Watch | None = None) -> Iterator[tuple[float, str]]:
    watch = watch or Watch()
    for now, batch in timeline:
        watch, lines = step(watch, batch, now)
        yield from ((now, line) for line in lines)


def test_the_first_dead_letter_of_a_reason_is_said_at_once_with_all_that_is_needed() -> None:
    [(_, line)] = said([(0.0, letters(1, first=42, detail="byte 1 is malformed"))])
    assert line == (
        "1 dead letter, not-json: for example transactions partition 3 offset 42, byte 1 is "
        "malformed; see them with faust -A anomaly_app.app dlq list --reason not-json"
    )


def test_twenty_thousand_dead_letters_are_one_line_a_reason_and_minute() -> None:
    timeline = [(i * 0.1, letters(10, first=10 * i)) for i in range(2_000)]
    lines = [*said(timeline)]
    assert [round(now) for now, _ in lines] == [0, 60, 120, 180]
    assert [line.split(",")[0] for _, line in lines[:1]] == ["10 dead letters"]
    assert all("more dead letters, not-json" in line for _, line in lines[1:])
    assert "offset 10," in lines[1][1], "the example is the first that was not said"


def test_what_waits_is_said_at_the_end_of_a_quiet_minute() -> None:
    timeline = [(0.0, letters(1)), (1.0, letters(7, first=1)), (59.0, TICK), (61.0, TICK)]
    assert [now for now, _ in said([*timeline, (200.0, TICK)])] == [0.0, 61.0]


def test_a_reason_does_not_wait_for_another() -> None:
    timeline = [(0.0, letters(1, "not-json")), (1.0, letters(1, "bad-time"))]
    assert [now for now, _ in said(timeline)] == [0.0, 1.0]


def test_a_stop_says_what_waits() -> None:
    watch, _ = step(Watch(), letters(1), 0.0)
    watch, _ = step(watch, letters(9, first=1), 1.0)
    watch, lines = finish(watch, 2.0)
    assert [line.split(" dead")[0] for line in lines] == ["9 more"]
    assert finish(watch, 2.0)[1] == []


def test_what_was_found_is_printable_and_short() -> None:
    hostile = "\x1b]0;owned\x07\r\nerror: all is well \u202e\x9b2J" + "x" * 10_000
    [(_, line)] = said([(0.0, letters(1, detail=hostile))])
    assert line.isprintable()
    assert len(line) < 400


REASONS = st.sampled_from([str(rejection) for rejection in Rejection])
TIMELINES = st.lists(
    st.tuples(
        st.floats(0.0, 90.0),
        st.lists(st.tuples(REASONS, st.integers(1, 3), st.booleans()), max_size=4),
    ),
    max_size=40,
)


@given(TIMELINES)
def test_every_dead_letter_is_counted_in_one_line_and_no_reason_has_two_in_a_minute(
    gaps: list[tuple[float, list[tuple[str, int, bool]]]],
) -> None:
    watch, now = Watch(), 0.0
    sent: Counter[str] = Counter()
    told: Counter[str] = Counter()
    times: dict[str, list[float]] = {}

    def tell(lines: list[str]) -> list[str]:
        found = []
        for line in lines:
            if match := LETTERS.match(line):
                told[match[2]] += int(match[1].replace(",", ""))
                found.append(match[2])
        return found

    for gap, groups in gaps:
        now += gap
        batch = Batch()
        for reason, count, other in groups:
            sent[reason] += count
            more = letters(count, reason).others
            batch = (
                batch._replace(others=[*batch.others, *more])
                if other
                else batch._replace(rejected=[*batch.rejected, *more])
            )
        watch, lines = step(watch, batch, now)
        for reason in tell(lines):
            times.setdefault(reason, []).append(now)
        assert set(sent) == set(times), "the first of a reason is said at once"
    waiting = sent - told
    for lines in (step(watch, TICK, now + 60.001)[1], finish(watch, now)[1]):
        told.clear()
        tell(lines)
        assert told == waiting
    for moments in times.values():
        assert all(later - earlier >= 60.0 for earlier, later in pairwise(moments))


def advice(timeline: Timeline, watch: Watch | None = None) -> list[tuple[float, str]]:
    return [(now, line) for now, line in said(timeline, watch) if not LETTERS.match(line)]


def test_more_than_half_rejected_is_said_with_the_commonest_reason_and_its_remedy() -> None:
    timeline = [(0.0, rejected(300, "wrong-type", scored=100)), (1.0, rejected(90, "bad-time"))]
    [(now, line)] = advice(timeline)
    assert now == 0.0
    assert line.startswith("300 of the last 400 records were rejected, 300 of them as wrong-type: ")
    assert REMEDIES["wrong-type"] in line


@pytest.mark.parametrize(
    ("bad", "good"), [(99, 0), (100, 100), (5_000, 5_000)], ids=["too few", "half", "half of many"]
)
def test_half_or_too_few_are_not_said(bad: int, good: int) -> None:
    assert advice([(0.0, rejected(bad, scored=good))]) == []


def test_a_share_that_stays_high_is_said_every_ten_minutes() -> None:
    timeline = [(float(now), rejected(200)) for now in range(0, 1_900, 10)]
    assert [now for now, _ in advice(timeline)] == [0.0, 600.0, 1_200.0, 1_800.0]


def test_a_share_that_falls_and_rises_is_said_again_but_not_twice_in_a_minute() -> None:
    def waves(seconds: float) -> Timeline:
        halves = [Batch(scored=2_000), rejected(2_000)]
        return [(seconds * i, halves[i % 2]) for i in range(8)]

    assert [now for now, _ in advice(waves(100.0))] == [100.0, 300.0, 500.0, 700.0]
    assert [now for now, _ in advice(waves(10.0))] == [10.0, 70.0]


def test_nothing_is_said_of_a_share_while_nothing_arrives() -> None:
    assert len(advice([(0.0, rejected(200)), (3_600.0, TICK), (7_200.0, TICK)])) == 1


def test_dead_letters_of_other_topics_are_no_share_of_what_is_scored() -> None:
    watch, _ = step(Watch(), letters(5_000), 0.0)
    assert watch.rejected.share is None
    assert watch.advice == []


def test_the_share_looks_back_on_a_thousand_records() -> None:
    watch = Watch()
    for batch in [rejected(4_096), *[Batch(scored=1)] * 1_000]:
        watch, _ = step(watch, batch, 0.0)
    assert watch.rejected.share == 0.0


@given(st.lists(st.integers(0, 700), max_size=60), st.integers(1, 400))
def test_a_window_holds_the_latest_records_and_forgets_the_others(
    batches: list[int], half: int
) -> None:
    window = Window(half)
    for place, size in enumerate(batches):
        window = window.with_batch(Counts(size, size, {str(place): size}))
        seen, found, kinds = window.counts
        assert seen == found == sum(kinds.values())
        assert seen >= min(half, sum(batches[: place + 1]))
        assert seen < 2 * half + max(batches[: place + 1])
        held = [int(kind) for kind, count in kinds.items() if count]
        before = range(min(held), place + 1) if held else range(0)
        assert held == [p for p in before if batches[p]], "no gaps"


def every_rejection() -> list[str]:
    return [str(rejection) for rejection in Rejection]


def test_every_rejection_has_one_remedy() -> None:
    assert sorted(REMEDIES) == sorted(every_rejection())


def test_remedies_name_settings_that_exist() -> None:
    names = re.findall(r"ANOMALY_\w+", " ".join(REMEDIES.values()))
    assert names
    assert set(names) <= {Settings.environment_name(field) for field in Settings.model_fields}


@pytest.mark.parametrize("text", REMEDIES.values())
def test_remedies_are_one_short_line(text: str) -> None:
    assert text.isprintable()
    assert len(text) < 200


def watching(alert_rate: float) -> Watch:
    return Watch(alerts=AlertRateWatch.of(alert_rate, "models/transactions"))


def test_no_anomaly_where_fifty_are_to_be_expected_is_said() -> None:
    timeline = [(float(i), Batch(scored=1_000)) for i in range(6)]
    [(now, line)] = advice(timeline, watching(0.01))
    assert now == 4.0
    assert line == (
        "none of the last 5,000 transactions was an anomaly, but the model's alert rate of 1 % "
        "predicts 50: the stream differs from the model's history; compare them with `python "
        "-m training evaluate models/transactions newer.csv`, and fit a model on newer history"
    )


def test_one_anomaly_ends_the_wait_for_one() -> None:
    timeline = [(float(i), Batch(scored=1_000, anomalies=int(i % 4 == 3))) for i in range(40)]
    assert advice(timeline, watching(0.01)) == []


def test_five_times_the_asked_rate_is_said_with_both_rates() -> None:
    timeline = [(float(i), Batch(scored=100, anomalies=20)) for i in range(10)]
    [(now, line)] = advice(timeline, watching(0.01))
    assert now == 4.0, "and not within the first few hundred"
    assert line.startswith(
        "100 of the last 500 transactions were anomalies (20 %), but the model's"
    )
    assert "alert rate of 1 % predicts 5" in line


@pytest.mark.parametrize("alert_rate", [0.3, 0.5])
def test_too_many_are_also_seen_where_five_times_the_rate_is_more_than_all(
    alert_rate: float,
) -> None:
    assert advice([(0.0, Batch(1_000, 990))], watching(alert_rate))
    assert advice([(0.0, Batch(1_000, int(1_100 * alert_rate)))], watching(alert_rate)) == []


def test_what_lasts_is_said_once_an_hour() -> None:
    timeline = [(60.0 * i, Batch(scored=1_000, anomalies=900)) for i in range(130)]
    assert [now for now, _ in advice(timeline, watching(0.01))] == [0.0, 3_600.0, 7_200.0]
    timeline = [(60.0 * i, Batch(scored=5_000)) for i in range(130)]
    assert [now for now, _ in advice(timeline, watching(0.01))] == [0.0, 3_600.0, 7_200.0]


def test_a_handful_of_anomalies_of_a_rare_kind_is_not_too_many() -> None:
    assert advice([(0.0, Batch(1_000, 49))], watching(1e-6)) == []


@pytest.mark.parametrize("alert_rate", [1e-300, 1e-6, 0.01, 0.5])
def test_any_alert_rate_can_be_watched(alert_rate: float) -> None:
    watch, _ = step(watching(alert_rate), Batch(1_000, int(1_000 * alert_rate)), 0.0)
    assert watch.advice == []


@given(
    st.floats(0.001, 0.1),
    st.lists(st.integers(1, 4_096), min_size=1, max_size=80),
    st.floats(0.4, 2.0),
)
def test_a_stream_as_the_model_expects_it_says_nothing(
    alert_rate: float, batches: list[int], off_by: float
) -> None:
    """Anomalies that come evenly, at about the asked rate."""
    timeline, scored, found = [], 0, 0
    for place, size in enumerate(batches):
        scored += size
        due = int(scored * alert_rate * off_by)
        timeline.append((float(place), Batch(size, due - found)))
        found = due
    assert advice(timeline, watching(alert_rate)) == []


def test_without_a_model_nothing_is_said_of_alerts() -> None:
    assert advice([(0.0, Batch(scored=1_000_000))]) == []


def test_advice_holds_as_long_as_what_it_is_about() -> None:
    watch, _ = step(Watch(), rejected(200), 0.0)
    assert len(watch.advice) == 1
    assert watch.rejected == RejectedWatch(watch.rejected.window, 0.0, fell=False)
    watch, _ = step(watch, Batch(scored=2_000), 1.0)
    assert watch.advice == []
