"""The app that writes down what it judges by, and that takes its time to restore memories.

``faust -A tests.support.slow_app worker``; the seconds for each chunk of records that is replayed
are in ``SLOW_REPLAY``.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from anomaly_app.kafka.changelog.restoring import Restorer
from tests.support.traced_app import app

__all__ = ["app"]

_apply = Restorer._apply


async def _slowly(self: Restorer, kept: Any, records: Sequence[Any]) -> None:
    await asyncio.sleep(float(os.environ["SLOW_REPLAY"]))
    await _apply(self, kept, records)


Restorer._apply = _slowly  # type: ignore[method-assign]
