"""Who has which partitions, as the manifests say."""

from collections.abc import AsyncIterator, Iterable

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.changelog.finding import LogReader, find_published

NEAREST = 8
"""Offsets before the end that are searched first: a manifest follows each few images."""


async def find_owners(
    reader: LogReader, topic: str, name: str, partitions: Iterable[int]
) -> AsyncIterator[tuple[int, str]]:
    """Yield partitions with the addresses of the workers that wrote their last manifests.

    Parameters
    ----------
    reader
        Reads the memory topic.
    topic
        Name of the memory topic.
    name
        Name of the key.
    partitions
        Of the source topic.
    """
    for partition in partitions:
        place = TopicPartition(topic, partition)
        manifest = (await find_published(reader, place, name, NEAREST)).manifest
        if manifest is not None and manifest.owner:
            yield partition, manifest.owner
