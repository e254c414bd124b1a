"""How far a system has come, as seen from outside."""


class Progress:
    """How far a system has come, told by the anomalies that have been seen of it.

    A partition's records are processed in order, so that all before an anomaly are done, too.

    Parameters
    ----------
    partitions
        Record ``id`` is number ``id // partitions`` of partition ``id % partitions``.
    """

    def __init__(self, partitions: int) -> None:
        self._done = [0] * partitions

    def note(self, number: int) -> None:
        """Count a record, and those before it in its partition, as done."""
        partition, index = number % len(self._done), number // len(self._done)
        self._done[partition] = max(self._done[partition], index + 1)

    @property
    def records(self) -> int:
        """How many records are known to be done."""
        return sum(self._done)
