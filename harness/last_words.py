"""Which line of a worker's log says why it does not run."""

import re
from collections.abc import Sequence

OWN_ERROR = re.compile(r"^error: ", re.IGNORECASE)
"""What the app says in one line when it ends on purpose."""

LOGGED = re.compile(r"^\[[^\]]*\] \[\d+\] \[(?P<level>[A-Z]+)\]:? ?(?P<text>.*)$")
"""A line as Faust's logging writes it: time, process, level, text."""

RAISED = re.compile(r"^(?P<text>[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b.*)$")
"""The last line of a stack trace."""


def last_words(log: str) -> str:
    """Find the line that matters: the app's own error, or else what was logged or raised.

    Parameters
    ----------
    log
        The whole log; what stands last in it is mostly how the process cleans up.
    """
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    logged = [found for line in lines if (found := LOGGED.match(line))]
    return (
        _last([line for line in lines if OWN_ERROR.match(line)])
        or _last([line for line in lines if RAISED.match(line)])
        or _last(_of_level(logged, "CRITICAL", "ERROR"))
        or _last(_of_level(logged, "WARNING"))
        or _last(lines)
        or "it said nothing"
    )


def _of_level(logged: Sequence["re.Match[str]"], *levels: str) -> list[str]:
    return [found["text"] for found in logged if found["level"] in levels]


def _last(lines: Sequence[str]) -> str | None:
    return lines[-1] if lines else None
