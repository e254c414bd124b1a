"""Output of commands: lines, one-line errors, and the progress of long reads.

The commands of `training`, `demo` and `benchmarks` use it as well.
"""

import getpass
import logging
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from io import TextIOWrapper
from typing import Any, Self, TextIO

import click

from anomaly_app.errors import AnomalyAppError

Command = Callable[..., None]

PATIENCE = 1.0
"""Seconds that a read may take before its progress is shown."""

PAUSE = 0.2
"""Seconds between two updates of the progress."""

ERASE = "\r\x1b[K"
"""Clears the current line."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line; characters that the terminal cannot encode are escaped."""
    stream = sys.stderr if err else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    click.echo(line, file=stream)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines whose columns are aligned, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def user_name() -> str:
    """Return the name of the user who runs the command; empty if the system has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container, a user may have a number only.
        return ""


user_option = click.option("--user", default=user_name, metavar="NAME", help="Who.  [default: you]")


def one_line_errors(command: Command) -> Command:
    """Show this project's errors as one line, and silence the Kafka client's log."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
        try:
            command(*args, **kwargs)
        except AnomalyAppError as fault:
            raise click.ClickException(str(fault)) from None

    return run


class Progress:
    """Shows progress in one line of a terminal, and erases the line at the end.

    Nothing is shown within the first second.

    Parameters
    ----------
    doing
        Name of the activity, such as ``reading transactions-dlq``.
    stream
        Where to show it; nothing is shown if this is not a terminal.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self, doing: str, stream: TextIO, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._doing = doing
        self._stream = stream
        self._clock = clock
        self._next = clock() + PATIENCE if stream.isatty() else float("inf")
        self._shown = False

    def __enter__(self) -> Self:
        """Start; the line is erased at the end, even after an exception."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Erase the line."""
        self._erase()

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done, unless the line was updated a moment ago."""
        now = self._clock()
        if done >= total:
            self._erase()
        elif now >= self._next:
            self._next = now + PAUSE
            self._shown = True
            share = 100 * done // total
            self._stream.write(f"{ERASE}{self._doing}: {done:,} of {total:,} ({share} %)")
            self._stream.flush()

    def _erase(self) -> None:
        if self._shown:
            self._shown = False
            self._stream.write(ERASE)
            self._stream.flush()
