"""The terminal of a long command."""

from rich.console import Console

WIDTH = 132
"""Characters of a line where there is no terminal."""


def wide_console() -> Console:
    """Give a console that has room for the table, also where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
