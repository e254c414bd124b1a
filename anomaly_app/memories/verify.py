"""The comparison of memories, as published, with an offline replay of the log that is retained."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from anomaly_app.agents import remember_transactions
from anomaly_app.context import WorkerContext
from anomaly_app.errors import MemoryRefused
from anomaly_app.kafka.changelog import Remembered
from anomaly_app.kafka.changelog.kept import Kept
from anomaly_app.kafka.changelog.publication import Publication
from anomaly_app.kafka.changelog.restoring import Restorer
from anomaly_app.memories.survey import Surveyed, Surveyor, open_surveyor
from anomaly_app.settings import Settings


class Verified(NamedTuple):
    """What came of the comparison of one partition."""

    found: Surveyed
    comparison: Any
    """A `core.memory.comparison.Comparison`; None if nothing could be compared."""
    why_not: str | None = None
    is_refused: bool = False
    """Whether a worker would refuse to restore it."""

    @property
    def line(self) -> str:
        """The result in one line."""
        place = f"{self.found.source.topic} partition {self.found.partition}"
        if self.comparison is None:
            return f"{place}: {self.why_not}"
        entities, mismatches, missing, extra = self.comparison
        return (
            f"{place}: {entities:,} entities compared: {mismatches:,} mismatches, "
            f"{missing:,} missing, {extra:,} extra"
        )


class Verifier:
    """Compares memories, one after the other.

    Parameters
    ----------
    surveyor
        Has the clients.
    remembered
        What is remembered, by topic.
    """

    def __init__(self, surveyor: Surveyor, remembered: Mapping[str, Remembered]) -> None:
        self._surveyor = surveyor
        self._remembered = remembered
        self._executor = ThreadPoolExecutor(1)
        self._restorer = Restorer(
            surveyor.reader,
            surveyor.settings.memory_topic_name,
            self._executor,
            lambda source: surveyor.committed(*source),
            follows=True,
        )

    async def verify(self, found: Surveyed) -> Verified:
        """Compare the memory of one partition.

        Raises
        ------
        BrokerError
            The broker does not answer.
        """
        # It imports numba, which takes more than a second.
        from anomaly_app.core.memory.comparison import compare  # noqa: PLC0415

        if found.refusal is not None:
            return Verified(found, None, found.refusal, is_refused=True)
        if found.published.manifest is None:
            return Verified(found, None, "nothing is published yet")
        kept = self._new(found)
        try:
            await self._restorer.restore(kept)
        except MemoryRefused as refusal:
            return Verified(found, None, str(refusal), is_refused=True)
        # Asked after the restore: what is deleted meanwhile would be missing in the replay.
        begins, _ = await self._surveyor.reader.bounds(kept.source)
        if begins > kept.begins:
            why_not = (
                f"nothing can be compared: its memory began at offset {kept.begins}, and retention "
                f"has deleted the offsets before {begins}"
            )
            return Verified(found, None, why_not)
        replayed = self._new(found)
        replayed.memory = replayed.remembered.new()
        replayed.start = replayed.done = kept.begins
        replayed.target = kept.target
        await self._restorer.restore(replayed)
        memories: Any = (kept.memory, replayed.memory)
        return Verified(found, compare(*memories))

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown()

    def _new(self, found: Surveyed) -> Kept:
        source = TopicPartition(found.source.topic, found.partition)
        kept = Kept(source, self._remembered[source.topic], Publication(1.0))
        kept.is_owned = kept.is_positioned = True
        return kept


def remembered_by_workers(settings: Settings) -> tuple[WorkerContext, Mapping[str, Remembered]]:
    """Return what workers with these settings remember, by topic.

    Raises
    ------
    ModelError
        The model is missing, or cannot be trusted.
    SettingsError
        The settings do not fit to it.
    """
    context = WorkerContext(settings)
    context.load_model()
    remember_transactions(context)
    return context, context.memories.remembered


async def verify_all(settings: Settings, say: Callable[[str], None]) -> bool:
    """Compare the memories of all partitions, say what was found, and return whether all is well.

    Raises
    ------
    MemoryRefused
        The model remembers nothing.
    BrokerError
        The broker does not answer.
    """
    from anomaly_app.core.memory.comparison import Comparison  # noqa: PLC0415  # as above

    async with open_surveyor(settings, with_alerts=False) as surveyor:
        context, remembered = remembered_by_workers(settings)
        verifier = Verifier(surveyor, remembered)
        total, compared, refused, partitions = Comparison(), 0, 0, 0
        try:
            async for found in surveyor.survey():
                verified = await verifier.verify(found)
                say(verified.line)
                partitions += 1
                refused += verified.is_refused
                if verified.comparison is not None:
                    compared += 1
                    total = total.plus(verified.comparison)
        finally:
            verifier.close()
            await context.memories.close()
            if context.schemas is not None:
                await context.schemas.close()
    say(
        f"{compared} of {partitions} memories compared, {total.entities:,} entities: "
        f"{total.mismatches:,} mismatches, {total.missing:,} missing, {total.extra:,} extra"
    )
    return total.is_same and not refused
