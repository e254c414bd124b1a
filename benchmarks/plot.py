"""Plot of the comparison."""

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.quantiles import RATES
from benchmarks.report import number
from benchmarks.results import CPU, EVENTS, Results, latency_figure

OURS, OTHERS, SECOND = "#d1495b", "#8d99ae", "#c9d1dc"
OURS_SECOND = "#e9a3ac"
HEIGHT = 0.36
"""Height of a bar if a system has two."""


def draw(path: Path, systems: Sequence[str], results: Results, *, machine: str) -> None:
    """Plot events/s, CPU and latency of the systems, and write a PNG.

    Parameters
    ----------
    path
        File of the plot.
    systems
        Their names, from top to bottom; those that start with "app" are highlighted.
    results
        The results.
    machine
        Description of the machine, for the last line.
    """
    figure, panels = plt.subplots(1, 3, figsize=(12.0, 0.45 * len(systems) + 1.9), sharey=True)
    events, cpu, latency = panels
    _bars(events, systems, results, EVENTS, "events per second (more is better)")
    _bars(cpu, systems, results, CPU, "CPU per event, µs (less is better)")
    for rate, side in zip(RATES, (-1, 1), strict=True):
        label = f"{rate:,}/s"
        _bars(
            latency,
            systems,
            results,
            latency_figure(0.99, rate),
            "p99 from produce to anomaly, ms (less is better)",
            side=side,
            label=label,
        )
    events.set_yticks(range(len(systems)), systems)
    events.invert_yaxis()
    for tick in events.get_yticklabels():
        if tick.get_text().startswith("app"):
            tick.set_fontweight("bold")
            tick.set_color(OURS)
    figure.text(0.01, 0.01, _wrapped(machine), fontsize=7, color="#555555", va="bottom")
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _bars(
    panel: Axes,
    systems: Sequence[str],
    results: Results,
    figure: str,
    title: str,
    *,
    side: int = 0,
    label: str = "",
) -> None:
    least, largest = math.inf, 0.0
    for index, system in enumerate(systems):
        if not results.has(system, figure):
            continue
        found = results.summary(system, figure)
        ours = system.startswith("app")
        color = (OURS_SECOND if side > 0 else OURS) if ours else (SECOND if side > 0 else OTHERS)
        at = index + side * HEIGHT / 2
        whiskers = [[found.median - found.least], [found.most - found.median]]
        panel.barh(
            at,
            found.median,
            height=HEIGHT if side else 2 * HEIGHT,
            color=color,
            xerr=whiskers,
            error_kw={"elinewidth": 1.0, "ecolor": "#333333", "capsize": 2},
        )
        text = f"{'≥ ' if found.at_least else ''}{number(found.median)}"
        text += f"  at {label}" if label else ""
        panel.annotate(
            text, (found.most, at), xytext=(4, 0), textcoords="offset points", va="center", size=8
        )
        least, largest = min(least, found.least), max(largest, found.most)
    panel.set_xscale("log")
    panel.set_title(title, fontsize=9)
    if largest:
        # Leave room for the numbers on the right, and start at a power of ten.
        panel.set_xlim(10 ** math.floor(math.log10(least / 1.5)), largest * 40)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.tick_params(axis="x", labelsize=8)


def _wrapped(machine: str) -> str:
    first, _, rest = machine.partition("; ")
    return f"Bars: medians; whiskers: all runs. {first}\n{rest}"
