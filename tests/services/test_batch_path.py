"""No silent loss in the batch path: what is committed is done, whatever goes wrong."""

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from harness.apache_kafka import ApacheKafka
from harness.workers import Worker
from tests.support.accounts import settle
from tests.support.factories import transaction
from tests.support.faults import POISON, Faults, save_faulty_model
from tests.support.kafka import Kafka, stats_of
from tests.support.supervisor import supervised
from tests.support.traffic import BAD, mixed, send_steadily, transactions
from tests.support.waiting import elapse, eventually

pytestmark = pytest.mark.broker

WITHOUT_COMMIT = 75
"""Exit code of a worker that could not finish what it had in flight."""


@pytest.fixture
def faults(kafka: Kafka) -> Faults:
    """Switches of the faults of the model that this test's workers use."""
    kafka.model, faults = save_faulty_model(kafka.folder)
    # The model's code is the tests'.
    return faults


async def end_of(worker: Worker) -> int:
    return await asyncio.wait_for(asyncio.to_thread(worker.process.wait), timeout=60)


async def check_that_what_is_committed_is_done(kafka: Kafka) -> None:
    account = await settle(kafka)
    committed = await kafka.committed()

    def is_committed(place: str) -> bool:
        _, partition, offset = place.rsplit("-", 2)
        return int(offset) < committed.get(int(partition), 0)

    assert set(filter(is_committed, account.expected)) <= set(account.anomalies)
    assert set(filter(is_committed, account.bad)) <= set(account.dead_letters)


async def finish(kafka: Kafka) -> None:
    """Let a worker do what is left, and settle the account."""
    async with kafka.worker():
        await eventually(kafka.lag, lambda lag: lag == 0)
    (await settle(kafka)).check()


async def test_a_fault_in_the_middle_of_a_batch_ends_the_worker_without_a_commit(
    kafka: Kafka, faults: Faults
) -> None:
    async with kafka.worker() as worker:
        await kafka.produce(mixed(2_000))
        await eventually(kafka.lag, lambda lag: lag == 0)
        before = await kafka.committed()
        faults.fail()
        await kafka.produce(mixed(2_000, seed=1))
        assert await end_of(worker) == WITHOUT_COMMIT
    assert await kafka.committed() == before
    assert "these records are read again" in worker.log.read_text()
    await check_that_what_is_committed_is_done(kafka)
    faults.heal()
    await finish(kafka)


async def test_a_poisonous_record_is_a_dead_letter_and_the_rest_is_scored(
    kafka: Kafka, faults: Faults
) -> None:
    faults.poison()
    values = transactions(1_000)
    values[500] = transaction(POISON)
    async with kafka.worker() as worker:
        places = await kafka.produce(values)
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == 1_000)
        [letter] = await kafka.read(kafka.dead_letters, 1)
    assert stats["scored"] == 999
    assert stats["dead_letters_by_reason"] == {"unscorable": 1}
    headers = {name: value.decode() for name, value in letter.headers}
    assert (int(headers["source-partition"]), int(headers["source-offset"])) == places[500]


async def test_poison_that_arrives_again_after_every_restart_costs_no_other_record(
    kafka: Kafka, faults: Faults
) -> None:
    faults.kill()
    values = mixed(1_000)
    values[500] = transaction(POISON)
    async with kafka.worker():
        places = await kafka.produce(values[:400])
        await eventually(kafka.lag, lambda lag: lag == 0)
    places += await kafka.produce(values[400:])
    partition, offset = places[500]
    for _ in range(2):
        assert await end_of(kafka.start_worker()) == -signal.SIGKILL
        assert (await kafka.committed())[partition] <= offset
        await check_that_what_is_committed_is_done(kafka)
    faults.heal()
    await finish(kafka)


async def test_a_batch_of_bad_records_only_is_done_when_all_are_dead_letters(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        await kafka.produce(BAD * 100)
        await eventually(kafka.lag, lambda lag: lag == 0)
        stats = await stats_of(worker)
    assert stats["scored"] == 0
    account = await settle(kafka)
    assert len(account.bad) == len(account.dead_letters) == len(BAD) * 100
    assert account.repeats == 0
    account.check()


@pytest.mark.parametrize("topic", ["anomalies", "dead_letters"])
async def test_a_topic_that_takes_no_message_of_this_size_stops_the_worker(
    kafka: Kafka, topic: str
) -> None:
    name: str = getattr(kafka, topic)
    size = {"max.message.bytes": "300"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, kafka.partitions, 1, topic_configs=size)])
        values = [*mixed(500), b"[" + b"x" * 500 + b"]"]
        async with kafka.worker() as worker:
            await kafka.produce(values)
            assert await end_of(worker) == WITHOUT_COMMIT
        assert f"topic {name} does not accept a message of" in worker.log.read_text()
        await check_that_what_is_committed_is_done(kafka)
        roomy = {"max.message.bytes": "1000000"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=roomy)])
    finally:
        await admin.close()
    await finish(kafka)


async def test_a_broker_that_is_away_for_a_minute_is_waited_for(
    apache: ApacheKafka, kafka: Kafka, measured: Callable[[str], None]
) -> None:
    values = mixed(40_000)
    async with supervised(kafka, 1) as supervisor:
        sending = asyncio.create_task(send_steadily(kafka, values, per_second=2_000))
        [worker] = supervisor.workers
        await eventually(lambda: stats_of(worker), lambda s: s.get("events", 0) > 5_000)
        apache.kill()
        await elapse(60.0)
        await apache.restart()
        await sending
        await eventually(kafka.lag, lambda lag: lag == 0)
    account = await settle(kafka)
    measured(f"{account.repeats} repeats; workers ended {dict(supervisor.exits)}")
    assert account.transactions == len(values)
    account.check()
    assert supervisor.exits == {}


def first_moment(worker: Worker, words: str, *, after: datetime | None = None) -> datetime | None:
    """When a worker's log said something first."""
    for line in worker.log.read_text().splitlines():
        if words in line:
            said = datetime.fromisoformat(line[1:24].replace(",", "."))
            if after is None or said > after:
                return said
    return None


@pytest.mark.parametrize(
    ("seconds", "patience", "in_time"),
    [pytest.param(1.5, 30, True, id="in-time"), pytest.param(4.0, 6, False, id="too-late")],
)
async def test_partitions_that_are_revoked_while_a_batch_is_scored_are_finished_first(
    kafka: Kafka, faults: Faults, seconds: float, patience: int, in_time: bool
) -> None:
    kafka.settings["ANOMALY_REBALANCE_TIMEOUT"] = str(patience)
    async with kafka.worker() as first:
        await kafka.produce(mixed(200))
        await eventually(kafka.lag, lambda lag: lag == 0)
        # A batch is scored in a few calls, of which each takes so long.
        faults.sleep(seconds)
        second = kafka.start_worker()
        try:
            # It joins a second later.
            coming = await eventually(
                lambda: first_moment(second, "Waiting for agents"),
                lambda moment: moment is not None,
            )
            await kafka.produce(mixed(500, seed=1))
            joined = await eventually(
                lambda: first_moment(second, "Joined group"),
                lambda moment: moment is not None,
            )
            faults.heal()
            await eventually(kafka.lag, lambda lag: lag == 0)
            assert first.process.poll() is None
        finally:
            second.stop()
    revoked = first_moment(first, "Revoking", after=coming)
    rejoined = first_moment(first, "joining group", after=coming)
    assert revoked is not None
    assert rejoined is not None
    assert rejoined - revoked > timedelta(seconds=0.5)
    assert (joined > rejoined) == in_time
    account = await settle(kafka)
    account.check()
    if in_time:
        assert account.repeats == 0
