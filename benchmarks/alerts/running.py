"""Run policies on streams: several streams at once, and each in the same way."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import NamedTuple

from benchmarks.alerts.goal import OURS
from benchmarks.alerts.measures import Measured, measure
from benchmarks.alerts.policies import POLICIES, ByAlertmanager
from benchmarks.alerts.policies.by_alertmanager import INSTANCES
from benchmarks.alerts.silences import Silenced, try_silences
from benchmarks.alerts.streams import stream
from benchmarks.alerts.truth import Truth

Result = Measured | Silenced


class Which(NamedTuple):
    """Names a stream."""

    family: str
    seed: int


def run(
    streams: Sequence[Which], policies: Sequence[str], jobs: int, done: Callable[[], None]
) -> Iterator[list[Result]]:
    """Yield what is measured, as it comes.

    Alertmanager runs at the end, by itself: with a clock that runs faster it must not wait for a
    processor.

    Parameters
    ----------
    streams
        The streams.
    policies
        Names of policies.
    jobs
        Streams that are made and replayed side by side.
    done
        Called for each stream, and for each one and policy of Alertmanager.
    """
    for measured in _side_by_side(streams, policies, jobs):
        done()
        yield measured
    rivals = [one for one in POLICIES if one.name in policies and isinstance(one, ByAlertmanager)]
    for begin in range(0, len(streams), INSTANCES) if rivals else ():
        # Not all streams at once: they would need some gigabytes.
        made = [stream(*each) for each in streams[begin : begin + INSTANCES]]
        for policy in rivals:
            policy.prepare(made, done)
            yield [measure(Truth(each), policy.name, policy.replay(each)) for each in made]


def _side_by_side(
    streams: Sequence[Which], policies: Sequence[str], jobs: int
) -> Iterator[list[Result]]:
    if jobs == 1:
        for which in streams:
            yield on_stream(which, policies)
        return
    # Libraries have threads: a process that is forked could wait for one that it does not have.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(on_stream, each, policies) for each in streams]):
            yield future.result()


def on_stream(which: Which, policies: Sequence[str]) -> list[Result]:
    """Replay one stream through all policies but Alertmanager, and try silences of ours."""
    made = stream(*which)
    truth = Truth(made)
    measured = [
        measure(truth, policy.name, policy.replay(made))
        for policy in POLICIES
        if policy.name in policies and not isinstance(policy, ByAlertmanager)
    ]
    return [*measured, *([try_silences(truth)] if OURS in policies else [])]
