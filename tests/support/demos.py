"""``python -m demo`` as a user runs it: a process, what it says, and what it leaves."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

FIGURES = {
    "sent",
    "scored",
    "anomalies",
    "incidents",
    "messages",
    "told",
    "untold",
    "dead_letters",
    "rejected_share",
    "advice",
    "p50_ms",
    "p99_ms",
    "precision",
    "recall",
}


def demo(folder: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "--folder", str(folder), *options],
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def summary_of(process: "subprocess.Popen[str]") -> tuple[dict[str, Any], str]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    summary = json.loads(output.strip().splitlines()[-1])
    assert set(summary) >= FIGURES
    assert summary["sent"] == summary["scored"] + summary["dead_letters"], output
    assert (summary["incidents"] > 0) == (summary["anomalies"] > 0)
    assert summary["untold"] <= summary["incidents"] <= summary["anomalies"]
    assert len(summary["told"]) <= summary["messages"]
    assert all(f"✉ {one['headline']}" in output for one in summary["told"][:6])
    assert f"{summary['incidents']:,} incidents → {summary['messages']:,} messages" in output
    return summary, output


def processes_of(folder: Path) -> Sequence[str]:
    """Command lines of running processes that name the folder."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_text().replace("\0", " "))
    assert any("pytest" in line for line in lines), "no process is seen at all"
    return [line for line in lines if str(folder) in line]


def check_scenario(folder: Path, scenario: str, *, entity: str) -> None:
    """Run the demo of a scenario, and look at what it finds and shows."""
    options = ["--scenario", scenario, "--seconds", "3", "--rate", "1000"]
    summary, output = summary_of(demo(folder, *options))
    assert summary["sent"] >= 2_800
    assert summary["dead_letters"] >= 3
    assert summary["told"], output
    assert summary["recall_by_class"]["point"] >= 0.5
    assert summary["recall_by_kind"].keys() == summary["class_by_kind"].keys()
    assert f"anomaly: {entity}-" in output
    assert "recall of point anomalies" in output
    assert processes_of(folder) == []
