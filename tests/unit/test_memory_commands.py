"""``memory status``, ``verify`` and ``rebuild``, from the command line to a broker and back."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import TopicPartition
from click.testing import CliRunner, Result

from anomaly_app.kafka.changelog.manifest import (
    image_key,
    manifest_key,
    read_manifest,
    write_image,
)
from anomaly_app.memories.command import memory
from anomaly_app.memories.verify import remembered_by_workers
from anomaly_app.registry.artifacts import save_model
from anomaly_app.settings import Settings
from tests.support.factories import transaction
from tests.support.memories import fitted_with_memory
from tests.support.memory_kafka import MemoryBroker, MemoryPartition, clients_of
from tests.support.memory_workers import GROUP, INTERVAL, TOPIC, Cluster, Worker

MEMORY = f"{GROUP}-memory"
EVENTS = 400


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = fitted_with_memory()
    return save_model(tmp_path_factory.mktemp("models"), made.manifest, made.pickle)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, model: Path) -> Iterator[Cluster]:
    monkeypatch.setenv("ANOMALY_MODEL", str(model))
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    settings = Settings(_env_file=None, memory_interval=INTERVAL)
    cluster = Cluster(settings=settings)
    for n in range(EVENTS):
        time = 1_767_268_800 + 60 * n
        value = transaction(10.0 + n % 7, f"shop-{n % 5}", time=time)
        cluster.broker.append(TOPIC, value, b"card-%d" % (n % 23), n % cluster.partitions)
    with clients_of(cluster.broker):
        yield cluster


@pytest.fixture
async def worker(cluster: Cluster) -> Worker:
    """A worker that has judged and published everything."""
    _, remembered = remembered_by_workers(cluster.settings)
    worker = Worker(cluster, remembered=remembered[TOPIC])
    await worker.assign(0, 1)
    await worker.judge_all()
    await worker.publish_for(2 * INTERVAL)
    return worker


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(memory, arguments, input=answer)


async def in_thread(*arguments: str, answer: str = "") -> Result:
    """Run a command, which has an event loop of its own."""
    return await asyncio.to_thread(run, *arguments, answer=answer)


def statuses() -> list[dict[str, object]]:
    return [json.loads(line) for line in run("status", "--json").stdout.splitlines()]


@pytest.mark.usefixtures("cluster")
def test_before_a_worker_has_run_nothing_is_published() -> None:
    found = run("status")
    assert found.exit_code == 0
    assert found.stdout.splitlines()[1].split()[0] == "transactions-0"
    assert "never" in found.stdout


def test_the_status_says_how_far_images_and_replay_are(worker: Worker, cluster: Cluster) -> None:
    for _ in range(3):
        cluster.broker.append(TOPIC, transaction(20.0), b"card-1", 0)
    [first, second] = statuses()
    assert (first["topic"], first["partition"], first["key"]) == (TOPIC, 0, "entity")
    assert (first["committed"], first["lag"], second["lag"]) == (200, 3, 0)
    assert (first["safe_offset"], first["to_replay"], first["epoch"]) == (200, 0, 0)
    assert first["entities"] == 23
    assert first["refused"] is None
    lines = run("status").stdout.splitlines()
    assert lines[0].split()[:2] == ["PARTITION", "COMMITTED"]
    assert lines[1].split()[:4] == ["transactions-0", "200", "200", "0"]


@pytest.mark.usefixtures("worker")
def test_what_is_published_is_what_a_replay_of_the_log_gives() -> None:
    found = run("verify")
    assert found.stdout.splitlines() == [
        "transactions partition 0: 23 entities compared: 0 mismatches, 0 missing, 0 extra",
        "transactions partition 1: 23 entities compared: 0 mismatches, 0 missing, 0 extra",
        "2 of 2 memories compared, 46 entities: 0 mismatches, 0 missing, 0 extra",
    ]
    assert found.exit_code == 0


async def test_a_memory_that_is_not_what_the_log_says_is_noticed(cluster: Cluster) -> None:
    _, remembered = remembered_by_workers(cluster.settings)
    replay = remembered[TOPIC].replay
    forgetful = remembered[TOPIC]._replace(
        replay=lambda memory, records: replay(memory, [r for r in records if r.offset != 100])
    )
    worker = Worker(cluster, remembered=forgetful)
    await worker.assign(0, 1)
    await worker.judge_all()
    await worker.publish_for(2 * INTERVAL)
    found = await in_thread("verify")
    last = found.stdout.splitlines()[-1]
    assert last.endswith("46 entities: 2 mismatches, 0 missing, 0 extra")
    assert found.exit_code == 1


@pytest.mark.usefixtures("worker")
def test_where_retention_has_cut_the_log_nothing_can_be_compared(cluster: Cluster) -> None:
    cluster.broker.delete_before(TopicPartition(TOPIC, 1), 7)
    lines = run("verify").stdout.splitlines()
    assert lines[1] == (
        "transactions partition 1: nothing can be compared: its memory began at offset 0, and "
        "retention has deleted the offsets before 7"
    )
    assert lines[2].startswith("1 of 2 memories compared, 23 entities: 0 mismatches")


@pytest.mark.usefixtures("worker")
def test_damage_is_found_and_mended(cluster: Cluster) -> None:
    log = cluster.broker.partition(TopicPartition(MEMORY, 0)).records
    key = image_key("entity", 0, 0)
    [place] = [n for n, record in enumerate(log) if (record.key or b"").startswith(key[:-1])][:1]
    log[place].value = log[place].value[:-1] + b"?"
    found = run("verify")
    assert found.exit_code == 1
    assert f"the message at topic {MEMORY} partition 0 offset {place} is damaged" in found.stdout
    assert "memory rebuild --partition transactions-0`" in found.stdout
    assert "every memory can be restored" in run("rebuild").stdout
    assert run("rebuild", "--partition", "transactions-0", "--yes").exit_code == 0
    assert run("verify").exit_code == 0


async def test_after_a_rebuild_workers_replay_what_is_retained(
    worker: Worker, cluster: Cluster
) -> None:
    cluster.broker.delete_before(TopicPartition(TOPIC, 0), 50)
    cluster.broker.commit(GROUP, TopicPartition(TOPIC, 0), 150)
    refused = await in_thread("status")
    assert refused.exit_code == 1
    assert "it was rewound" in refused.stdout.splitlines()[-1]
    done = await in_thread("rebuild", answer="y\n")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == (
        "transactions partition 0: 100 offsets are replayed, from 50 to 150; "
        "lost: what offsets 0 to 49 said, which are deleted"
    )
    manifest = read_manifest(cluster.broker.partition(TopicPartition(MEMORY, 0)).records[-1].value)
    assert (manifest.epoch, manifest.begins, manifest.safe, manifest.images) == (1, 50, 50, ())
    again = Worker(cluster, remembered=worker.remembered)
    await again.assign(0, 1)
    assert again.refusals == []
    assert (await in_thread("verify")).exit_code == 0
    # A worker that slept through it all publishes what does not count any more.
    stale = write_image(0, 150, b"")
    cluster.broker.append(MEMORY, stale, image_key("entity", 0, 0), 0)
    assert (await in_thread("verify")).exit_code == 0


@pytest.mark.usefixtures("worker")
def test_who_says_no_keeps_everything(cluster: Cluster) -> None:
    before = len(cluster.broker.records(MEMORY))
    assert run("rebuild", "--all", answer="n\n").exit_code == 1
    assert len(cluster.broker.records(MEMORY)) == before


def test_nothing_is_rebuilt_while_workers_run(cluster: Cluster) -> None:
    cluster.broker.members[GROUP] = 2
    found = run("rebuild", "--all", "--yes")
    assert found.exit_code == 1
    assert "group anomaly-app has 2 member(s): stop all workers first" in found.output


@pytest.mark.usefixtures("worker")
def test_a_topic_with_more_partitions_is_remembered_anew(cluster: Cluster) -> None:
    cluster.broker.topic(TOPIC).partitions.append(MemoryPartition())
    found = run("status")
    assert found.exit_code == 1
    assert len([line for line in found.stdout.splitlines() if "entities have moved" in line]) == 3
    done = run("rebuild", "--yes")
    assert done.stdout.splitlines()[0] == f"added 1 partition(s) to {MEMORY}"
    assert "the past of entities that were in another partition" in done.stdout
    assert run("status").exit_code == 0
    last = cluster.broker.partition(TopicPartition(MEMORY, 1)).records[-1]
    assert last.key == manifest_key("entity", 1)
    assert (read_manifest(last.value).partitions, read_manifest(last.value).epoch) == (3, 1)


@pytest.mark.usefixtures("worker")
def test_the_memory_of_another_time_zone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fitted_with_memory()
    assert made.manifest.schema.memory is not None
    memory = msgspec.structs.replace(made.manifest.schema.memory, timezone="Asia/Tokyo")
    schema = msgspec.structs.replace(made.manifest.schema, memory=memory)
    manifest = msgspec.structs.replace(made.manifest, schema=schema)
    monkeypatch.setenv("ANOMALY_MODEL", str(save_model(tmp_path, manifest, made.pickle)))
    found = run("status")
    assert found.exit_code == 1
    assert "it has the feature spec" in found.stdout


def test_a_partition_that_does_not_exist_is_named(worker: Worker) -> None:
    found = run("rebuild", "--partition", "transactions-9")
    assert "there is no transactions-9; there are transactions-0, transactions-1" in found.output


def test_a_model_without_a_memory_has_none_to_show(
    cluster: Cluster, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_MODEL", str(model_folder))
    found = run("status")
    assert found.exit_code == 1
    assert "remembers nothing: fit one with python -m training fit --memory" in found.output
