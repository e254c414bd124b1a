"""Progress of a system, as observed from outside."""


class Progress:
    """Progress of a system, derived from its anomalies.

    Records of a partition are processed in order, so all records before an anomaly are done.

    Parameters
    ----------
    partitions
        Record ``id`` is number ``id // partitions`` of partition ``id % partitions``.
    """

    def __init__(self, partitions: int) -> None:
        self._done = [0] * partitions

    def note(self, number: int) -> None:
        """Count a record and those before it in its partition as done."""
        partition, index = number % len(self._done), number // len(self._done)
        self._done[partition] = max(self._done[partition], index + 1)

    @property
    def records(self) -> int:
        """Number of records known to be done."""
        return sum(self._done)
