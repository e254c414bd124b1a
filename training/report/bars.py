"""The bars of a comparison: how good each detector is, and what it costs."""

from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, NullFormatter

from training.compare import Comparison
from training.report.figures import INK, ORDINARY, SOFT, canvas, svg
from training.report.plots import FULL_WIDTH
from training.report.words import number

ROW = 0.33
"""Inches of a detector's bars."""


def detector_bars(comparison: Comparison) -> Markup:
    """Plot each detector's merit, and with labels its AUC, beside its cost a row; best on top."""
    contenders = comparison.contenders[::-1]
    names = [contender.detector for contender in contenders]
    figure, left = canvas(width=FULL_WIDTH, height=1.0 + ROW * len(names))
    left.remove()
    quality, cost = figure.subplots(1, 2, width_ratios=[3, 2])
    places = range(len(names))
    merits = [contender.merit for contender in contenders]
    quality.barh(places, merits, 0.62, color=ORDINARY, alpha=0.85)
    quality.set_yticks(places, names)
    quality.set_xlim(0.0, 1.12)
    quality.set_title(_title(comparison), loc="left", fontsize=10, color=INK)
    for place, merit in enumerate(merits):
        quality.text(merit + 0.012, place, f"{merit:.3f}", va="center", fontsize=9, color=INK)
    micro = [contender.us_per_row for contender in contenders]
    cost.plot(micro, places, "o", color=SOFT, markersize=6)
    cost.set_xscale("log")
    cost.set_xlim(min(micro) / 2.5, max(micro) * 6)
    cost.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 2)))
    cost.xaxis.set_minor_formatter(NullFormatter())
    cost.set_yticks(places, [""] * len(names))
    cost.set_ylim(quality.get_ylim())
    cost.set_title("µs a row (logarithmic)", loc="left", fontsize=10, color=INK)
    for place, value in enumerate(micro):
        cost.annotate(
            number(value, 2),
            (value, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    return svg(figure, alt="How good each detector is, and the microseconds that a row costs")


def _title(comparison: Comparison) -> str:
    return "AUC of planted anomalies" if comparison.best.unlabelled else "average precision"
