"""The goals of the alerts, and when they are met."""

import io
from collections.abc import Mapping

import msgspec
import pytest
from rich.console import Console

from benchmarks.alerts.goal import (
    EVEN,
    OURS,
    OVERALL,
    Beside,
    Goal,
    Judged,
    OnStream,
    goal_tables,
    judge,
    of_ours,
)
from benchmarks.alerts.goals import EACH, GOALS, RIVALS
from benchmarks.alerts.measures import Measured
from benchmarks.alerts.policies import POLICIES
from tests.unit.test_bench_alerts import arrival, measured, message, stream

ENTITY, FIELD = RIVALS.values()


def on(policies: Mapping[str, Measured], family: str = "cards") -> OnStream:
    return OnStream(family, policies)


def some(**changes: object) -> Measured:
    return msgspec.structs.replace(
        measured(stream(arrival(0, cause="a")), message(0, 0)), **changes
    )


def judged(what: str, *streams: OnStream) -> Judged:
    [goal] = [goal for goal in GOALS if what in goal.what]
    return next(judge([goal], streams))


def late(**seconds: float) -> Measured:
    return some(until_told=seconds, until_message=seconds)


def test_goals_are_about_policies_that_there_are() -> None:
    assert {OURS, EACH, *RIVALS.values()} <= {policy.name for policy in POLICIES}


def test_a_goal_is_met_by_the_median_of_the_streams() -> None:
    numbers = (1.0, 1.2, 5.0)
    found = judged("messages a cause", *(on({OURS: some(messages_a_cause=n)}) for n in numbers))
    assert (found.verdict, found.met) == ("met", 2)
    assert found.figure is not None
    assert (found.figure.median, found.figure.seeds) == (1.2, 3)


def test_a_goal_is_missed_beyond_its_limit() -> None:
    assert judged("messages a cause", on({OURS: some(messages_a_cause=1.31)})).verdict == "missed"


def test_what_there_was_not_is_not_measured() -> None:
    found = judged("two campaigns at once", on({OURS: some()}))
    assert (found.verdict, found.figure) == ("not measured", None)


def test_time_is_compared_on_the_causes_that_both_tell_of() -> None:
    ours = late(a=30.0, b=90.0, c=9_000.0)
    found = judged("times Alertmanager", on({OURS: ours, ENTITY: late(a=30.0, b=30.0, d=1.0)}))
    assert found.figure is not None
    assert found.figure.median == pytest.approx(87.0 / 30.0)
    assert found.beside == "ours 87 s, by entity 30 s"


def test_of_two_rivals_the_one_that_is_further_ahead_counts() -> None:
    policies = {OURS: late(a=60.0), ENTITY: late(a=60.0), FIELD: late(a=30.0)}
    found = judged("times Alertmanager", on(policies))
    assert (found.verdict, found.figure and found.figure.median) == ("missed", 2.0)


def test_half_a_millisecond_is_not_later() -> None:
    rivals = {ENTITY: late(a=30.0), FIELD: late(a=30.0)}
    assert judged("times Alertmanager", on({OURS: late(a=30.0005), **rivals})).verdict == "met"


def test_causes_are_counted_beside_those_that_one_message_an_anomaly_tells_of() -> None:
    found = judged("of the causes told", on({OURS: some(covered=0.7), EACH: some(covered=0.7)}))
    assert found.figure is not None
    assert found.figure.median == pytest.approx(100.0)


def test_as_good_as_the_best_field_is_not_better() -> None:
    equal = some(twins_f1=0.97, best_field_f1=0.97)
    assert judged("best single field", on({OURS: equal})).verdict == "missed"
    better = msgspec.structs.replace(equal, twins_f1=0.97 + 2 * EVEN)
    assert judged("best single field", on({OURS: better})).verdict == "met"


def test_families_are_judged_one_by_one_and_together() -> None:
    goal = Goal("days", of_ours(lambda one: one.messages_a_day), 2.0, is_most=True, form="{:.0f}")
    days = {"cards": 1.0, "network": 4.0, "machines": 2.0}
    streams = [on({OURS: some(messages_a_day=n)}, family) for family, n in days.items()]
    found = {one.family: one.verdict for one in judge([goal], streams)}
    assert found == {"cards": "met", "network": "missed", "machines": "met", OVERALL: "met"}


def test_the_table_has_the_verdict_in_words() -> None:
    beside = (Beside("most", of_ours(lambda one: one.most_a_day), "{:.0f}"),)
    goal = Goal("days", of_ours(lambda one: 3.0), 2.0, is_most=True, form="{:.0f}", beside=beside)
    screen = Console(file=io.StringIO(), width=132)
    screen.print(*goal_tables([*judge([goal], [on({OURS: some(most_a_day=7)})])]))
    [line] = [line for line in screen.file.getvalue().splitlines() if "days" in line]  # type: ignore[attr-defined]
    assert " ".join(line.split()) == "days at most 2 3 missed 0 of 1 most 7"
