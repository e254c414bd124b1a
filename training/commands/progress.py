"""The progress bars of long commands; those of a worker, which has no rich, have a line."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def progress(console: Console) -> Progress:
    """Make a bar that shows what is in hand, how much is done, and for how long it has run.

    Parameters
    ----------
    console
        Best one on standard error, so that results can be piped.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
