"""Alertmanager's own binary, replayed with a clock that runs faster."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks.alerts.policies.alertmanager import (
    GROUP_INTERVAL,
    GROUP_WAIT,
    REPEAT_INTERVAL,
    Replay,
)
from benchmarks.alerts.policies.by_alertmanager import INSTANCES, ByAlertmanager
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import MINUTE, Stream
from benchmarks.errors import BenchmarkError
from harness.alertmanager import alertmanager, fetch_alertmanager
from harness.errors import AlertmanagerNotStarted
from tests.support.waiting import elapse
from tests.unit.test_bench_alerts import arrival, stream

FACTOR = 600.0

LATE = 120.0
"""Seconds of the stream's time that a call may be late: 0.2 real ones on a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def _fetched() -> None:
    try:
        fetch_alertmanager()
    except AlertmanagerNotStarted as fault:
        pytest.skip(f"Alertmanager is fetched from Debian's mirror: {fault}")


async def replayed(of: Stream, factor: float = FACTOR) -> Sequence[Sent]:
    return await Replay(of, lambda _: "all", factor).run()


def is_about(seconds: float, expected: float) -> bool:
    return expected - 1.0 <= seconds <= expected + LATE


async def test_a_group_is_told_of_after_a_while_and_new_members_at_the_next_interval() -> None:
    times = ((10, "a"), (20, "b"), (200, "a"), (210, "b"), (240, "c"))
    of = stream(*(arrival(at, entity) for at, entity in times))
    first, second = await replayed(of)
    assert (first.members, second.members) == ((0, 1, 2, 3), (0, 1, 2, 3, 4))
    assert is_about(first.at - of.begin, 10 + GROUP_WAIT)
    assert is_about(second.at - of.begin, 10 + GROUP_WAIT + GROUP_INTERVAL)
    assert first.incident == second.incident


async def test_a_replay_knows_whether_it_was_too_fast_for_the_machine() -> None:
    in_time = Replay(stream(arrival(10)), lambda _: "all")
    too_fast = Replay(
        stream(*(arrival(hour * 60 * MINUTE) for hour in range(60))),
        lambda _: "all",
        1_000 * FACTOR,
    )
    await in_time.run()
    await too_fast.run()
    assert (in_time.is_late, too_fast.is_late) == (False, True)


class SlowMachine:
    """Replays, the first of which are late.

    Parameters
    ----------
    late
        How many are.
    """

    def __init__(self, late: int) -> None:
        self.late = late
        self.running = 0
        self.side_by_side: list[int] = []

    def replay(self, _stream: Stream, _grouped_by: Callable[[bytes], str]) -> "SlowReplay":
        return SlowReplay(self)


class SlowReplay:
    def __init__(self, machine: SlowMachine) -> None:
        self.machine = machine
        self.is_late = False

    async def run(self) -> list[Sent]:
        machine = self.machine
        machine.running += 1
        machine.side_by_side.append(machine.running)
        self.is_late = len(machine.side_by_side) <= machine.late
        await elapse(0.02)
        machine.running -= 1
        return [Sent(0.0, "message", (0,), "late" if self.is_late else "in time")]


def prepared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, machine: SlowMachine
) -> tuple[list[str], int]:
    """Prepare as many streams as run at once; return what was kept, and how many were done."""
    monkeypatch.setattr("benchmarks.alerts.policies.by_alertmanager.Replay", machine.replay)
    streams = [stream(arrival(10), arrival(20 + n)) for n in range(INSTANCES)]
    policy, done = ByAlertmanager(folder=folder), list[None]()
    policy.prepare(streams, lambda: done.append(None))
    return [sent.incident for each in streams for sent in policy.replay(each)], len(done)


def test_late_replays_are_repeated_with_fewer_at_once_and_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = SlowMachine(late=INSTANCES + 3)
    kept, done = prepared(tmp_path, monkeypatch, machine)
    assert kept == ["in time"] * INSTANCES
    assert done == INSTANCES
    again, last = machine.side_by_side[INSTANCES : 2 * INSTANCES], machine.side_by_side[-3:]
    assert len(machine.side_by_side) == 2 * INSTANCES + 3
    assert max(again) <= INSTANCES // 2
    assert max(last) <= INSTANCES // 4


def test_a_machine_on_which_even_one_replay_is_late_is_said_to_be_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BenchmarkError, match="let nothing else run"):
        prepared(tmp_path, monkeypatch, SlowMachine(late=1_000))
    assert not [*tmp_path.iterdir()]


async def test_what_goes_on_is_repeated_after_four_hours_and_not_before() -> None:
    minutes = range(0, 60 * 4 + 30, 2)
    of = stream(*(arrival(minute * MINUTE) for minute in minutes))
    first, second = await replayed(of, 4 * FACTOR)
    assert first.members == second.members == tuple(range(len(minutes)))
    assert REPEAT_INTERVAL <= second.at - first.at <= REPEAT_INTERVAL + GROUP_INTERVAL + 4 * LATE


async def test_a_group_that_has_ended_waits_again_before_it_is_told_of() -> None:
    again = 30 * MINUTE
    of = stream(arrival(10), arrival(again))
    first, second = await replayed(of)
    assert (first.members, second.members) == ((0,), (1,))
    assert is_about(second.at - of.begin, again + GROUP_WAIT)
    assert first.incident != second.incident


async def test_alertmanager_says_why_it_does_not_start() -> None:
    with pytest.raises(AlertmanagerNotStarted, match="undefined receiver"):
        async with alertmanager("route: {receiver: nobody}\nreceivers: [{name: somebody}]\n"):
            pass


async def test_alertmanager_has_to_be_fetched_first(tmp_path: Path) -> None:
    with pytest.raises(AlertmanagerNotStarted, match="fetch_alertmanager"):
        async with alertmanager("", tmp_path):
            pass
