"""Alertmanager as a policy: many streams at once, each with an instance of its own."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.policies.alertmanager import FACTOR, Replay
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import Stream
from benchmarks.alerts.streams.cache import FOLDER
from benchmarks.alerts.truth import fields_of
from benchmarks.errors import BenchmarkError
from harness.alertmanager import fetch_alertmanager

INSTANCES = 10
"""Instances that run side by side; half as many again for those that were late."""

BEST_FIELDS = {
    "cards": "merchant", "machines": "top feature", "patients": "software",
    "network": "client_version", "sparkov": "entity",
}  # fmt: skip
"""The field of each family that agrees best with its campaigns, on five streams for development:
``python -m benchmarks alerts-streams --development --seeds 5``."""

_decoder = msgspec.msgpack.Decoder(list[Sent])


class ByAlertmanager:
    """Alertmanager at its defaults.

    A replay takes as long as the stream does, divided by the factor. So it is kept on disk.

    Parameters
    ----------
    best_field
        Whether alerts are grouped by the family's best field instead of the entity.
    folder
        Where replays are kept.
    """

    def __init__(self, *, best_field: bool = False, folder: Path = FOLDER) -> None:
        self._best_field = best_field
        self._folder = folder
        self.name = f"Alertmanager by {'best field' if best_field else 'entity'}"

    def replay(self, stream: Stream) -> list[Sent]:
        """Return the messages."""
        self.prepare([stream])
        return _decoder.decode(self._file(stream).read_bytes())

    def prepare(self, streams: Sequence[Stream], done: Callable[[], None] = lambda: None) -> None:
        """Replay streams that have not been yet, several at once."""
        asyncio.run(self._replay_all(streams, done))

    async def _replay_all(self, streams: Sequence[Stream], done: Callable[[], None]) -> None:
        instances, left = INSTANCES, [*streams]
        while left and instances:
            left = await self._replay_some(left, instances, done)
            instances //= 2
        if left:
            names = ", ".join(stream.name for stream in left)
            raise BenchmarkError(f"Alertmanager was late even alone: {names}: let nothing else run")

    async def _replay_some(
        self, streams: Sequence[Stream], instances: int, done: Callable[[], None]
    ) -> list[Stream]:
        """Replay streams side by side, and return those that were late."""
        free = asyncio.Semaphore(instances)
        late: list[Stream] = []

        async def replay(stream: Stream) -> None:
            async with free:
                file = self._file(stream)
                if not file.exists():
                    await asyncio.to_thread(fetch_alertmanager)
                    replay = await asyncio.to_thread(Replay, stream, self._group_of(stream))
                    sent = await replay.run()
                    if replay.is_late:
                        late.append(stream)
                        return
                    _keep(file, sent)
            done()

        async with asyncio.TaskGroup() as group:
            for stream in streams:
                group.create_task(replay(stream))
        return late

    def _group_of(self, stream: Stream) -> Callable[[bytes], str]:
        return partial(_field, BEST_FIELDS[stream.family]) if self._best_field else _entity

    def _file(self, stream: Stream) -> Path:
        of = hashlib.sha256()
        for name in ("alertmanager.py", "alert_labels.py"):
            of.update(Path(__file__).with_name(name).read_bytes())
        of.update(f"{FACTOR} {BEST_FIELDS if self._best_field else ''}".encode())
        for arrival in stream.arrivals:
            of.update(f"{arrival.at} ".encode() + arrival.value)
        by = "field" if self._best_field else "entity"
        return self._folder / f"alertmanager-{by}-{stream.name}-{of.hexdigest()[:12]}.msgpack"


def _keep(file: Path, sent: list[Sent]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.msgpack.encode(sent))
    part.replace(file)


def _entity(value: bytes) -> str:
    return str(read_anomaly(value).entity)


def _field(name: str, value: bytes) -> str:
    """Return a field; all that lack it are one group."""
    return fields_of(value).get(name, "")
