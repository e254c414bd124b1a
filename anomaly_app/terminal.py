"""How commands speak: lines, errors in one line, and how far a long read is.

The commands of `training`, `demo` and `benchmarks` use it as well.
"""

import logging
import sys
import time
from collections.abc import Callable
from functools import wraps
from io import TextIOWrapper
from typing import Any, Self, TextIO

import click

from anomaly_app.errors import AnomalyAppError

Command = Callable[..., None]

PATIENCE = 1.0
"""Seconds that a read may take before anything is said of it."""

PAUSE = 0.2
"""Seconds between two looks at how far it is."""

ERASE = "\r\x1b[K"
"""Empties the line that the cursor is in."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line; what the terminal's encoding lacks is escaped."""
    stream = sys.stderr if err else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    click.echo(line, file=stream)


def one_line_errors(command: Command) -> Command:
    """Show this project's errors as one line, and nothing that the Kafka client logs."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
        try:
            command(*args, **kwargs)
        except AnomalyAppError as fault:
            raise click.ClickException(str(fault)) from None

    return run


class Progress:
    """Says in one line of a terminal how far something is, and erases it in the end.

    What is done within a second is not spoken of.

    Parameters
    ----------
    doing
        Names it, such as ``reading transactions-dlq``.
    stream
        Where to say it; where it is no terminal, nothing is said.
    clock
        Seconds, from anywhere.
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
        """Begin; what is shown is erased at the end, however it comes."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Erase what is shown."""
        self._erase()

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done, unless that was shown a moment ago."""
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
