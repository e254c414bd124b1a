"""Workers come, go, crash and freeze in any order: what they remember is always what was judged."""

import asyncio
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anomaly_app.kafka.changelog.manifest import block_of, read_manifest
from anomaly_app.settings import Settings
from tests.support.memory_workers import TOPIC, Cluster, Worker

PARTITIONS = 2
SETTINGS = Settings(_env_file=None, memory_interval=4.0)


@dataclass
class Group:
    """A consumer group: who has which partitions, and who is frozen."""

    cluster: Cluster = field(
        default_factory=lambda: Cluster(partitions=PARTITIONS, settings=SETTINGS)
    )
    workers: list[Worker] = field(default_factory=list)
    frozen: list[Worker] = field(default_factory=list)
    dead: list[Worker] = field(default_factory=list)
    young: dict[int, int] = field(default_factory=dict)
    """What was published since the first frozen worker has woken: younger than the topic's lag."""

    async def rebalance(self, shift: int, *, turns: int | None = None) -> None:
        """Give the partitions to the workers anew, and let restores run for some turns."""
        for worker in self.workers:
            worker.commit()
            worker.revoke()
        for n, worker in enumerate(self.workers):
            mine = [p for p in range(PARTITIONS) if (p + shift) % len(self.workers) == n]
            await worker.assign(*mine, settle=turns is None)
        for _ in range(turns or 0):
            await asyncio.sleep(0)

    async def add(self) -> None:
        self.workers.append(Worker(self.cluster))
        await self.rebalance(len(self.workers), turns=3)

    async def crash(self, number: int) -> None:
        worker = self.workers.pop(number % len(self.workers))
        self.dead.append(worker)
        if self.workers:
            await self.rebalance(number)
        else:
            await self.add()

    async def freeze(self, number: int, seconds: float) -> None:
        """Stop a worker amidst of sending for so long that others get its partitions."""
        worker = self.workers.pop(number % len(self.workers))
        worker.commit()
        await worker.begin_to_publish(seconds)
        self.frozen.append(worker)
        await (self.rebalance(number) if self.workers else self.add())

    async def wake(self, number: int, seconds: float) -> None:
        """Let a frozen worker go on as if nothing had happened, until it hears what has."""
        if not self.frozen:
            return
        worker = self.frozen.pop(number % len(self.frozen))
        topic = self.cluster.broker.topic(self.cluster.memory_topic)
        self.young = self.young or {n: log.end for n, log in enumerate(topic.partitions)}
        worker.gate.set()
        for partition in range(PARTITIONS):
            worker.judge(partition, number)
        await worker.publish(seconds)
        worker.commit(is_acknowledged=False)
        await worker.publish(seconds)
        worker.revoke()
        self.workers.append(worker)
        await self.rebalance(number, turns=number % 7)

    async def change(self, what: str, number: int, much: int) -> None:
        match what:
            case "rebalance":
                await self.rebalance(number, turns=much)
            case "add":
                await self.add()
            case "crash":
                await self.crash(number)
            case "freeze":
                await self.freeze(number, much)
            case "wake":
                await self.wake(number, much)
            case "retain":
                self.retain()
            case "remake":
                self.remake()

    def retain(self) -> None:
        """Delete what no restore needs any more."""
        for partition in range(PARTITIONS):
            memories = self.cluster.broker.partition(
                TopicPartition(self.cluster.memory_topic, partition)
            )
            manifests = [
                read_manifest(record.value)
                for record in memories.records
                if record.key == f"card/{partition}".encode()
            ]
            there = {block_of(record.key, "card", partition) for record in memories.records}
            named = {image.block for manifest in manifests for image in manifest.images}
            # Of a topic that was made anew, a manifest may name images that were on the old one:
            # until they are there again, all of the log is needed.
            if manifests and named <= there:
                safe = min(manifest.safe for manifest in manifests)
                committed = self.cluster.committed(partition) or 0
                self.cluster.delete_before(min(safe, committed), partition=partition)

    def remake(self) -> None:
        """Delete the topic of the memories, and make it anew, while all of the log is there."""
        source = self.cluster.broker.topic(TOPIC).partitions
        if all(log.begin == 0 for log in source):
            del self.cluster.broker.topics[self.cluster.memory_topic]
            self.cluster.broker.create(self.cluster.memory_topic, PARTITIONS)
            self.young = dict.fromkeys(self.young, 0)

    async def close(self) -> None:
        for worker in self.frozen:
            worker.gate.set()
        for worker in (*self.workers, *self.frozen, *self.dead):
            await worker.memories.close()


SMALL = st.integers(0, 9)
SOME = st.integers(1, 30)
SECONDS = st.sampled_from([1, 3, 9])
OFTEN = [
    st.tuples(st.just("produce"), SMALL, SOME),
    st.tuples(st.just("judge"), SMALL, SOME),
    st.tuples(st.just("commit"), SMALL, SMALL),
    st.tuples(st.just("publish"), SMALL, SECONDS),
]
SELDOM = [
    st.tuples(st.just("rebalance"), SMALL, SMALL),
    st.tuples(st.just("add"), SMALL, SMALL),
    st.tuples(st.just("crash"), SMALL, SMALL),
    st.tuples(st.just("freeze"), SMALL, SECONDS),
    st.tuples(st.just("wake"), SMALL, st.sampled_from([0, 1, 30])),
    st.tuples(st.just("compact"), SMALL, SMALL),
    st.tuples(st.just("retain"), SMALL, SMALL),
    st.tuples(st.just("remake"), SMALL, SMALL),
]
STEPS = st.lists(st.one_of(*OFTEN, *OFTEN, *OFTEN, *SELDOM), min_size=30, max_size=80)


async def take(group: Group, what: str, number: int, much: int) -> None:
    worker = group.workers[number % len(group.workers)]
    match what:
        case "produce":
            partition = number % PARTITIONS
            group.cluster.produce_many(much, entities=number + 1, partition=partition)
        case "judge":
            for mine in worker.positions:
                worker.judge(mine, much)
        case "commit":
            worker.commit()
        case "publish":
            await worker.publish(much)
        case "compact":
            group.cluster.broker.compact(group.cluster.memory_topic, group.young)
        case _:
            await group.change(what, number, much)


RELEASED_WHILE_A_MANIFEST_IS_SENT = [
    *[("produce", 0, 1)] * 22,
    *[("produce", 1, 1)] * 2,
    ("judge", 0, 1),
    ("remake", 0, 0),
    ("add", 0, 0),
    ("rebalance", 0, 2),
    ("judge", 1, 1),
    ("publish", 1, 1),
]
"""A memory went live while its first manifest was on its way, and was dropped after it."""

ONLY_A_MANIFEST_AFTER_A_NEW_TOPIC = [
    *[("produce", 0, 1)] * 19,
    ("judge", 0, 1),
    *[("publish", 0, 1)] * 4,
    ("freeze", 0, 1),
    ("wake", 0, 0),
    ("crash", 0, 0),
    ("remake", 0, 0),
    ("publish", 0, 1),
    ("retain", 0, 0),
]
"""A manifest named images that were gone with their topic, and records that they had followed."""


@settings(max_examples=300)
@given(STEPS)
@example(ONLY_A_MANIFEST_AFTER_A_NEW_TOPIC)
@example(RELEASED_WHILE_A_MANIFEST_IS_SENT)
async def test_each_record_is_judged_by_exactly_what_came_before_it(
    steps: list[tuple[str, int, int]],
) -> None:
    group = Group()
    await group.add()
    for step in steps:
        await take(group, *step)
    await group.rebalance(0)
    last = await Worker.start(group.cluster, *range(PARTITIONS))
    group.workers.append(last)
    await last.judge_all()
    group.cluster.check()
    for partition in range(PARTITIONS):
        expected, _ = group.cluster.replayed(partition, 10**6)
        assert last.digest(partition) == expected.blocks
    assert [worker.refusals for worker in (*group.workers, *group.dead)] == [
        [] for _ in (*group.workers, *group.dead)
    ]
    await group.close()
