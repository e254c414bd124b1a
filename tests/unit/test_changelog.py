"""Memories survive: each record is judged by exactly what came before it."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import TopicPartition

from anomaly_app.kafka.changelog import partitions
from anomaly_app.kafka.changelog.manifest import Manifest, manifest_key, read_manifest
from anomaly_app.kafka.consumer import Gap
from anomaly_app.settings import Settings
from tests.support.memory_kafka import MemoryPartition
from tests.support.memory_workers import GROUP, INTERVAL, TOPIC, Cluster, Worker


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


async def test_a_new_group_begins_with_an_empty_memory(cluster: Cluster) -> None:
    cluster.produce_many(20)
    worker = await Worker.start(cluster, 0, 1)
    assert not worker.memories.held
    await worker.judge_all()
    cluster.check()
    assert len(cluster.judged) == 20


async def test_nothing_is_judged_before_its_memory_is_restored(cluster: Cluster) -> None:
    worker = Worker(cluster)
    await worker.assign(0, settle=False)
    assert worker.memories.held == {TopicPartition(TOPIC, 0)}
    with pytest.raises(LookupError, match="transactions partition 0 is not restored"):
        worker.memories.memory_of(TOPIC, 0)
    woken = worker.woken
    await worker.memories.settle()
    assert not worker.memories.held
    assert worker.woken > woken


async def test_a_crash_loses_nothing_although_nothing_was_published(cluster: Cluster) -> None:
    cluster.produce_many(100)
    first = await Worker.start(cluster, 0)
    first.judge(0, 30)
    first.commit()
    first.judge(0, 30)
    second = await Worker.start(cluster, 0)
    await second.judge_all()
    cluster.check()
    assert [len(cluster.judged[0, offset]) for offset in (0, 29, 30, 59, 60)] == [1, 1, 2, 2, 1]


async def test_images_spare_the_replay(cluster: Cluster) -> None:
    cluster.produce_many(100)
    first = await Worker.start(cluster, 0)
    await first.judge_all()
    await first.publish_for(2 * INTERVAL)
    # What was published is all that there is: the records may go.
    cluster.delete_before(100)
    second = await Worker.start(cluster, 0)
    assert second.refusals == []
    assert second.digest(0) == first.digest(0)


async def test_an_image_waits_for_the_commit_that_covers_it(cluster: Cluster) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    published = len(cluster.broker.records(cluster.memory_topic))
    worker.judge(0, 50)
    await worker.publish_for(2 * INTERVAL)
    assert len(cluster.broker.records(cluster.memory_topic)) == published
    worker.commit()
    await worker.publish()
    assert len(cluster.broker.records(cluster.memory_topic)) > published


async def test_idle_entities_do_not_make_a_replay_longer(cluster: Cluster) -> None:
    """Some are never seen again, while others have a hundred thousand events."""
    cluster.produce_many(400, entities=400)
    worker = await Worker.start(cluster, 0)
    await worker.judge_all()
    await worker.publish_for(2 * INTERVAL)
    longest = 0
    for _ in range(200):
        cluster.produce_many(500, entities=1)
        await worker.judge_all()
        await worker.publish()
        manifest = manifest_of(cluster)
        longest = max(longest, (manifest.committed or 0) - manifest.safe)
    # An event a millisecond or two; an image of its block once a minute.
    assert longest <= 500 * (INTERVAL + 2)
    again = await Worker.start(cluster, 0)
    assert again.digest(0) == worker.digest(0)


async def test_events_of_nobody_do_not_make_a_replay_longer(cluster: Cluster) -> None:
    worker = await Worker.start(cluster, 0)
    for _ in range(3):
        for _ in range(500):
            cluster.broker.append(TOPIC, b"1", None, 0)
        await worker.judge_all()
        await worker.publish_for(INTERVAL + 1)
    assert manifest_of(cluster).safe >= 1000


async def test_with_a_join_every_few_turns_a_restore_still_comes_to_its_end(
    cluster: Cluster,
) -> None:
    cluster.produce_many(20_000, entities=400)
    first = await Worker.start(cluster, 0)
    await first.judge_all()
    second = Worker(cluster)
    joins = 0
    while not second.memories.live(TOPIC):
        second.revoke()
        await second.assign(0, settle=False)
        joins += 1
        for _ in range(40):
            await asyncio.sleep(0)
    assert 2 < joins < 40
    assert second.digest(0) == first.digest(0)


async def test_what_was_held_a_moment_ago_is_live_at_once(cluster: Cluster) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    await worker.judge_all()
    await worker.publish()
    memory = worker.memories.memory_of(TOPIC, 0)
    worker.revoke()
    await worker.assign(0, settle=False)
    assert worker.memories.memory_of(TOPIC, 0) is memory


async def test_what_comes_back_goes_on_from_where_others_have_come_to(cluster: Cluster) -> None:
    cluster.produce_many(100)
    worker, other = Worker(cluster), Worker(cluster)
    await worker.assign(0)
    worker.judge(0, 50)
    worker.commit()
    await worker.publish()
    memory = worker.memories.memory_of(TOPIC, 0)
    worker.revoke()
    await other.assign(0)
    await other.judge_all()
    await worker.assign(0)
    assert worker.memories.memory_of(TOPIC, 0) is memory
    assert worker.digest(0) == other.digest(0)


async def test_what_was_given_away_long_ago_is_dropped(cluster: Cluster) -> None:
    worker = await Worker.start(cluster, 0, 1)
    memory = worker.memories.memory_of(TOPIC, 1)
    worker.revoke()
    await worker.assign(0)
    for _ in range(130):
        await worker.publish()
    await worker.assign(0, 1)
    assert worker.memories.memory_of(TOPIC, 1) is not memory


async def test_what_was_judged_and_not_committed_is_forgotten(cluster: Cluster) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    worker.judge(0, 50)
    worker.commit()
    worker.judge(0, 50)
    worker.commit(is_acknowledged=False)
    worker.revoke()
    await worker.assign(0)
    await worker.judge_all()
    cluster.check()
    assert len(cluster.judged[0, 99]) == 2


async def test_a_worker_that_was_frozen_publishes_nothing_before_a_commit(
    cluster: Cluster,
) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    worker.judge(0, 50)
    worker.commit()
    await worker.publish()
    before = len(cluster.broker.records(cluster.memory_topic))
    await worker.publish(seconds=3600)
    await worker.publish_for(2 * INTERVAL)
    worker.commit(is_acknowledged=False)
    await worker.publish_for(2 * INTERVAL)
    assert len(cluster.broker.records(cluster.memory_topic)) == before
    worker.judge(0, 50)
    worker.commit()
    await worker.publish_for(2 * INTERVAL)
    assert len(cluster.broker.records(cluster.memory_topic)) > before


async def test_a_broker_that_is_away_delays_images_and_loses_none(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    await worker.judge_all()
    cluster.broker.is_down = True
    await worker.publish_for(2 * INTERVAL)
    assert "cannot be published to anomaly-app-memory now (nothing is lost" in caplog.text
    cluster.broker.is_down = False
    await worker.publish_for(2 * INTERVAL)
    manifest = manifest_of(cluster)
    assert (manifest.safe, len(manifest.images)) == (100, 4)


async def test_a_broker_that_is_away_when_the_first_image_is_due_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(partitions, "RETRY_INTERVAL", 0.0)
    cluster = Cluster(settings=Settings(_env_file=None, memory_interval=1.0))
    cluster.produce_many(100)
    former = await Worker.start(cluster, 0)
    await former.judge_all()
    worker = await Worker.start(cluster, 0)
    cluster.broker.is_down = True
    rounds = iter([False, False, True])
    await worker.memories.run(lambda: next(rounds))
    assert caplog.text.count("memories are published later, since Kafka fails") == 2


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("retention", "records from offset 1 on have to be replayed, but retention has deleted"),
        ("rewound", "it was kept up to offset 50, but the group has committed offset 10"),
        ("partitions", "it was kept for a topic of 2 partitions, and the topic has 3"),
        ("corrupt", "the message at topic anomaly-app-memory partition 0 offset 2 is damaged"),
    ],
)
async def test_what_cannot_be_exact_ends_the_worker_and_nothing_is_judged(
    cluster: Cluster, change: str, line: str
) -> None:
    cluster.produce_many(100)
    worker = await Worker.start(cluster, 0)
    worker.judge(0, 50)
    worker.commit()
    await worker.publish_for(INTERVAL / 3)
    REFUSED[change](cluster)
    again = await Worker.start(cluster, 0)
    [refusal] = again.refusals
    assert line in refusal
    assert "`faust -A anomaly_app.app memory rebuild" in refusal
    assert again.judge(0, 50) == 0


async def test_another_spec_ends_the_worker(cluster: Cluster) -> None:
    await Worker.start(cluster, 0)
    again = await Worker.start(cluster, 0, spec="sums-2")
    assert "it has the feature spec sums-1, and the model has sums-2" in again.refusals[0]


async def test_a_topic_that_begins_again_ends_the_worker(cluster: Cluster) -> None:
    worker = await Worker.start(cluster, 0)
    worker.memories.on_gap(Gap(TOPIC, 0, expected=90, found=3))
    assert "committed offset 90, but the topic ends at 3" in worker.refusals[0]
    worker.memories.on_gap(Gap("anomalies", 0, expected=90, found=3))
    assert len(worker.refusals) == 1


def manifest_of(cluster: Cluster, partition: int = 0) -> Manifest:
    """Give the last manifest of a partition."""
    log = cluster.broker.partition(TopicPartition(cluster.memory_topic, partition)).records
    return read_manifest([r.value for r in log if r.key == manifest_key("card", partition)][-1])


def damage(cluster: Cluster) -> None:
    """Cut the last manifest off."""
    last = cluster.broker.partition(TopicPartition(cluster.memory_topic, 0)).records[-1]
    last.value = last.value[:-1]


REFUSED: dict[str, Callable[[Cluster], object]] = {
    "retention": lambda cluster: cluster.delete_before(10),
    "rewound": lambda cluster: cluster.broker.commit(GROUP, TopicPartition(TOPIC, 0), 10),
    "partitions": lambda cluster: cluster.broker.topic(TOPIC).partitions.append(MemoryPartition()),
    "corrupt": damage,
}
