"""Memories survive: each record is judged by exactly what came before it."""

import pytest
from aiokafka import TopicPartition

from tests.support.memory_workers import INTERVAL, TOPIC, Cluster, Worker


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
