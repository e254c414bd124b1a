"""An entity that is erased from the store of a real worker, also when topics are read again."""

import pytest

from anomaly_app.core.alerts.feedback import AddSilence
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.learning.label import About, Label, Verdict
from harness.workers import Worker
from tests.support.commands import faust
from tests.support.factories import NOON
from tests.support.kafka import Kafka
from tests.support.store_workers import (
    in_a_file,
    odd,
    say,
    store_of,
    store_stats,
    stored,
    until_stored,
)
from tests.support.stores import contents, emptied
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

NAME = "Zaphod-Beeblebrox"


def label(named: str, entity: str) -> Label:
    return Label(
        id=named,
        about=About.ENTITY,
        name=entity,
        verdict=Verdict.FRAUD,
        user="ann",
        note=f"{entity} was here",
        at=NOON,
    )


def silence(entity: str) -> AddSilence:
    one = Silence(
        id="s-1",
        matchers=(f"entity={entity}",),
        begins=NOON,
        ends=NOON + 60,
        note=f"{entity} is away",
        user="ann",
    )
    return AddSilence(id="add-1", silence=one, at=NOON)


def everything(kafka: Kafka) -> str:
    """All that the tables of the store have."""
    with store_of(kafka) as engine:
        tables = contents(engine, positions=True).values()
        return repr([[*row.values()] for rows in tables for row in rows])


async def until_read(worker: Worker) -> None:
    await eventually(lambda: store_stats(worker), lambda stats: stats.get("lag") == 0)


async def test_an_erased_entity_is_nowhere_in_the_store_and_stays_so(kafka: Kafka) -> None:
    in_a_file(kafka)
    async with kafka.worker() as worker:
        await kafka.produce([odd(NAME, n) for n in range(5)])
        await kafka.produce([odd(f"card-{n}", n) for n in range(5)])
        await until_stored(kafka, 10)
        await say(kafka, label("l-1", NAME), label("l-2", "card-1"), silence(NAME))
        await eventually(lambda: stored(kafka, "labels"), lambda found: len(found) == 2)
        await eventually(
            lambda: stored(kafka, "incidents"),
            lambda found: NAME in {row["entity"] for row in found},
        )
        assert NAME in everything(kafka)
        lines = faust(kafka, "store", "erase", NAME, "--yes", "--user", "ann").said.splitlines()
        assert lines[-1].startswith("erased: 5 anomalies, 1 labels, ")
        assert NAME not in everything(kafka)
        assert len(stored(kafka)) == 5
        assert [row["id"] for row in stored(kafka, "labels")] == ["l-2"]
        await until_read(worker)
        verified = faust(kafka, "store", "verify").said
        assert "anomalies: 5 rows are the same" in verified
        assert "erased: 1 rows are the same" in verified
        with store_of(kafka) as engine:
            emptied(engine)
        await kafka.produce([odd("card-9", 99)])
        await eventually(lambda: stored(kafka, "erased"), lambda found: len(found) == 1)
        await eventually(lambda: stored(kafka), lambda found: len(found) == 6)
        await eventually(lambda: stored(kafka, "labels"), lambda found: len(found) == 1)
        await until_read(worker)
        assert NAME not in everything(kafka)
        assert faust(kafka, "store", "verify").said.startswith("anomalies: 6 rows are the same")
