"""The results of one reading of the dead-letter topic, in bounded memory."""

from array import array
from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from anomaly_app.dead_letters.messages import DeadLetter, Position, ReplayMarker, Selection

MOST_REASONS = 50
"""Reasons that are counted separately: anyone may have written anything to the topic."""

OTHER_REASONS = "(other reasons)"


class Count(NamedTuple):
    """Number of letters with one reason."""

    reason: str
    waiting: int
    replayed: int


class Seen(NamedTuple):
    """A letter, ordered by time."""

    timestamp: int
    position: Position
    digest: int
    letter: DeadLetter


class Shown(NamedTuple):
    """A letter to show, and where it was replayed to."""

    letter: DeadLetter
    replayed_to: str | None


class Newest:
    """Keeps the newest of the letters that are added, up to a limit.

    Parameters
    ----------
    limit
        How many letters to keep.
    cut
        Reduces a letter to what will be shown.
    """

    def __init__(self, limit: int, cut: Callable[[DeadLetter], DeadLetter]) -> None:
        self._limit = limit
        self._cut = cut
        self._heap: list[Seen] = []

    def add(self, letter: DeadLetter) -> None:
        """Add a letter, replacing the oldest if there are enough."""
        time = -1 if letter.timestamp is None else letter.timestamp
        if len(self._heap) == self._limit and (
            not self._heap or (time, letter.position) < self._heap[0][:2]
        ):
            return
        heappush(self._heap, Seen(time, letter.position, _digest(letter), self._cut(letter)))
        if len(self._heap) > self._limit:
            heappop(self._heap)

    def clear(self) -> None:
        """Forget all letters."""
        self._heap.clear()

    def in_order(self) -> list[Seen]:
        """Return the letters in the order in which they were written."""
        return sorted(self._heap)


class Survey:
    """Counts letters by reason, and collects the markers of those that were replayed.

    A letter's marker comes after it, so whether it was replayed is known only at the end. Until
    then only 8 bytes of each letter are kept.

    Parameters
    ----------
    selection
        The letters to count.
    replayed
        Whether replayed letters are shown, too.
    """

    def __init__(self, selection: Selection, *, replayed: bool) -> None:
        self.missing = set(selection.positions)
        """Positions of the selection at which no letter has been found so far."""
        self._selection = selection
        self._replayed = replayed
        self._seen: dict[str, array[int]] = {}
        self._markers: dict[int, str] = {}

    def add(self, message: DeadLetter | ReplayMarker) -> DeadLetter | None:
        """Count a message of the topic; return it if it is a selected letter."""
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
        """Return the counts of the selected letters by reason, the most frequent first."""
        counts = []
        for reason, digests in self._seen.items():
            replayed = sum(digest in self._markers for digest in digests)
            counts.append(Count(reason, len(digests) - replayed, replayed))
        return sorted(counts, key=lambda count: (-count.waiting, -count.replayed, count.reason))

    def shown(self, letter: DeadLetter) -> Shown | None:
        """Return a letter with where it was replayed to; None if it is not to be shown.

        Call this only when everything has been read.
        """
        return self._shown(letter, _digest(letter)) if letter in self._selection else None

    def shown_of(self, newest: Newest) -> list[Shown]:
        """Return those of the newest letters that are to be shown."""
        found = (self._shown(seen.letter, seen.digest) for seen in newest.in_order())
        return [shown for shown in found if shown is not None]

    def _shown(self, letter: DeadLetter, digest: int) -> Shown | None:
        sent_to = self._markers.get(digest)
        return Shown(letter, sent_to) if sent_to is None or self._replayed else None


def _digest(letter: DeadLetter) -> int:
    # Hashes are keyed per process, so nobody can craft letters that collide with others.
    return hash(letter.identity)
