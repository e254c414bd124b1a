"""A sample of the traffic of the last while, drawn from the batches that are judged."""

import random
from collections.abc import Sequence

from anomaly_app.core.decoding.decoded import KafkaRecord

MOST = 20
"""Records of a sample, and of each batch that may get into it."""

POOL = 400
"""Records among which a sample is drawn."""


class Traffic:
    """Records of the batches since the last sample.

    Parameters
    ----------
    draw
        Draws; a test may have another seed.
    """

    def __init__(self, draw: random.Random | None = None) -> None:
        self._draw = draw or random.Random()  # noqa: S311  # nobody gains by foreseeing it
        self._pool: list[KafkaRecord] = []

    def offer(self, records: Sequence[KafkaRecord]) -> None:
        """Take note of a batch that was judged."""
        self._pool += records[:: len(records) // MOST + 1]
        if len(self._pool) > POOL:
            self._pool = self._draw.sample(self._pool, POOL // 2)

    def sample(self) -> list[KafkaRecord]:
        """Draw a sample, and begin the next one."""
        pool, self._pool = self._pool, []
        return self._draw.sample(pool, min(MOST, len(pool)))
