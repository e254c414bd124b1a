"""``make bench-memory`` as a developer runs it, with ``--quick``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.entity_memory.goals import BYTES, KERNEL, WITH, WITHOUT
from benchmarks.results import ANOMALIES, CPU, EVENTS

pytestmark = pytest.mark.broker


def bench(folder: Path, broker: str, parts: str) -> "subprocess.CompletedProcess[str]":
    common = ["--quick", "--out", str(folder), "--app-environment", sys.prefix]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *common, "memory", "--only", parts],
        env={**os.environ, "ANOMALY_BROKER": broker, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_quick_benchmark_measures_a_worker_with_memory_beside_one_without(
    tmp_path: Path, broker: str
) -> None:
    ran = bench(tmp_path, broker, "kernel,bytes,worker")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = json.loads((tmp_path / "bench-memory.json").read_text())
    found = {(each["system"], each["figure"]): each["median"] for each in written}
    assert min(found[key] for key in (KERNEL, BYTES, (WITH, CPU), (WITHOUT, EVENTS))) > 0.0
    # One in 167 payments is made to be one, and others are few.
    assert 119 <= found[WITHOUT, ANOMALIES] <= 200
    assert 119 <= found[WITH, ANOMALIES] <= 200
    goals = {each["figure"] for each in written if each["system"] == "goals"}
    assert "CPU, with memory / without" in goals
    assert "restore after a kill" not in goals
