"""All that a run of the benchmark has found, and the file with it."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from benchmarks.alerts.goal import Judged, OnStream, judge
from benchmarks.alerts.goals import GOALS
from benchmarks.alerts.measures import Measured
from benchmarks.alerts.policies import POLICIES
from benchmarks.alerts.silences import Silenced
from benchmarks.alerts.streams import FAMILIES
from benchmarks.alerts.tables import figures

ORDER = [policy.name for policy in POLICIES]


class Found(NamedTuple):
    """What was measured, in the order of the tables, and how far the goals are met."""

    measured: list[Measured]
    silenced: list[Silenced]
    goals: list[Judged]

    @classmethod
    def of(cls, results: Iterable[Measured | Silenced]) -> Self:
        """Judge what was measured, in whatever order it came."""
        found = [*results]
        measured = sorted((one for one in found if isinstance(one, Measured)), key=_place)
        silenced = {(one.family, one.seed): one for one in found if isinstance(one, Silenced)}
        on: dict[tuple[str, int], dict[str, Measured]] = {}
        for one in measured:
            on.setdefault((one.family, one.seed), {})[one.policy] = one
        streams = [OnStream(key[0], policies, silenced.get(key)) for key, policies in on.items()]
        ordered = [silenced[key] for key in on if key in silenced]
        return cls(measured, ordered, [*judge(GOALS, streams)])

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "goals": [one.to_json() for one in self.goals],
            "figures": figures(self.measured),
            "streams": self.measured,
            "silences": self.silenced,
        }
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _place(one: Measured) -> tuple[int, int, int]:
    return FAMILIES.index(one.family), ORDER.index(one.policy), one.seed
