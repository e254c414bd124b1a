"""What a goal is, and whether the streams of a family meet it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.table import Table

from benchmarks.alerts.measures import Measured
from benchmarks.alerts.silences import Silenced
from benchmarks.alerts.summary import Figure, figure_of

OURS = "incidents 20/day"

OVERALL = "all streams"

EVEN = 1e-3
"""Differences below this are those of floating point: times are seconds since the epoch."""


class OnStream(NamedTuple):
    """All policies on one stream, by name, and the silences of this project's."""

    family: str
    policies: Mapping[str, Measured]
    silenced: Silenced | None = None


Value = Callable[[OnStream], float | None]


class Beside(NamedTuple):
    """A number that is shown beside a goal."""

    name: str
    value: Value
    form: str


class Goal(NamedTuple):
    """A limit for a number that each stream gives."""

    what: str
    value: Value
    """Returns the number; None where it is unknown, or there is nothing to measure."""
    limit: float
    is_most: bool
    """Whether the limit is a maximum; otherwise a minimum."""
    form: str
    """How a number is written."""
    beside: tuple[Beside, ...] = ()
    is_open: bool = False
    """Whether the limit itself does not meet the goal."""

    @property
    def text(self) -> str:
        """The limit in words."""
        most, least = ("below", "above") if self.is_open else ("at most", "at least")
        return f"{most if self.is_most else least} {self.form.format(self.limit)}"

    def is_met_by(self, value: float) -> bool:
        """Whether a number meets the goal."""
        room = self.limit - value if self.is_most else value - self.limit
        return room > EVEN if self.is_open else room >= -EVEN


class Judged(NamedTuple):
    """A goal and what was measured."""

    family: str
    goal: Goal
    figure: Figure | None
    """Over the streams; None: there was nothing to measure."""
    met: int
    """Streams that meet the goal, of the `figure.seeds` that could be measured."""
    beside: str

    @property
    def verdict(self) -> str:
        """Whether the median meets the goal."""
        if self.figure is None:
            return "not measured"
        return "met" if self.goal.is_met_by(self.figure.median) else "missed"

    def to_json(self) -> dict[str, Any]:
        """Return the object to write as JSON."""
        return {
            "family": self.family,
            "goal": self.goal.what,
            "wanted": self.goal.text,
            **({} if self.figure is None else self.figure._asdict()),
            "met": self.met,
            "verdict": self.verdict,
            "beside": self.beside,
        }


def of_ours(value: Callable[[Measured], float | None]) -> Value:
    """Return a number of this project's policy."""

    def get(on: OnStream) -> float | None:
        ours = on.policies.get(OURS)
        return None if ours is None else value(ours)

    return get


def judge(goals: Sequence[Goal], streams: Sequence[OnStream]) -> Iterator[Judged]:
    """Yield each goal for each family, and for all streams if there are several families."""
    families = [*dict.fromkeys(each.family for each in streams)]
    for name in [*families, *([OVERALL] if len(families) > 1 else [])]:
        some = [each for each in streams if name in {each.family, OVERALL}]
        for goal in goals:
            values = [*map(goal.value, some)]
            met = sum(value is not None and goal.is_met_by(value) for value in values)
            yield Judged(name, goal, figure_of(values), met, _beside(goal, some))


def _beside(goal: Goal, streams: Sequence[OnStream]) -> str:
    return ", ".join(
        f"{one.name} {one.form.format(found.median)}"
        for one in goal.beside
        if (found := figure_of(map(one.value, streams))) is not None
    )


def goal_tables(judged: Sequence[Judged]) -> Iterator[Table]:
    """Yield a table for each family."""
    for family in dict.fromkeys(one.family for one in judged):
        table = Table(title=f"{family}: goals at 20 messages a day", box=None)
        table.add_column("goal")
        for heading in ("wanted", "median (95%)", "", "streams", "medians beside it"):
            table.add_column(heading)
        for one in judged:
            if one.family == family:
                found = one.figure
                table.add_row(
                    one.goal.what,
                    one.goal.text,
                    "" if found is None else found.text(one.goal.form),
                    one.verdict,
                    "" if found is None else f"{one.met} of {found.seeds}",
                    one.beside,
                )
        yield table
