"""The search for what is remembered of an entity, in one worker and over all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec

from anomaly_app.context import WorkerContext
from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.core.memory.profile_lines import profile_lines
from anomaly_app.core.visible import quoted
from anomaly_app.web.address import is_loopback

if TYPE_CHECKING:
    from anomaly_app.core.memory.partition_memory import PartitionMemory

KEYS = ("entity", "counterpart")

LONGEST_NAME = 2_000
"""Bytes of a name: escaped, longer ones do not fit into the first line of a request."""


TO_BE_REACHED = "let their ANOMALY_WEB_HOST and ANOMALY_WEB_BIND be addresses that all reach"
"""What to do if workers do not reach each other."""


class Question(NamedTuple):
    """Whose profile is asked for."""

    entity: str
    key: str = KEYS[0]

    @property
    def path(self) -> str:
        """The path of the page, with the query."""
        name = quote(self.entity, safe="", errors="surrogateescape")
        return f"/profile/{name}?key={self.key}"

    @property
    def fault(self) -> str | None:
        """Why nothing can be asked for; None if it can."""
        if self.key not in KEYS:
            return f"key is {' or '.join(KEYS)}"
        if self.entity in {".", ".."}:
            return "a name of dots is no part of an address: clients take it as a way up"
        if len(self.entity.encode(errors="surrogatepass")) > LONGEST_NAME:
            return f"a name of more than {LONGEST_NAME:,} bytes is not looked up"
        return None

    def text_for(self, address: str) -> str:
        """Return what a worker signs that asks another one; it is valid for that one alone."""
        return f"{address}\n{self.key}\n{self.entity}"


class Found(msgspec.Struct, frozen=True):
    """What is remembered."""

    entity: str
    key: str
    partition: int
    profile: Profile
    lines: list[str]
    """The profile for people."""


class Unknown(msgspec.Struct, frozen=True):
    """That nothing was found, and where."""

    error: str
    searched: list[int]
    """The partitions whose memories do not have the entity."""
    restoring: list[int] = []
    """The partitions whose memories are being restored."""
    is_complete: bool = False
    """Whether all partitions were searched."""


class Place(NamedTuple):
    """Where the entities of a key are remembered."""

    topic: str
    partitions: frozenset[int]
    """All partitions of the topic."""


def place_of(key: str, context: WorkerContext) -> Place | None:
    """Return where the entities of a key are; None if the model does not remember any."""
    settings, pipeline = context.settings, context.pipeline
    if key == KEYS[0]:
        topic, reader = settings.transactions_topic, pipeline.entity
    else:
        topic, reader = settings.counterparts_topic_name, pipeline.counterpart
    if reader is None:
        return None
    return Place(topic, frozenset(range(context.partitions.get(topic, 0))))


def search_here(
    question: Question, place: Place, context: WorkerContext, now: float
) -> Found | Unknown:
    """Search the memories of this worker.

    Parameters
    ----------
    question
        Whose profile.
    place
        Where the entities of its key are.
    context
        Of the worker.
    now
        Seconds since the epoch.
    """
    pipeline, (entity, key) = context.pipeline, question
    reader = pipeline.entity if key == KEYS[0] else pipeline.counterpart
    live: Mapping[int, Any] = context.memories.live(place.topic)
    memories: Mapping[int, PartitionMemory] = live
    for partition, memory in sorted(memories.items()):
        profile = None if reader is None else reader.profile(memory, entity, now)
        if profile is not None:
            return Found(entity, key, partition, profile, profile_lines(entity, profile))
    held = [tp.partition for tp in context.memories.held if tp.topic == place.topic]
    line = f"this worker remembers nothing of {quoted(entity)}"
    return Unknown(line, sorted(memories), sorted(held))


class Search:
    """What the workers have answered so far, of which none has found anything.

    Parameters
    ----------
    question
        Whose profile.
    place
        Where the entities of its key are.
    """

    def __init__(self, question: Question, place: Place) -> None:
        self.left = place.partitions
        """The partitions that nobody has searched."""
        self.asked: dict[str, str] = {}
        """The workers that were asked, and why they did not answer; empty if they did."""
        self.fault: str | None = None
        """Why the owners of partitions could not be looked up."""
        self._question = question
        self._place = place
        self._restoring: set[int] = set()

    def add(self, answer: Unknown) -> None:
        """Note the answer of a worker."""
        self.left -= {*answer.searched}
        self._restoring |= {*answer.restoring}

    def result(self, owners: Mapping[int, str]) -> Unknown:
        """Return that nothing was found, or could not be.

        Parameters
        ----------
        owners
            Addresses of workers, by partition.
        """
        searched = sorted(self._place.partitions - self.left)
        restoring = sorted(self._restoring & self.left)
        name = quoted(self._question.entity)
        if not self.left:
            line = (
                f"nothing is remembered of {name}: {_partitions(searched)} of {self._place.topic} "
                "were searched"
            )
            if self._question.key == KEYS[0]:
                line += "; what transactions name beside their entity has ?key=counterpart"
            return Unknown(line, searched, is_complete=True)
        reasons = [*self._reasons(owners)]
        line = (
            f"{_partitions(sorted(self.left))} of {self._place.topic} could not be searched for "
            f"{name}: {'; '.join(reasons)}"
        )
        return Unknown(line, searched, restoring)

    def _reasons(self, owners: Mapping[int, str]) -> Iterable[str]:
        rest = self.left
        if restoring := sorted(self._restoring & rest):
            yield f"{_partitions(restoring)} being restored, ask again in a moment"
            rest -= self._restoring
        for address, fault in sorted(self.asked.items()):
            theirs = sorted(number for number in rest if owners.get(number) == address)
            if fault and theirs:
                yield f"{_partitions(theirs)} with {address}, which {fault}"
                rest -= {*theirs}
        if rest and self.fault:
            yield self.fault
            return
        for address in sorted({owners[number] for number in rest if number in owners}):
            theirs = sorted(number for number in rest if owners.get(number) == address)
            line = f"{_partitions(theirs)} last with {address}, which does not have it now"
            # Each host has such an address of its own.
            hint = f"; if there are workers on other hosts, {TO_BE_REACHED}"
            yield f"{line}, ask again in a moment{hint if is_loopback(address) else ''}"
            rest -= {*theirs}
        if rest:
            yield f"{_partitions(sorted(rest))} with no worker yet, ask again in a moment"


def _partitions(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"partitions {', '.join(first)} and {last}" if first else f"partition {last}"
