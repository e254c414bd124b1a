"""Bar charts of a comparison: merit and cost of each detector."""

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from anomaly_app.core.wording import number
from training.evaluation.contenders import Comparison
from training.report.figures import FULL_WIDTH, INK, ORDINARY, SOFT, styled, svg

ROW = 0.33
"""Height of a detector's bars in inches."""

MERITS = ("synthetic_auc", "average_precision")
"""Keys of the merits' intervals, without and with labels."""


@styled
def detector_bars(comparison: Comparison) -> Markup:
    """Plot the merit and the cost per row of each detector, best on top."""
    contenders = comparison.contenders[::-1]
    names = [contender.detector for contender in contenders]
    figure = Figure(figsize=(FULL_WIDTH, 0.8 + ROW * len(names)), layout="constrained")
    quality, cost = figure.subplots(1, 2, width_ratios=[3, 2])
    merits = [contender.merit for contender in contenders]
    quality.barh(range(len(names)), merits, 0.62, color=ORDINARY, alpha=0.85)
    ends = [
        contender.intervals.get(MERITS[contender.unlabelled is None]) for contender in contenders
    ]
    for index, end in enumerate(ends):
        if end is not None:
            quality.plot(end, [index, index], color=INK, linewidth=1.2, solid_capstyle="butt")
    quality.set_yticks(range(len(names)), names, color=INK)
    tips = [merit if end is None else end.high for merit, end in zip(merits, ends, strict=True)]
    quality.set_xlim(0.0, max(*tips, 0.05) * 1.16)  # room for the number behind the bar
    quality.set_title(f"{comparison.merit}, with 95% interval", loc="left", fontsize=10)
    _write(quality, tips, [f"{merit:.3f}" for merit in merits])
    micro = [contender.us_per_row for contender in contenders]
    cost.plot(micro, range(len(names)), "o", color=SOFT, markersize=6)
    cost.set_xscale("log")
    cost.set_xlim(min(micro) / 2.5, max(micro) * 6)
    cost.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 2)))
    cost.xaxis.set_minor_formatter(NullFormatter())
    cost.set_yticks(range(len(names)), [""] * len(names))
    cost.set_ylim(quality.get_ylim())
    cost.set_title("µs a row (logarithmic)", loc="left", fontsize=10)
    _write(cost, micro, [number(value, 2) for value in micro])
    for axes in (quality, cost):
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
    return svg(figure, alt="How good each detector is, and the microseconds that a row costs")


def _write(axes: Axes, values: Sequence[float], words: Sequence[str]) -> None:
    for index, (value, word) in enumerate(zip(values, words, strict=True)):
        axes.annotate(
            word,
            (value, index),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
