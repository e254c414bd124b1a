"""Which line of a worker's log the demo shows."""

import pytest

from harness.exit_reason import exit_reason

STAMP = "[2026-11-24 20:40:39,084] [4848]"
CLEANING_UP = f"""\
{STAMP} [INFO]: [^Worker]: Stopping...
{STAMP} [INFO]: [^Worker]: Closing event loop
"""
RAISED = f"""\
{STAMP} [ERROR]: [^Worker]: Error: KeyError('amount')
Traceback (most recent call last):
  File "/app/anomaly_app/app.py", line 3, in <module>
    raise KeyError("amount")
KeyError: 'amount'
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (CLEANING_UP + "error: there is no model at x\n", "error: there is no model at x"),
        ("Error: there is no model at x\n" + CLEANING_UP, "Error: there is no model at x"),
        (RAISED + CLEANING_UP, "KeyError: 'amount'"),
        (RAISED + "error: ANOMALY_BROKER: wrong\n", "error: ANOMALY_BROKER: wrong"),
        (f"{STAMP} [CRITICAL]: the topic is gone\n" + CLEANING_UP, "the topic is gone"),
        (
            f"{STAMP} [WARNING]: no broker at kafka://x:1 yet; trying again in 2 s\n" + CLEANING_UP,
            "no broker at kafka://x:1 yet; trying again in 2 s",
        ),
        ("starting\nKilled\n\n", "Killed"),
        ("", "the log is empty"),
    ],
)
def test_the_line_that_matters_is_found_before_what_cleans_up(log: str, line: str) -> None:
    assert exit_reason(log) == line
