"""Figures as SVG that follows the page's colours, light or dark."""

import re
from io import StringIO
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, LINE = "#000001", "#000002", "#000003"
ORDINARY, ALARM = "#000004", "#000005"
SERIES = ("#000006", "#000007", "#000008", "#000009", "#00000a")
"""Placeholder colours, which are replaced by CSS variables of the page."""

_ON_THE_PAGE = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    ORDINARY: "var(--ordinary)",
    ALARM: "var(--alarm)",
    **{color: f"var(--series-{index})" for index, color in enumerate(SERIES, start=1)},
}

_STYLE: Any = {
    "svg.fonttype": "none",  # texts stay texts, in the page's font
    "svg.hashsalt": "anomaly-app",  # the same figure, the same bytes
    "text.parse_math": False,  # a $ in a name is a $
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.titlecolor": INK,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
}

styled = mpl.rc_context(_STYLE)
"""Decorator of functions that draw: artists take their colours when they are created."""

WIDTH, HEIGHT = 4.6, 3.1
"""Size in inches of a figure that shares its row with another."""

FULL_WIDTH = 9.6
"""Width in inches of a figure that has a row to itself."""


@styled
def canvas(*, width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """Make an empty figure with one pair of axes, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


@styled
def svg(figure: Figure, *, alt: str) -> Markup:
    """Render a figure as SVG for a page.

    Parameters
    ----------
    figure
        Made by `canvas`.
    alt
        Text alternative for screen readers.
    """
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Ids repeat between figures, and HTML needs no namespaces.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", text, count=4)
    text = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", text)
    text = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", text)
    for color, variable in _ON_THE_PAGE.items():
        text = text.replace(color, variable)
    label = str(escape(alt))
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))  # noqa: S704
