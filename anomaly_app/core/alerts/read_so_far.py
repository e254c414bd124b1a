"""Which messages of a partition were read: they may come again, and not in their order."""

import msgspec

WIDTH = 1_024
"""Offsets below the highest one that are known one by one; whoever sends messages on to the log
has fewer than that on their way."""


class ReadSoFar(msgspec.Struct, array_like=True):
    """The messages of one partition of the anomalies topic that were read."""

    highest: int = -1
    """The highest offset."""
    latest: float = 0.0
    """The latest timestamp, in seconds since the epoch."""
    seen: bytes = b""
    """A bit for each of the last `WIDTH` offsets: the lowest one is that of the highest."""

    def add(self, offset: int, timestamp: float) -> bool:
        """Note a message; return whether it was not read before.

        A message with a known offset and a later timestamp than all others is of a topic that was
        made anew: it is read, and what was known is dropped.
        """
        distance = self.highest - offset
        bits = int.from_bytes(self.seen, "little")
        if distance < 0:
            bits = (bits << -distance if -distance < WIDTH else 0) | 1
            self.highest = offset
        elif distance < WIDTH and not bits >> distance & 1:
            bits |= 1 << distance
        elif timestamp > self.latest:
            self.highest, bits = offset, 1
        else:
            return False
        self.latest = max(self.latest, timestamp)
        self.seen = (bits & MASK).to_bytes(WIDTH // 8, "little")
        return True


MASK = (1 << WIDTH) - 1
