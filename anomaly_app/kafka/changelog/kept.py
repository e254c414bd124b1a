"""The memory of one partition in this process, and how far it is: without I/O."""

from dataclasses import dataclass, field
from typing import Any

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.changelog.contract import Memory, Remembered
from anomaly_app.kafka.changelog.manifest import Manifest
from anomaly_app.kafka.changelog.publication import Publication


@dataclass(eq=False)
class Kept:
    """The memory of one partition.

    It is empty at first, then loaded from images, then replayed up to the committed offset, and
    live from then on. When its partition is given away it stays for a while.

    Parameters
    ----------
    source
        The partition of the source topic.
    remembered
        What is remembered of its records.
    publication
        What is published of it.
    """

    source: TopicPartition
    remembered: Remembered
    publication: Publication
    memory: Memory | None = None
    """None until the images are loaded."""
    committed: int | None = None
    """The group's committed offset, as far as it is known here."""
    target: int = 0
    """The offset to replay up to: the committed one, or the first of the log."""
    start: int = 0
    """Where the replay began."""
    done: int = 0
    """The offset up to which records are known to be applied."""
    epoch: int = 0
    begins: int = 0
    """The offset at which the memory was empty."""
    partitions: int = 0
    """Number of partitions of the source topic."""
    is_owned: bool = False
    """Whether the partition is this worker's."""
    is_wanted: bool = True
    """Whether restoring should go on: not if the partition went to another worker."""
    is_positioned: bool = False
    """Whether the committed offset is that of the present assignment."""
    assignments: int = 0
    """How often the partition has come and gone."""
    is_whole: bool = False
    """Whether everything below `Memory.applied` is in it; images alone have gaps."""
    is_live: bool = False
    """Whether it holds exactly what was committed, and records are passed on."""
    is_doubtful: bool = False
    """Whether somebody else may have published since."""
    is_muted: bool = False
    """Whether nothing is published until the next commit is acknowledged."""
    has_gap: bool = False
    """Whether records that it lacks were skipped, and may have been judged elsewhere."""
    given_away_at: float | None = None
    """When the partition was given away, in seconds; None while it is this worker's."""
    manifest: Manifest | None = field(default=None)
    """The last one that was written here."""
    manifest_at: float = 0.0
    """When that was."""
    announced: int = -1
    """The count of `assignments` at that time: of another one, the manifest has another owner."""

    def forget(self) -> None:
        """Drop what is in memory: it has to be loaded again."""
        self.memory, self.manifest = None, None
        self.publication = self.publication.anew()
        self.is_doubtful = self.is_whole = False

    @property
    def position(self) -> int:
        """The next offset to apply."""
        if self.memory is None or not self.is_whole:
            return self.done
        return max(self.done, self.memory.applied)

    @property
    def progress(self) -> float:
        """How much of the replay is done, 0 to 1; 0 until the images are loaded."""
        if self.memory is None:
            return 0.0
        if self.position >= self.target:
            return 1.0
        return (self.position - self.start) / (self.target - self.start)

    @property
    def restored(self) -> str:
        """What was done to restore it, for the log."""
        return (
            f"the memory of {self.source.topic} partition {self.source.partition} is restored up "
            f"to offset {self.target}: {len(self.publication.images)} images, "
            f"{self.target - self.start} offsets replayed"
        )

    def stats(self) -> dict[str, Any]:
        """Return what a worker's pages show of it."""
        counts = None if self.memory is None else self.memory.counts
        images = self.publication.images.values()
        return {
            "topic": self.source.topic,
            "partition": self.source.partition,
            "key": self.remembered.name,
            "live": self.is_live,
            "restored": round(self.progress, 3),
            "entities": counts and counts.entities,
            "too_late": counts and counts.late,
            "evicted": counts and counts.evicted,
            "saturated": counts and counts.saturated,
            "images": len(images),
            "image_bytes": sum(image.size for image in images),
            "safe_offset": self.manifest and self.manifest.safe,
            "epoch": self.epoch,
        }

    def write_manifest(self, owner: str) -> Manifest:
        """Return the manifest of what is published at this moment.

        Parameters
        ----------
        owner
            Address of this worker's web pages.
        """
        assert self.memory is not None  # noqa: S101  # nothing is published before
        dirty = self.memory.dirty_blocks()
        first = self.memory.first_dirty(int(dirty[0])) if len(dirty) else None
        return Manifest(
            topic=self.source.topic,
            spec=self.remembered.spec,
            partitions=self.partitions,
            epoch=self.epoch,
            begins=self.begins,
            safe=max(self.publication.safe_offset(first, self.position), self.begins),
            committed=self.committed,
            images=tuple(self.publication.images[b] for b in sorted(self.publication.images)),
            entities=self.memory.counts.entities,
            owner=owner,
        )
