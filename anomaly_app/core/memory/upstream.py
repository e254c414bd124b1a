"""Which events of upstream partitions were applied already: a forwarded event may come twice.

A worker that forwards events and dies before its commit forwards them again. Each upstream
partition is forwarded in the order of its offsets, so an event is a repetition if one with the same
or a higher offset was there before. To know that after a restore, each image of a block holds the
highest offsets as they were at that time.
"""

from collections.abc import Mapping

import numpy as np

from anomaly_app.core.arrays import Flags, Integers

NEVER = -1


class Upstream:
    """The highest offset of each upstream partition, so far and as of each block's image."""

    def __init__(self) -> None:
        self.highest: dict[int, int] = {}
        """By number of the upstream partition."""
        self._of_blocks: dict[int, dict[int, int]] = {}

    def load(self, block: int, highest: Mapping[int, int]) -> None:
        """Take over what an image of a block says."""
        if highest:
            self._of_blocks[block] = dict(highest)

    def admit(
        self, partitions: Integers, offsets: Integers, blocks: Integers | None = None
    ) -> Flags:
        """Return which events were not there before, and note them.

        Parameters
        ----------
        partitions, offsets
            Number of the upstream partition of each event and its offset there, in the order of
            the log, shape ``(events,)``.
        blocks
            The block of each event, while a log is replayed: each knows what it has applied.
        """
        admitted: Flags = np.zeros(len(offsets), dtype=np.bool_)
        for partition in np.unique(partitions).tolist():
            rows = np.flatnonzero(partitions == partition)
            of_it = offsets[rows]
            highest = self.highest.get(partition, NEVER)
            before = np.maximum.accumulate(np.concatenate([[highest], of_it]))
            admitted[rows] = of_it > before[:-1]
            if blocks is not None and self._of_blocks:
                applied = [self._applied(block, partition) for block in blocks[rows].tolist()]
                admitted[rows] &= of_it > np.array(applied)
            self.highest[partition] = int(before[-1])
        return admitted

    def _applied(self, block: int, partition: int) -> int:
        return self._of_blocks.get(block, {}).get(partition, NEVER)

    def settle(self) -> None:
        """Note that the log was replayed to its end: from now on all blocks are equally far.

        Whatever an image knows was there before the end.
        """
        for of_block in self._of_blocks.values():
            for partition, offset in of_block.items():
                self.highest[partition] = max(self.highest.get(partition, NEVER), offset)
        self._of_blocks.clear()
