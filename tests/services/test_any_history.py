"""Histories as people have them, through ``make demo``: fit, replay, and a real worker.

A few of them at a time; all of them with ``ANY_HISTORY=all``, which takes a quarter of an hour.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.histories import FILES, Case, write_case

pytestmark = pytest.mark.broker

READABLE = [case for case in FILES if case.error is None]
UNREADABLE = [case for case in FILES if case.error is not None]
EVERY = 1 if os.environ.get("ANY_HISTORY") == "all" else 9


def demo(folder: Path, broker: str, case: Case) -> "subprocess.CompletedProcess[str]":
    options = ["--data", str(write_case(folder, case)), "--folder", str(folder / "demo")]
    return subprocess.run(
        [
            *(sys.executable, "-m", "demo", "--broker", f"kafka://{broker}"),
            *("--seconds", "2", *options, "--roles", case.roles),
        ],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("case", READABLE[::EVERY], ids=lambda case: case.name)
def test_a_worker_scores_each_record_of_a_replayed_history(
    broker: str, tmp_path: Path, case: Case
) -> None:
    ran = demo(tmp_path, broker.removeprefix("kafka://"), case)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = json.loads(ran.stdout.strip().splitlines()[-1])
    assert summary["sent"] == summary["scored"] > 0
    assert summary["dead_letters"] == 0


@pytest.mark.parametrize("case", UNREADABLE[::EVERY], ids=lambda case: case.name)
def test_a_history_that_cannot_be_read_is_one_line(broker: str, tmp_path: Path, case: Case) -> None:
    ran = demo(tmp_path, broker.removeprefix("kafka://"), case)
    assert ran.returncode == 1
    assert ran.stdout.strip() == ""
    assert len(ran.stderr.strip().splitlines()) == 1
    assert ran.stderr.startswith("Error: ")
