"""What one reading of the dead letters' topic finds out, however large the topic is."""

from array import array
from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from anomaly_app.dead_letters.messages import DeadLetter, Position, ReplayMarker, Selection

MOST_REASONS = 50
"""Reasons that are counted one by one: anybody may have written anything to the topic."""

OTHER_REASONS = "(other reasons)"


class Count(NamedTuple):
    """Letters of one reason."""

    reason: str
    waiting: int
    replayed: int


class Seen(NamedTuple):
    """A letter in the order of time."""

    timestamp: int
    position: Position
    digest: int
    letter: DeadLetter


class Shown(NamedTuple):
    """A letter that is to be shown."""

    letter: DeadLetter
    replayed_to: str | None


class Newest:
    """The newest of the letters that are added, and no more of them than are wanted.

    Parameters
    ----------
    limit
        How many are wanted.
    cut
        Leaves of a letter what will be shown.
    """

    def __init__(self, limit: int, cut: Callable[[DeadLetter], DeadLetter]) -> None:
        self._limit = limit
        self._cut = cut
        self._heap: list[Seen] = []

    def add(self, letter: DeadLetter) -> None:
        """Keep a letter, in place of the oldest where there are enough."""
        time = -1 if letter.timestamp is None else letter.timestamp
        if len(self._heap) == self._limit and (
            not self._heap or (time, letter.position) < self._heap[0][:2]
        ):
            return
        heappush(self._heap, Seen(time, letter.position, _digest(letter), self._cut(letter)))
        if len(self._heap) > self._limit:
            heappop(self._heap)

    def clear(self) -> None:
        """Begin anew."""
        self._heap.clear()

    def in_order(self) -> list[Seen]:
        """Give them in the order in which they were written."""
        return sorted(self._heap)


class Survey:
    """Counts letters by reason, and collects the markers of those that were replayed.

    Whether a letter was replayed is known when all is read, as its marker comes after it. Until
    then 8 bytes of each letter are kept, and nothing else.

    Parameters
    ----------
    selection
        The letters that are meant.
    replayed
        Whether those that were replayed are shown, too.
    """

    def __init__(self, selection: Selection, *, replayed: bool) -> None:
        self.missing = set(selection.positions)
        """Positions of the selection at which no letter was found so far."""
        self._selection = selection
        self._replayed = replayed
        self._seen: dict[str, array[int]] = {}
        self._markers: dict[int, str] = {}

    def add(self, message: DeadLetter | ReplayMarker) -> DeadLetter | None:
        """Take a message of the topic; give it back if it is a letter of the selection."""
        if isinstance(message, ReplayMarker):
            self._markers[hash(message.identity)] = message.sent_to if self._replayed else ""
            return None
        self.missing.discard(message.position)
        if message not in self._selection:
            return None
        reason = message.reason
        if reason not in self._seen and len(self._seen) >= MOST_REASONS:
            reason = OTHER_REASONS
        self._seen.setdefault(reason, array("q")).append(_digest(message))
        return message

    def counts(self) -> list[Count]:
        """Count the letters of the selection by reason, the most frequent first."""
        counts = []
        for reason, digests in self._seen.items():
            replayed = sum(digest in self._markers for digest in digests)
            counts.append(Count(reason, len(digests) - replayed, replayed))
        return sorted(counts, key=lambda count: (-count.waiting, -count.replayed, count.reason))

    def shown(self, letter: DeadLetter) -> Shown | None:
        """Give a letter with where it was replayed to; None where it is not to be shown.

        It is known only when all is read.
        """
        return self._shown(letter, _digest(letter)) if letter in self._selection else None

    def shown_of(self, newest: Newest) -> list[Shown]:
        """Give those of the newest letters of the selection that are to be shown."""
        found = (self._shown(seen.letter, seen.digest) for seen in newest.in_order())
        return [shown for shown in found if shown is not None]

    def _shown(self, letter: DeadLetter, digest: int) -> Shown | None:
        sent_to = self._markers.get(digest)
        return Shown(letter, sent_to) if sent_to is None or self._replayed else None


def _digest(letter: DeadLetter) -> int:
    # Keyed anew in each process, so that nobody can write letters that pass for others.
    return hash(letter.identity)
