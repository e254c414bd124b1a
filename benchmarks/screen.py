"""The terminal of long commands."""

from rich.console import Console

WIDTH = 132
"""Number of columns if there is no terminal."""


def wide_console() -> Console:
    """Return a console that is wide enough for the tables, even without a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
