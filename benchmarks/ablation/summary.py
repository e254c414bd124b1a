"""The figures of an ablation over seeds and over streams."""

from collections.abc import Iterable, Sequence
from statistics import mean, median
from typing import NamedTuple

from benchmarks.ablation.measure import Measured

CHOSEN, HELD_OUT = "mean of chosen", "mean of held out"


class Line(NamedTuple):
    """Medians over seeds, of a stream or of the means over several."""

    preset: str
    variant: str
    detector: str
    stream: str
    roc_auc: float
    average_precision: float
    least: float
    """The lowest average precision of a seed."""
    most: float

    @property
    def text(self) -> str:
        """Both figures, and the spread of the second one if there are several seeds."""
        said = f"{self.roc_auc:.3f} / {self.average_precision:.3f}"
        spread = (self.most - self.least) / 2.0
        return said if spread == 0.0 else f"{said} ±{spread:.3f}"


def summaries(found: Iterable[Measured]) -> list[Line]:
    """Summarise figures: of each stream, of those to choose by, and of those held out."""
    groups: dict[tuple[str, str, str, str], list[Measured]] = {}
    for one in found:
        key = one.preset, one.variant, one.detector
        for name in (one.stream, HELD_OUT if one.held_out else CHOSEN):
            groups.setdefault((*key, name), []).append(one)
    order = {CHOSEN: 1, HELD_OUT: 2}
    lines = [_line(key, of) for key, of in groups.items()]
    return sorted(lines, key=lambda line: order.get(line.stream, 0))


def _line(key: tuple[str, str, str, str], of: Sequence[Measured]) -> Line:
    seeds = sorted({one.seed for one in of})
    areas = [mean(one.roc_auc for one in of if one.seed == seed) for seed in seeds]
    precisions = [mean(one.average_precision for one in of if one.seed == seed) for seed in seeds]
    return Line(*key, median(areas), median(precisions), min(precisions), max(precisions))
