"""Plot of the comparison: how much is sent, what it tells of, and how soon."""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from benchmarks.alerts.goal import OURS
from benchmarks.alerts.measures import Measured
from benchmarks.alerts.summary import LEVEL, Figure, figure
from benchmarks.plot import OURS as OUR_COLOR

OTHERS = ("#8d99ae", "#457b9d", "#2a9d8f", "#e9a23b", "#6d597a")
MARKERS = "sv^Dp"

Number = Callable[[Measured], float | None]

CHARACTERS = 22
"""Of the smallest text, in an inch."""

DELAYS = {0: "0", 10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}
"""Seconds that have a tick, and how it is written."""

LINEAR = 10.0
"""Seconds up to which the scale of delays is linear: some policies have none at all."""

ROWS: tuple[tuple[str, Number], ...] = (
    ("% of causes told of", lambda one: 100.0 * one.covered),
    ("until told, p95", lambda one: one.delays["all"].p95),
)
CLAIM = (
    f"Each point is a policy: the median over {{seeds}} streams, with the {LEVEL:.0%} interval of "
    "the bootstrap. Better: less to the left; above, higher; below, lower."
)


def draw(path: Path, measured: Sequence[Measured]) -> None:
    """Plot messages a day against causes told of, and against the time until told.

    Parameters
    ----------
    path
        Of the file; its suffix says the format.
    measured
        Policies on streams.
    """
    families = [*dict.fromkeys(one.family for one in measured)]
    looks = _looks([*dict.fromkeys(one.policy for one in measured)])
    size = (2.6 * len(families) + 0.9, 5.4)
    figure_, panels = plt.subplots(
        len(ROWS), len(families), figsize=size, squeeze=False, sharex="all", sharey="row"
    )
    for column, family in enumerate(families):
        some = [one for one in measured if one.family == family]
        for panel, (_, value) in zip(panels[:, column], ROWS, strict=True):
            for policy, look in looks.items():
                _point(panel, [one for one in some if one.policy == policy], value, look)
            _style(panel)
        panels[0, column].set_title(family, fontsize=9)
        panels[-1, column].set_xlabel("messages a day", fontsize=8)
    for panel, (label, _) in zip(panels[:, 0], ROWS, strict=True):
        panel.set_ylabel(label, fontsize=8)
    _style_delays(panels[-1, 0])
    handles = [Line2D([], [], linestyle="", label=policy, **look) for policy, look in looks.items()]
    seeds = max(len({one.seed for one in measured if one.family == name}) for name in families)
    claim = textwrap.wrap(CLAIM.format(seeds=seeds), int(size[0] * CHARACTERS))
    figure_.text(0.01, 0.012, "\n".join(claim), fontsize=6, color="#555555", va="bottom")
    columns = min(len(handles), 2 * len(families))
    below = 0.015 + 0.02 * len(claim)
    figure_.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, below),
        ncols=columns,
        fontsize=8,
        frameon=False,
    )
    rows_of_legend = -(-len(handles) // columns)
    figure_.tight_layout(rect=(0, below + 0.015 + 0.035 * rows_of_legend, 1, 1))
    figure_.savefig(path, dpi=150)
    plt.close(figure_)


def _looks(policies: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return marker, colour and size of each policy: ours stands out."""
    ours = {"marker": "o", "color": OUR_COLOR, "markersize": 7.0}
    others = iter(zip(MARKERS, OTHERS, strict=True))
    return {
        policy: ours
        if policy == OURS
        else dict(zip(("marker", "color", "markersize"), (*next(others), 5.0), strict=True))
        for policy in policies
    }


def _point(panel: Axes, measured: Sequence[Measured], value: Number, look: dict[str, Any]) -> None:
    across, up = figure(measured, lambda one: one.messages_a_day), figure(measured, value)
    if across is not None and up is not None:
        panel.errorbar(
            across.median,
            up.median,
            xerr=_whiskers(across),
            yerr=_whiskers(up),
            linestyle="",
            elinewidth=1.0,
            capsize=2,
            **look,
        )


def _whiskers(found: Figure) -> list[list[float]]:
    return [[found.median - found.low], [found.high - found.median]]


def _style(panel: Axes) -> None:
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    panel.margins(0.12)
    panel.xaxis.set_minor_locator(NullLocator())
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#e5e5e5", linewidth=0.6)


def _style_delays(panel: Axes) -> None:
    panel.set_yscale("symlog", linthresh=LINEAR)
    panel.set_ylim(bottom=-LINEAR / 3)
    panel.yaxis.set_major_locator(FixedLocator([*DELAYS]))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(lambda value, _: DELAYS.get(round(value), ""))
