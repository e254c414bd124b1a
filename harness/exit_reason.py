"""Finding the line of a worker's log that explains why it ended."""

import re
from collections.abc import Sequence

OWN_ERROR = re.compile(r"^error: ", re.IGNORECASE)
"""The one-line error with which the app ends on purpose."""

LOGGED = re.compile(r"^\[[^\]]*\] \[\d+\] \[(?P<level>[A-Z]+)\]:? ?(?P<text>.*)$")
"""A line as Faust's logging writes it: time, process, level, text."""

RAISED = re.compile(r"^(?P<text>[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b.*)$")
"""The last line of a stack trace."""


def exit_reason(log: str) -> str:
    """Find the relevant line: the app's own error, or else an exception or a logged error.

    Parameters
    ----------
    log
        The whole log; its last lines are mostly about the process cleaning up.
    """
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    logged = [found for line in lines if (found := LOGGED.match(line))]
    return (
        _last([line for line in lines if OWN_ERROR.match(line)])
        or _last([line for line in lines if RAISED.match(line)])
        or _last(_of_level(logged, "CRITICAL", "ERROR"))
        or _last(_of_level(logged, "WARNING"))
        or _last(lines)
        or "the log is empty"
    )


def _of_level(logged: Sequence["re.Match[str]"], *levels: str) -> list[str]:
    return [found["text"] for found in logged if found["level"] in levels]


def _last(lines: Sequence[str]) -> str | None:
    return lines[-1] if lines else None
