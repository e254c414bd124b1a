"""Which memories a worker has, and what becomes of them when its partitions change: without I/O."""

from collections.abc import Iterator, Mapping, Set

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.changelog.contract import Memory, Remembered
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.publication import Publication

TOGETHER = 10.0
"""Seconds for which a restored partition waits for those that are restored after it: whoever judges
what has piled up in one takes the time in which the others could be restored."""


class KeptPartitions:
    """The memories of the partitions that a worker has, or had a moment ago.

    Times are in seconds, on a clock that never goes back.

    Parameters
    ----------
    interval
        Seconds between two images of a block.
    lease
        Seconds within which this worker cannot have lost its partitions unnoticed.
    stay
        Seconds that a memory stays when its partition was given away.
    """

    def __init__(self, *, interval: float, lease: float, stay: float) -> None:
        self.remembered: dict[str, Remembered] = {}
        """What is remembered, by topic."""
        self._interval = interval
        self._lease = lease
        self._stay = stay
        self._kept: dict[TopicPartition, Kept] = {}
        self.held: frozenset[TopicPartition] = frozenset()
        """The partitions of this worker whose memory is not restored, or that wait for others."""
        self._restored: dict[TopicPartition, float] = {}
        """Partitions that wait for others, and since when."""
        self._looked_at: float | None = None
        """When the clock was looked at; None until then."""

    def __iter__(self) -> Iterator[Kept]:
        return iter([*self._kept.values()])

    def get(self, topic: str, partition: int) -> Kept | None:
        """Return the memory of a partition, if there is one."""
        return self._kept.get(TopicPartition(topic, partition))

    def memory_of(self, topic: str, partition: int) -> Memory:
        """Return the memory of a partition that is restored.

        Raises
        ------
        LookupError
            It is not.
        """
        kept = self.get(topic, partition)
        if kept is None or kept.memory is None or not kept.is_live:
            raise LookupError(f"the memory of {topic} partition {partition} is not restored")
        return kept.memory

    def live(self, topic: str) -> dict[int, Memory]:
        """Return the memories of a topic's partitions that are restored."""
        return {
            kept.source.partition: kept.memory
            for kept in self
            if kept.source.topic == topic and kept.is_live and kept.memory is not None
        }

    def _note_held(self) -> None:
        owned = {kept.source: kept.is_live for kept in self if kept.is_owned}
        if all(owned.values()):
            self._restored.clear()
        self.held = frozenset(
            source for source, is_live in owned.items() if not is_live or source in self._restored
        )

    @property
    def waits_for(self) -> str | None:
        """What is being restored, in one line; None if nothing is."""
        waiting = [kept for kept in self if kept.is_owned and not kept.is_live]
        if not waiting:
            return None
        first = max(waiting, key=lambda kept: kept.progress)
        return (
            f"the memory of {first.source.topic} partition {first.source.partition} is restored by "
            f"{100 * first.progress:.0f} %, {len(waiting)} partition(s) wait"
        )

    def revoke(self, partitions: Set[TopicPartition], now: float) -> None:
        """Give partitions away: nothing more is published of them."""
        for source in partitions & self._kept.keys():
            self._restored.pop(source, None)
            kept = self._kept[source]
            kept.is_owned = kept.is_live = kept.is_positioned = False
            kept.assignments += 1
            kept.publication.drop()
            if kept.given_away_at is None:
                kept.given_away_at = now
        self._note_held()

    def assign(self, partitions: Set[TopicPartition], now: float) -> None:
        """Take these partitions, and no others; what was being restored of others is left."""
        self.revoke(self._kept.keys(), now)
        for source in partitions:
            if source.topic in self.remembered:
                plain = TopicPartition(*source)
                self._kept.setdefault(plain, self._new(plain)).is_owned = True
        for kept in self:
            kept.is_wanted = kept.is_owned
        self._note_held()

    def position(self, committed: Mapping[TopicPartition, int | None], now: float) -> None:
        """Begin at the committed offsets: some memories may be live at once."""
        for source, offset in committed.items():
            kept = self._kept.get(source)
            if kept is not None and kept.is_owned:
                self._position(kept, offset, now)
        self._note_held()

    def _position(self, kept: Kept, offset: int | None, now: float) -> None:
        target = 0 if offset is None else offset
        is_ahead = kept.memory is not None and kept.position > target
        if is_ahead or kept.has_gap:
            # What was judged here was not committed, or others have judged what was skipped here.
            kept.is_wanted = False
            kept = self._kept[kept.source] = self._new(kept.source)
            kept.is_owned = True
        kept.is_doubtful |= offset != kept.committed or self._was_away(kept, now)
        kept.committed, kept.target = offset, target
        kept.assignments += 1
        kept.is_positioned, kept.is_live, kept.is_muted = True, False, False
        kept.given_away_at = None
        if kept.memory is not None and not kept.is_doubtful:
            self.release_if_restored(kept)

    def _was_away(self, kept: Kept, now: float) -> bool:
        """Whether the group may have had no member: somebody may have rebuilt the memory."""
        away = 0.0 if kept.given_away_at is None else now - kept.given_away_at
        asleep = 0.0 if self._looked_at is None else now - self._looked_at
        return kept.is_muted or max(away, asleep) > self._lease

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note an acknowledged commit: images that it covers may be published."""
        for source, offset in offsets.items():
            kept = self._kept.get(source)
            if kept is not None and kept.is_live:
                kept.committed, kept.done, kept.is_muted = offset, offset, False

    def look_at_clock(self, now: float) -> bool:
        """Mute everything after a freeze, and drop what was given away long ago.

        Returns
        -------
        bool
            Whether partitions are held no more, since they have waited for others long enough.
        """
        elapsed = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        for kept in self:
            if elapsed > self._lease:
                # Another worker may have the partition by now; a commit would tell.
                kept.publication.drop()
                kept.is_muted = True
            away = 0.0 if kept.given_away_at is None else now - kept.given_away_at
            if not kept.is_wanted and away > self._stay:
                del self._kept[kept.source]
        if is_long := any(now - since > TOGETHER for since in self._restored.values()):
            self._restored.clear()
            self._note_held()
        return is_long

    def next_to_restore(self) -> Kept | None:
        """Return a memory whose partition waits for it; None if there is none."""
        waiting = (kept for kept in self if kept.is_positioned and not kept.is_live)
        return next(waiting, None)

    def release_with_others(self, kept: Kept, now: float) -> bool:
        """Go live if it is restored; it is held until the others are, or for `TOGETHER` seconds."""
        self._restored[kept.source] = now
        return self.release_if_restored(kept)

    def release_if_restored(self, kept: Kept) -> bool:
        """Go live if the memory holds exactly what was committed."""
        # It may have gone live while its manifest was sent, and have judged records since.
        if not kept.is_live and kept.memory is not None and kept.is_positioned:
            if kept.position == kept.target:
                kept.memory.settle()
                kept.is_live = kept.is_whole = True
                self._note_held()
            elif kept.position > kept.target:
                # The committed offset has gone back meanwhile.
                kept.forget()
        return kept.is_live

    def _new(self, source: TopicPartition) -> Kept:
        return Kept(source, self.remembered[source.topic], Publication(self._interval))
