"""Plot of the growth, in four panels, the last of which measures something else."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator

from benchmarks.growth import ROUNDS, USUAL_BATCH, USUAL_FEATURES, USUAL_TREES, Point
from benchmarks.plot import OURS

MAX_TICKS = 6
TITLES = {
    "trees": f"trees ({USUAL_BATCH:,} records, {USUAL_FEATURES} features)",
    "features": f"features ({USUAL_BATCH:,} records, {USUAL_TREES} trees)",
    "records in a batch": f"records in a batch ({USUAL_TREES} trees, {USUAL_FEATURES} features)",
    "partitions": "partitions (CPU of a whole worker)",
}
CLAIM = (
    f"Median and range of {ROUNDS}: time to judge ordinary rows, which a third of the calls stay "
    "below; with partitions, CPU per event in runs of a worker, one after the other."
)


def draw_growth(path: Path, points: Sequence[Point], *, machine: str) -> None:
    """Plot the cost per row against each parameter, and write a PNG."""
    figure, panels = plt.subplots(1, 4, figsize=(13.0, 3.2))
    for panel, (name, title) in zip(panels, TITLES.items(), strict=True):
        of_panel = [point for point in points if point.panel == name]
        at = [point.at for point in of_panel]
        panel.plot(at, [median(p.microseconds) for p in of_panel], "o-", color=OURS, markersize=3)
        panel.fill_between(
            at,
            [min(point.microseconds) for point in of_panel],
            [max(point.microseconds) for point in of_panel],
            color=OURS,
            alpha=0.2,
        )
        panel.set_xscale("log")
        panel.set_yscale("log" if name == "records in a batch" else "linear")
        if name != "records in a batch":
            panel.set_ylim(bottom=0)
        if panel.get_yscale() == "log":
            panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        shown = at[::3] if len(at) > MAX_TICKS else at
        panel.set_xticks(shown, [f"{x:,}" for x in shown])
        panel.minorticks_off()
        panel.set_title(title, fontsize=8)
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="#e5e5e5", linewidth=0.6)
    panels[0].set_ylabel("µs per row", fontsize=8)
    figure.text(0.01, 0.02, f"{CLAIM}\n{machine}", fontsize=6, color="#555555")
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    figure.savefig(path, dpi=150)
    plt.close(figure)
