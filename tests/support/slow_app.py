"""The app that writes down what it judges by, and that takes its time to restore memories.

``faust -A tests.support.slow_app worker``; the seconds for each chunk of records that is replayed
are in ``SLOW_REPLAY``.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from anomaly_app.kafka.changelog.restoring import CHUNK, Restorer
from tests.support.traced_app import app

__all__ = ["app"]

_apply = Restorer._apply


async def _slowly(self: Restorer, kept: Any, batches: Sequence[Any], start: int, end: int) -> None:
    records = min(batches[-1].end, end) - max(batches[0].first, start)
    await asyncio.sleep(float(os.environ["SLOW_REPLAY"]) * records / CHUNK)
    await _apply(self, kept, batches, start, end)


Restorer._apply = _slowly  # type: ignore[method-assign]
