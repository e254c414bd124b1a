"""What a developer sees of the benchmark while it runs."""

from collections.abc import Callable, Sequence

from rich.progress import Progress

Step = tuple[str, Callable[[], None]]
"""A description, and what to do."""


class Screen:
    """Lines with figures, and bars below them.

    Parameters
    ----------
    progress
        The bars.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, line: str) -> None:
        """Print a line."""
        self._progress.console.print(f"[dim]{line}[/]", highlight=False)

    def bar(self, description: str, total: int) -> Callable[[int], None]:
        """Show a bar; call what is returned with the number of things done since the last call."""
        task = self._progress.add_task(description, total=total)
        return lambda count: self._progress.advance(task, count)

    def rounds(self, steps: Sequence[Step], runs: int) -> None:
        """Do all steps in each round, with a bar over all of them."""
        task = self._progress.add_task("", total=runs * len(steps))
        for run in range(1, runs + 1):
            for name, do in steps:
                of = f"run {run} of {runs}: " if runs > 1 else ""
                self._progress.update(task, description=f"{of}{name}")
                do()
                self._progress.advance(task)
