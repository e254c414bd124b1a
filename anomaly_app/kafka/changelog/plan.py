"""What has to be read so that a memory is exact, or why that is impossible: a pure decision."""

from collections.abc import Mapping
from typing import NamedTuple

from anomaly_app.kafka.changelog.manifest import Manifest
from anomaly_app.kafka.changelog.refusals import (
    Refusal,
    other_partitions,
    other_spec,
    other_topic,
    recreated,
    retention_gap,
    rewound,
)


class SourceLog(NamedTuple):
    """A partition of the source, as it is now."""

    begins: int
    """Offset of the first record that is retained."""
    ends: int
    """The offset that the next record will get."""
    committed: int | None
    """The group's committed offset; None if it has committed nothing, and begins at the start."""
    partitions: int
    """Number of partitions of the topic."""
    topic: str

    @property
    def last_commit(self) -> int:
        """The committed offset; -1 if there is none."""
        return -1 if self.committed is None else self.committed

    @property
    def target(self) -> int:
        """The offset up to which records were judged."""
        return self.begins if self.committed is None else self.committed


class Plan(NamedTuple):
    """The records of the source to replay, after the images are loaded."""

    start: int
    end: int
    """The offset after them; nothing is replayed if it is not larger than the start."""


def plan_restore(
    manifest: Manifest | None, images: Mapping[int, int], source: SourceLog, spec: str
) -> Plan | Refusal:
    """Decide how a partition's memory is restored at the group's committed offset.

    Parameters
    ----------
    manifest
        The newest one; None if nothing was ever published of this partition.
    images
        For each block, the offset of the newest image of the manifest's epoch.
    source
        The partition of the source.
    spec
        Hash of the model's feature spec.
    """
    if refusal := refuse(manifest, source, spec):
        return refusal
    ahead = max(images.values(), default=-1)
    if ahead > source.last_commit:
        return rewound(kept=ahead, committed=source.committed)
    if manifest is None or source.committed is None:
        return Plan(source.begins, source.target)
    start = min([manifest.safe, *_older_than_published(manifest, images)])
    if start < min(source.begins, source.target):
        return retention_gap(needed=start, begins=source.begins)
    return Plan(start, source.target)


def refuse(manifest: Manifest | None, source: SourceLog, spec: str) -> Refusal | None:
    """Return what stands against a restore, whatever the images are; None if nothing does."""
    if source.last_commit > source.ends:
        return recreated(committed=source.last_commit, end=source.ends)
    return None if manifest is None else _refuse(manifest, source, spec)


def _refuse(manifest: Manifest, source: SourceLog, spec: str) -> Refusal | None:
    if manifest.topic != source.topic:
        return other_topic(kept=manifest.topic)
    if manifest.spec != spec:
        return other_spec(kept=manifest.spec, found=spec)
    if manifest.partitions != source.partitions:
        return other_partitions(kept=manifest.partitions, found=source.partitions)
    if manifest.last_commit > source.last_commit:
        return rewound(kept=manifest.last_commit, committed=source.committed)
    return None


def _older_than_published(manifest: Manifest, images: Mapping[int, int]) -> list[int]:
    """Return where the replay has to begin for blocks whose published image is gone.

    A worker that was frozen may have written an older image of a block, and compaction may have
    removed the newer one. The older image is exact, too, if more is replayed.
    """
    return [
        images.get(image.block, manifest.begins)
        for image in manifest.images
        if images.get(image.block, manifest.begins) < image.offset
    ]
