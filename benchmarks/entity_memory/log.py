"""Traffic of the memory topic, and restores, while payments keep coming."""

import asyncio
import time
from dataclasses import dataclass, replace

from benchmarks.entity_memory import goals
from benchmarks.entity_memory.feeder import feeding
from benchmarks.entity_memory.measurement import Measurement
from benchmarks.entity_memory.payments import Payments
from benchmarks.entity_memory.watching import Watched
from benchmarks.plan import PARTITIONS
from benchmarks.processes import cpu_seconds
from benchmarks.topics import create_topics, end_offsets, fill

AWAY = 5.0
"""Seconds for which another worker judges partitions that then come back."""

CAUGHT_UP = 1.0
"""A worker has caught up when fewer records wait than arrive in so many seconds."""


@dataclass
class Log(Measurement):
    """A topic with payments of many cards, and workers that remember them."""

    def __post_init__(self) -> None:
        name = f"{self.wiring.group}-log"
        self.wiring = replace(self.wiring, topic=name, group=name, anomalies=f"{name}-anomalies")
        self._payments = Payments(self.plan.remembered)

    def measure(self) -> None:
        """Fill the topic, and measure everything.

        Raises
        ------
        BenchmarkError
            A worker ended, or did not get on.
        """
        wiring, plan = self.wiring, self.plan
        create_topics(
            wiring.servers, [wiring.anomalies, wiring.dead_letters], partitions=PARTITIONS
        )
        fill(
            wiring.servers,
            wiring.topic,
            plan.filled,
            partitions=PARTITIONS,
            marked=(),
            advance=self.screen.bar(f"filling {wiring.topic}", plan.filled),
            stream=self._payments,
        )
        asyncio.run(self._measure())

    async def _measure(self) -> None:
        worker, wiring, plan = self._start(), self.wiring, self.plan
        others: list[Watched] = []
        try:
            await worker.until(lambda seen: seen.events >= plan.filled, "judging what was there")
            with feeding(
                wiring.servers,
                wiring.topic,
                self._payments,
                plan.filled,
                plan.rate,
                wiring.folder / "feeder.log",
            ):
                await asyncio.sleep(plan.interval)
                await self._traffic(worker)
                for _ in range(plan.runs):
                    worker.kill()
                    worker = await self._restore()
                    await self._settle(worker)
                    others.append(self._start())
                    await self._come_back(worker, others[-1])
        finally:
            for each in (worker, *others):
                await each.stop()

    async def _traffic(self, worker: Watched) -> None:
        pids = [worker.worker.process.pid]
        before, cpu, messages = await worker.look(), cpu_seconds(pids), self._messages()
        await asyncio.sleep(self.plan.interval)
        after, spent = await worker.look(), cpu_seconds(pids) - cpu
        seconds, events = after.at - before.at, after.events - before.events
        found = {
            goals.TRAFFIC: (after.bytes_sent - before.bytes_sent) / seconds / 1e6,
            goals.MESSAGES: (self._messages() - messages) / events,
            goals.JUDGED: events / seconds,
            goals.LIVE_CPU: spent / events * 1e6,
        }
        self._add(found)

    async def _restore(self) -> Watched:
        """Start a worker after another one was killed, and wait until it judges everything."""
        killed, worker = time.monotonic(), self._start()
        assigned = await worker.until(lambda seen: seen.has(PARTITIONS), "getting the partitions")
        offered = self._offered()
        judging = await worker.until(
            lambda seen: seen.judges(PARTITIONS) and seen.events > 0, "restoring"
        )
        seconds = judging.at - assigned.at
        found = {
            goals.RESTORE: seconds,
            goals.OUTAGE: judging.at - killed,
            goals.REPLAYED: worker.newly_replayed(),
            goals.OFFERED: (self._offered() - offered) / (time.monotonic() - assigned.at),
        }
        self._add(found)
        return worker

    async def _come_back(self, worker: Watched, other: Watched) -> None:
        """Let another worker join and leave: its partitions come back to the first one."""
        half = PARTITIONS // 2
        await other.until(lambda seen: seen.judges(half) and seen.events > 0, "sharing partitions")
        await asyncio.sleep(AWAY)
        worker.newly_replayed()
        leaving = asyncio.create_task(other.stop())
        assigned = await worker.until(lambda seen: seen.has(PARTITIONS), "getting partitions back")
        judging = await worker.until(lambda seen: seen.judges(PARTITIONS), "coming back")
        await leaving
        found = {
            goals.BACK: judging.at - assigned.at,
            goals.BACK_REPLAYED: worker.newly_replayed(),
        }
        self._add(found)

    async def _settle(self, worker: Watched) -> None:
        """Wait until the worker has caught up, and has published for an interval."""
        few, topic = self.plan.rate * CAUGHT_UP, self.wiring.topic
        await worker.until(
            lambda seen: seen.judges(PARTITIONS) and seen.lag(topic) < few, "catching up"
        )
        await asyncio.sleep(self.plan.interval)

    def _start(self) -> Watched:
        wiring = self.wiring
        settings = wiring.app_environment | {
            "ANOMALY_MODEL": str(self.models.thirty),
            "ANOMALY_MEMORY_INTERVAL": str(self.plan.interval),
        }
        return Watched.start(wiring.folder, settings, wiring.faust)

    def _messages(self) -> int:
        name = f"{self.wiring.group}-memory"
        return end_offsets(self.wiring.servers, name, partitions=PARTITIONS)

    def _offered(self) -> int:
        return end_offsets(self.wiring.servers, self.wiring.topic, partitions=PARTITIONS)

    def _add(self, found: dict[tuple[str, str], float]) -> None:
        for (system, figure), value in found.items():
            self.results.add(system, figure, value)
        self.screen.say(
            "; ".join(f"{figure}: {value:,.4g}" for (_, figure), value in found.items())
        )
