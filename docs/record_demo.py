"""Record a command in a terminal and write it as an animated SVG: the picture of the README.

It needs pyte, a terminal in memory, which nothing else needs:

    pip install pyte
    python docs/record_demo.py docs/images/demo.svg .venv/bin/python -m demo --seconds 20

The SVG has no script and no font of its own, so that GitHub and the site show it as an image.
Where animations are switched off, the last screen is shown.
"""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyte

COLUMNS, ROWS = 114, 30
CELL_WIDTH, LINE_HEIGHT, MARGIN = 8.43, 18, 14
FRAMES = 24
"""At most, and thus the size of the file."""
FEWEST_LINES = 5
"""Of the first screen: the picture begins where there is something to see."""
SECONDS_PER_FRAME, SECONDS_OF_LAST = 0.6, 6.0

BACKGROUND, FOREGROUND = "#16181d", "#d8dbe0"
COLOURS = {
    "default": FOREGROUND,
    "red": "#f2777a",
    "green": "#8ac37a",
    "brown": "#e6c06b",
    "blue": "#79a8e8",
    "magenta": "#cf9ade",
    "cyan": "#6cc5c9",
}


class Style(NamedTuple):
    """How a run of characters looks."""

    colour: str
    bold: bool
    dim: bool


class Output(NamedTuple):
    """What a command wrote, and when."""

    seconds: float
    data: bytes


def record(command: Sequence[str]) -> Iterator[Output]:
    """Run a command in a pseudo-terminal and give what it writes."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        os.execvp(command[0], command)  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    begin = time.monotonic()
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            return
        yield Output(time.monotonic() - begin, data)


def screens(outputs: Sequence[Output]) -> list[list[str]]:
    """Give the different screens, as lines of SVG: some, evenly, and the last."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    found: list[list[str]] = []
    for output in outputs:
        if output.data.startswith(b'{"'):
            break  # the summary for machines, which is not a sight
        # The dim attribute is unknown to pyte: an unused colour stands for it.
        stream.feed(output.data.replace(b"\x1b[2m", b"\x1b[90m"))
        lines = [line(screen, row) for row in range(ROWS)]
        if sum(map(bool, lines)) >= FEWEST_LINES and (not found or lines != found[-1]):
            found.append(lines)
    step = max(len(found) / FRAMES, 1)
    return [found[int(i * step)] for i in range(int((len(found) - 1) / step))] + [found[-1]]


def line(screen: pyte.Screen, row: int) -> str:
    """Write a row of the screen as SVG: one element for each run of one style."""
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    y = MARGIN + LINE_HEIGHT * (row + 0.75)
    runs, column = [], 0
    for style, group in groupby(cells, style_of):
        text = "".join(cell.data for cell in group)
        weight = ' font-weight="bold"' if style.bold else ""
        faded = ' opacity=".55"' if style.dim else ""
        # Several spaces are one in SVG, whatever is said: words between them have their own place.
        for words in re.finditer(r"\S+( \S+)*", text):
            x, width = MARGIN + CELL_WIDTH * (column + words.start()), CELL_WIDTH * len(words[0])
            runs.append(
                f'<text x="{x:.1f}" y="{y:.1f}" textLength="{width:.1f}" '
                f'fill="{style.colour}"{weight}{faded}>{escape(words[0])}</text>'
            )
        column += len(text)
    return "".join(runs)


def style_of(cell: pyte.screens.Char) -> Style:
    """Give a cell's style; a colour that is neither named nor a hex number is the usual one."""
    dim = cell.fg in {"brightblack", "black"}
    named = COLOURS.get(cell.fg.removeprefix("bright"), FOREGROUND)
    is_hex = len(cell.fg) == len("rrggbb") and cell.fg not in COLOURS and not dim
    colour = f"#{cell.fg}" if is_hex and all(c in "0123456789abcdef" for c in cell.fg) else named
    return Style(FOREGROUND if dim else colour, cell.bold, dim)


def write_svg(path: Path, frames: Sequence[Sequence[str]]) -> None:
    """Write the screens one after the other, for ever; lines that stay are written once."""
    total = SECONDS_PER_FRAME * (len(frames) - 1) + SECONDS_OF_LAST
    rules, groups = [], []
    for row in range(len(frames[0])):
        at = 0
        for text, same in groupby(frame[row] for frame in frames):
            end = at + len(list(same))
            if text:
                name = f"f{at}-{end}"
                begins, ends = (100 * min(i * SECONDS_PER_FRAME, total) / total for i in (at, end))
                last = end == len(frames)
                rules.append(
                    f"@keyframes {name}{{0%{{visibility:{'visible' if at == 0 else 'hidden'}}}"
                    f"{begins:.2f}%{{visibility:visible}}"
                    + ("" if last else f"{ends:.2f}%{{visibility:hidden}}")
                    + f"}}.{name}{{animation:{name} {total:.1f}s step-end infinite"
                    + ("" if last else ";visibility:hidden")
                    + "}"
                )
                groups.append(f'<g class="{name}">{text}</g>')
            at = end
    width = 2 * MARGIN + CELL_WIDTH * COLUMNS
    height = 2 * MARGIN + LINE_HEIGHT * ROWS
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        "font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" "
        f'font-size="14"><style>{"".join(sorted(set(rules)))}</style>'
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>\n'
        + "\n".join(groups)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    target, *words = sys.argv[1:]
    write_svg(Path(target), screens(list(record(words))))
