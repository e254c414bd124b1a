"""A term of the owner of the log, without a broker, on a clock that a test turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anomaly_app.backoff import Backoff
from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.core.alerts.log import Entry, Outcome, write_entry
from anomaly_app.core.alerts.notice import Notice
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.incidents.delivery import Receiver
from anomaly_app.incidents.state_memory import StateMemory
from anomaly_app.incidents.term import Hold, Term
from anomaly_app.kafka.consumer import Record
from tests.support.incidents import NOON, ONE, policy, sighting

LEASE = 10.0


@dataclass
class Log:
    """The log of alerts, and the worker that has it."""

    policy: Policy = field(default_factory=policy)
    now: float = NOON
    clock: float = 1_000.0
    """Of the worker, in seconds."""
    values: list[tuple[float, bytes]] = field(default_factory=list)
    generation: int = 1
    is_owned: bool = True
    last_commit: float | None = None
    applies: bool = True
    """Whether what is written is applied and committed at once."""
    ticks: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory = StateMemory(self.policy)

    def hold(self) -> Hold:
        return Hold(
            memory=lambda: self.memory if self.is_owned else None,
            generation=lambda: self.generation,
            last_commit=lambda: self.last_commit,
            lease=LEASE,
            append=self.append,
            clock=lambda: self.clock,
            now=lambda: self.now,
        )

    def elapse(self, seconds: float) -> None:
        self.now += seconds
        self.clock += seconds

    def write(self, *entries: Entry) -> int:
        for entry in entries:
            self.values.append((self.now, write_entry(entry)))
            if isinstance(entry, Outcome):
                self.outcomes.append(entry)
        return len(self.values) - 1

    async def append(self, entries: Sequence[Entry]) -> int:
        last = self.write(*entries)
        if self.applies:
            self.apply()
        return last

    def records(self, start: int = 0) -> list[Record]:
        return [
            Record("alerts", 0, offset, int(at * 1000), None, value)
            for offset, (at, value) in enumerate(self.values)
            if offset >= start
        ]

    def apply(self) -> None:
        """Apply and commit all that there is."""
        for record in self.records(self.memory.applied):
            self.memory.apply(record)
        self.last_commit = self.clock

    def see(self, entity: str, number: int, **about: Any) -> None:
        self.write(sighting(entity, number=number, **about))
        self.apply()


@dataclass
class FakeChannel:
    """A receiver whose answers are given; in the end it takes everything."""

    answers: list[Any] = field(default_factory=list)
    """An answer, an exception, or a function that is called first."""
    got: list[tuple[Notice, Place]] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        self.got.append((notice, place))
        self.during()
        answer = self.answers.pop(0) if self.answers else Delivered(f"ref-{notice.id}")
        if isinstance(answer, Exception):
            raise answer
        found: Delivered | Refused | Later = answer
        return found

    async def close(self) -> None: ...

    @property
    def told(self) -> list[str]:
        return [f"{notice.id} v{notice.version}" for notice, _ in self.got]


def receiver_of(channel: FakeChannel, log: Log) -> Receiver:
    async def sleep(seconds: float) -> None:
        log.elapse(seconds)

    backoff = Backoff(1.0, 60.0, draw=lambda _, most: most, sleep=sleep, clock=lambda: log.clock)
    return Receiver(ONE, channel, give_up_after=3_600.0, backoff=backoff)


@dataclass
class Delivering:
    """One receiver and the owner of the log, worked step by step."""

    log: Log = field(default_factory=Log)
    channel: FakeChannel = field(default_factory=FakeChannel)

    def __post_init__(self) -> None:
        self.receiver = receiver_of(self.channel, self.log)

    async def term(self) -> Term:
        """Begin a term."""
        term = NoWaiting(self.log.hold(), self.log.memory)
        await term.begin()
        self.log.apply()
        return term

    async def work(self, term: Term, times: int = 1) -> None:
        for _ in range(times):
            await self.receiver.work(term)


class NoWaiting(Term):
    """A term in which waiting takes no time, but is noted."""

    def __init__(self, hold: Hold, memory: StateMemory) -> None:
        super().__init__(hold, memory)
        self.waits: list[float | None] = []

    async def wait(self, seconds: float | None) -> None:
        self.waits.append(seconds)
        assert len(self.waits) < 1_000, "it waits for what never comes"
