"""Performance goals, and whether they are met."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.quantiles import LITTLE, RATES
from benchmarks.results import (
    APP_CALL,
    CPU,
    DIFFERENCE,
    EARLY_MEMORY,
    EVENTS,
    LATE_MEMORY,
    SCORING,
    SKLEARN_CALL,
    Results,
    latency_figure,
    share_figure,
)


class Goal(NamedTuple):
    """A goal for one figure, relative to another.

    Parameters
    ----------
    what
        Description.
    of, beside
        System and name of the two figures.
    combine
        Combines the two figures.
    limit
        Limit for the combined number.
    at_most
        Whether the limit is a maximum; otherwise a minimum.
    unit
        Unit of the number.
    """

    what: str
    of: tuple[str, str]
    beside: tuple[str, str]
    combine: Callable[[float, float], float]
    limit: float
    at_most: bool
    unit: str = "x"

    @property
    def text(self) -> str:
        """The goal in words."""
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g} {self.unit}".strip()


def ratio(first: float, second: float) -> float:
    """Divide one figure by another."""
    return first / second


def difference(first: float, second: float) -> float:
    """Subtract one figure from another."""
    return first - second


def alone(first: float, _: float) -> float:
    """Take the first figure."""
    return first


GOALS = (
    Goal("CPU per event, app / floor", ("app", CPU), ("floor", CPU), ratio, 1.25, at_most=True),
    *(
        Goal(f"events/s, app / {peer}", ("app", EVENTS), (peer, EVENTS), ratio, limit, False)  # noqa: FBT003
        for peer, limit in (("tutorial", 300), ("Faust take", 6), ("Quix Streams", 100))
    ),
    *(
        Goal(
            f"% of a core at {rate:,}/s, app",
            ("app", share_figure(rate)),
            ("app", share_figure(rate)),
            alone,
            limit,
            at_most=True,
            unit="%",
        )
        for rate, limit in zip(LITTLE, (5, 15), strict=True)
    ),
    Goal(
        "p99 at 1,000/s, app",
        ("app", latency_figure(0.99, 1_000)),
        ("app", latency_figure(0.99, 1_000)),
        alone,
        25,
        at_most=True,
        unit="ms",
    ),
    *(
        Goal(
            f"p99 at {rate:,}/s, app with 1 ms of linger - floor",
            ("app, 1 ms", latency_figure(0.99, rate)),
            ("floor", latency_figure(0.99, rate)),
            difference,
            10,
            at_most=True,
            unit="ms",
        )
        for rate in RATES
    ),
    Goal(
        "CPU per event, two workers / one",
        ("app, two workers", CPU),
        ("app", CPU),
        ratio,
        1.1,
        at_most=True,
    ),
    Goal(
        "one row's score, scikit-learn / app",
        (SCORING, SKLEARN_CALL),
        (SCORING, APP_CALL),
        ratio,
        100,
        at_most=False,
    ),
    Goal(
        "one row's score, largest difference",
        (SCORING, DIFFERENCE),
        (SCORING, DIFFERENCE),
        alone,
        1e-6,
        at_most=True,
        unit="",
    ),
    Goal(
        "memory, end of the long topic / a tenth",
        ("app", LATE_MEMORY),
        ("app", EARLY_MEMORY),
        ratio,
        1.05,
        at_most=True,
    ),
)


class Judged(NamedTuple):
    """A goal and its measurement: from the medians, and the range over the runs."""

    goal: Goal
    measured: float
    least: float
    most: float
    met: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object to write as JSON."""
        return {
            "system": "goals",
            "figure": self.goal.what,
            "goal": self.goal.text,
            "median": self.measured,
            "min": self.least,
            "max": self.most,
            "met": self.met,
        }


def judge(results: Results, goals: Sequence[Goal] = GOALS) -> list[Judged]:
    """Check the goals whose figures were measured."""
    judged = []
    for goal in goals:
        if not (results.has(*goal.of) and results.has(*goal.beside)):
            continue
        measured = goal.combine(
            results.summary(*goal.of).median, results.summary(*goal.beside).median
        )
        runs = [
            goal.combine(first, second)
            for first, second in zip(
                results.samples[goal.of], results.samples[goal.beside], strict=False
            )
        ]
        kept = measured <= goal.limit if goal.at_most else measured >= goal.limit
        # A lower bound proves nothing.
        sure = not {goal.of, goal.beside} & results.bounds
        judged.append(Judged(goal, measured, min(runs), max(runs), kept and sure))
    return judged
