"""What to measure of the memory of entities, and how long that takes."""

from dataclasses import dataclass

KERNEL, BYTES, WORKER, PEERS, LATENCY, LOG = (
    "kernel",
    "bytes",
    "worker",
    "peers",
    "latency",
    "log",
)
PARTS = {
    KERNEL: "the compiled loop",
    BYTES: "resident memory",
    WORKER: "a worker with memory beside one without",
    PEERS: "the same features in Quix Streams and in a Faust table",
    LATENCY: "p99 with memory and without",
    LOG: "the traffic of the memory topic, and restores",
}
"""The parts, and what each measures."""

WITHOUT_BROKER = {KERNEL, BYTES}


@dataclass(frozen=True)
class Plan:
    """What to measure, and how much of it.

    Parameters
    ----------
    parts
        Some of `PARTS`.
    runs
        Number of rounds.
    active, kernel_events
        Active entities of the kernel, and its events in each round.
    resident, offered
        Entities whose bytes are measured, and distinct keys that are offered in all.
    cards, events
        Cards and payments of a worker with a backlog.
    few_cards, few_events
        Those of the slow peer.
    paced_cards, seconds
        Cards and seconds of traffic at a steady rate, to measure latencies.
    remembered, filled, rate
        Cards of the log, its payments before the traffic begins, and payments a second.
    interval
        Seconds between two images of a block.
    """

    parts: frozenset[str] = frozenset(PARTS)
    runs: int = 3
    active: int = 100_000
    kernel_events: int = 400_000
    resident: int = 1_000_000
    offered: int = 10_000_000
    cards: int = 100_000
    events: int = 500_000
    few_cards: int = 1_000
    few_events: int = 20_000
    paced_cards: int = 40_000
    seconds: float = 10.0
    remembered: int = 1_000_000
    filled: int = 2_000_000
    rate: int = 20_000
    interval: float = 60.0

    @classmethod
    def quick(cls, parts: frozenset[str]) -> "Plan":
        """Return a small plan, to check that everything works."""
        return cls(
            parts=parts,
            runs=1,
            active=10_000,
            kernel_events=40_000,
            resident=20_000,
            offered=200_000,
            cards=2_000,
            events=20_000,
            few_cards=200,
            few_events=2_000,
            paced_cards=1_000,
            seconds=2.0,
            remembered=20_000,
            filled=20_000,
            rate=1_000,
            interval=2.0,
        )

    @property
    def needs_broker(self) -> bool:
        """Whether a part needs a broker."""
        return bool(self.parts - WITHOUT_BROKER)

    @property
    def capacity(self) -> int:
        """Entities of a partition of the log: half of them are used."""
        return max(512, 1 << (self.remembered // 2 - 1).bit_length())

    def estimate(self) -> float:
        """Estimate the duration in seconds."""
        start = 12.0
        each = {
            KERNEL: self.kernel_events / 400_000,
            BYTES: 0.0,
            WORKER: 2 * (start + self.events / 60_000),
            PEERS: 2 * start + self.events / 20_000 + self.few_events / 1_500,
            LATENCY: 2 * (start + self.paced_cards / 30_000 + self.seconds),
            LOG: 2 * self.interval + 60.0,
        }
        once = {
            KERNEL: 2.0,
            BYTES: 10.0 + self.offered / 300_000,
            WORKER: self.events / 60_000,
            LOG: 30.0 + self.filled / 30_000 + 2 * self.interval,
        }
        seconds = sum(self.runs * each[part] + once.get(part, 0.0) for part in self.parts)
        return seconds + (20.0 if self.needs_broker else 0.0)
