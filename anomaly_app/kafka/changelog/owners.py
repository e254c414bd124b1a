"""Who has which partitions, as the manifests say."""

from collections.abc import Iterable

from aiokafka.structs import TopicPartition

from anomaly_app.kafka.changelog.finding import LogReader, find_published


async def find_owners(
    reader: LogReader, topic: str, name: str, partitions: Iterable[int]
) -> dict[int, str]:
    """Return the addresses of the web pages of the workers that wrote the last manifests.

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
    owners = {}
    for partition in partitions:
        published = await find_published(reader, TopicPartition(topic, partition), name)
        if published.manifest is not None and published.manifest.owner:
            owners[partition] = published.manifest.owner
    return owners
