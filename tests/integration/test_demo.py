"""``make demo`` as a user runs it."""

import json
import os
import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from harness.errors import WorkerEnded
from harness.workers import Worker
from tests.support.demos import check_scenario, demo, processes_of, summary_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


def test_another_scenario_is_simulated_and_its_anomalies_are_shown(tmp_path: Path) -> None:
    # Those of the others are among the services' tests.
    check_scenario(tmp_path, "patients", entity="patient")


def test_a_file_is_replayed_through_two_workers(tmp_path: Path) -> None:
    rows = "".join(
        f"{1_767_225_600 + 60 * i},card-{i % 40},{20 + i % 13 + (900 if i % 97 == 0 else 0)},"
        f"{'abc'[i % 3]},{int(i % 97 == 0)}\n"
        for i in range(3_000)
    )
    (tmp_path / "file.csv").write_text("unix_time,cust,amt,category,is_fraud\n" + rows)
    options = ["--data", str(tmp_path / "file.csv"), "--seconds", "6", "--workers", "2"]
    (tmp_path / "worker-1.log").write_text("of an earlier run")
    summary, output = summary_of(demo(tmp_path, *options))
    assert len(list(tmp_path.glob("worker-*.log"))) == 2
    words = " ".join(output.split())
    assert "key cust inferred time unix_time inferred" in words
    assert "change it with ROLES='label=none without=amt'" in words
    assert f"python -m training fit {tmp_path / 'file.csv'}" in output
    broker = os.environ.get("ANOMALY_BROKER", "kafka://127.0.0.1:9092")
    assert f"ANOMALY_BROKER={broker} ANOMALY_TRANSACTIONS_TOPIC=TOPIC faust" in output
    assert summary["sent"] == 1_800
    assert summary["recall"] == 1.0
    assert processes_of(tmp_path) == []


def scored_in(folder: Path) -> int:
    """Count what a demo's workers have scored."""
    scored = 0
    for log in folder.glob("worker-*.log"):
        port = log.stem.removeprefix("worker-")
        try:
            with urlopen(f"http://127.0.0.1:{port}/stats", timeout=5) as answer:
                scored += json.load(answer)["scored"]
        except OSError:
            continue
    return scored


async def test_simulated_frauds_are_caught_and_shown_until_ctrl_c(tmp_path: Path) -> None:
    process = demo(tmp_path, "--seconds", "60", "--rate", "400")
    await eventually(lambda: scored_in(tmp_path), lambda scored: scored > 3_000, patience=180)
    process.send_signal(signal.SIGINT)
    summary, output = summary_of(process)
    assert 3_000 < summary["sent"] < 24_000
    assert summary["dead_letters"] >= 3
    assert 0 < summary["rejected_share"] < 0.01
    assert summary["advice"] == []
    assert summary["recall_by_class"]["point"] > 0.9
    assert summary["precision"] > 0.3
    assert summary["p99_ms"] > summary["p50_ms"] > 0
    assert "anomaly: card-" in output
    assert "what happened" in output
    assert processes_of(tmp_path) == []


async def test_a_worker_that_cannot_start_is_told_by_its_error(tmp_path: Path) -> None:
    worker = Worker.start(tmp_path, {"ANOMALY_MODEL": str(tmp_path / "none")})
    try:
        with pytest.raises(WorkerEnded) as ended:
            await worker.wait_until_ready()
    finally:
        worker.stop()
    assert str(ended.value).startswith(
        f"a worker ended with exit code 1: there is no model at {tmp_path / 'none'}"
    )
    assert str(worker.log) in str(ended.value)
