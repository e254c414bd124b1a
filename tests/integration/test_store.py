"""The store of real workers: filled beside scoring and alerts, and never in their way."""

import sqlite3

import pytest

from anomaly_app.core.learning.label import About, Label, Undo, Verdict
from tests.support.alerts import opened, told_in_a_file
from tests.support.commands import faust
from tests.support.factories import NOON
from tests.support.kafka import Kafka, stats_of
from tests.support.store_workers import (
    in_a_file,
    odd,
    say,
    store_of,
    store_stats,
    stored,
    until_stored,
)
from tests.support.stores import emptied
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

LOCKED = 8.0
"""Seconds for which another process has the database."""


async def test_anomalies_and_what_is_said_of_them_stand_in_the_store(kafka: Kafka) -> None:
    in_a_file(kafka)
    async with kafka.worker() as worker:
        places = await kafka.produce([odd(f"card-{n}", n) for n in range(20)])
        found = await until_stored(kafka, 20)
        partition, offset = places[7]
        name = f"{kafka.transactions}-{partition}-{offset}"
        assert name in {row["id"] for row in found}
        label = Label(
            id="l-1",
            about=About.ANOMALY,
            name=name,
            verdict=Verdict.FRAUD,
            user="ann",
            at=NOON,
        )
        await say(kafka, label)
        await eventually(
            lambda: {row["id"]: row["verdict"] for row in stored(kafka)}[name],
            lambda verdict: verdict == "fraud",
        )
        await say(kafka, Undo(id="u-1", said="l-1", user="bob", at=NOON + 1))
        await eventually(
            lambda: {row["id"]: row["verdict"] for row in stored(kafka)}[name],
            lambda verdict: verdict is None,
        )
        stats = await store_stats(worker)
        assert stats["state"] == "writing"
        assert stats["written"]["anomalies"] == 20
        assert faust(kafka, "store", "verify").said.startswith("anomalies: 20 rows are the same")
    assert [row["action"] for row in stored(kafka, "audit")] == ["label", "undo"]


async def test_two_workers_share_a_store_and_a_restart_repeats_nothing(kafka: Kafka) -> None:
    in_a_file(kafka)
    async with kafka.worker(), kafka.worker():
        await kafka.produce([odd(f"card-{n}", n) for n in range(40)])
        await until_stored(kafka, 40)
    async with kafka.worker() as worker:
        await kafka.produce([odd(f"card-{n}", n) for n in range(5)])
        await until_stored(kafka, 45)
        assert (await store_stats(worker))["written"]["anomalies"] == 5


async def test_a_locked_database_holds_up_neither_scoring_nor_alerts(kafka: Kafka) -> None:
    file, told = in_a_file(kafka), told_in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-0")])
        await until_stored(kafka, 1)
        locking = sqlite3.connect(file, isolation_level=None)
        try:
            locking.execute("BEGIN IMMEDIATE")
            await kafka.produce([odd("card-1", n) for n in range(1, 10)])
            await eventually(lambda: stats_of(worker), lambda stats: stats.get("scored") == 10)
            await eventually(lambda: opened(told), lambda found: len(found) == 2)
            await eventually(lambda: store_stats(worker), lambda s: s.get("state") == "waiting")
            assert "locked" in (await store_stats(worker))["why"]
            assert len(stored(kafka)) == 1
            await elapse(LOCKED)
            locking.execute("ROLLBACK")
        finally:
            locking.close()
        await until_stored(kafka, 10)
        await eventually(lambda: store_stats(worker), lambda s: s.get("state") == "writing")
    assert "storing waits, and scoring and alerts do not" in worker.log.read_text()


async def test_a_store_that_is_emptied_while_a_worker_runs_fills_itself_again(
    kafka: Kafka,
) -> None:
    in_a_file(kafka)
    async with kafka.worker():
        await kafka.produce([odd(f"card-{n}", n) for n in range(10)])
        before = await until_stored(kafka, 10)
        with store_of(kafka) as engine:
            emptied(engine)
        await kafka.produce([odd("card-1", 99)])
        after = await until_stored(kafka, 11)
    names = {row["id"] for row in after}
    assert {row["id"] for row in before} < names


async def test_a_backup_goes_into_an_empty_store_and_workers_go_on_after_it(kafka: Kafka) -> None:
    in_a_file(kafka)
    backup = str(kafka.folder / "backup.jsonl.gz")
    async with kafka.worker():
        await kafka.produce([odd(f"card-{n}", n) for n in range(10)])
        await until_stored(kafka, 10)
        said = faust(kafka, "store", "export", backup).said
        assert "10 anomalies" in said
    kafka.settings["ANOMALY_STORE"] = f"sqlite:///{kafka.folder / 'other.db'}"
    assert "10 anomalies" in faust(kafka, "store", "import", backup).said
    status = faust(kafka, "store", "status").said
    assert "schema 2" in status
    assert "anomalies: 10 rows" in status
    async with kafka.worker() as worker:
        await kafka.produce([odd("card-1", 99)])
        await until_stored(kafka, 11)
        assert (await store_stats(worker))["written"]["anomalies"] == 1


def test_commands_say_what_is_wrong_in_one_line(kafka: Kafka) -> None:
    assert "ANOMALY_STORE is none" in faust(kafka, "store", "status").error_line
    kafka.settings["ANOMALY_STORE"] = "postgresql://ann:s3cret@127.0.0.1:1/none"
    line = faust(kafka, "store", "upgrade").error_line
    assert "ANOMALY_STORE" in line
    assert "s3cret" not in line
