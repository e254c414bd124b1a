"""The other side of a test: records written by librdkafka, and what the broker holds of them."""

from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from confluent_kafka import Producer

Headers = list[tuple[str, bytes]]

LARGEST_FETCH = 50_000_000


def produce(
    servers: str,
    topic: str,
    values: Sequence[bytes],
    config: Mapping[str, object] | None = None,
    *,
    headers_of: Callable[[int], Headers] = lambda _: [],
) -> None:
    """Write records with keys, in batches as large as they get."""
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "linger.ms": 500,
            "batch.num.messages": 10_000,
            **(config or {}),
        }
    )
    faults: list[object] = []
    for place, value in enumerate(values):
        producer.produce(
            topic,
            value,
            key=f"card-{place % 9}",
            headers=headers_of(place),
            on_delivery=lambda fault, _: faults.append(fault) if fault else None,
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    assert faults == []


def transactional_producer(servers: str, name: str) -> Producer:
    """Make a producer that is ready for its first transaction."""
    producer = Producer({"bootstrap.servers": servers, "transactional.id": name})
    producer.init_transactions(60)
    return producer


async def compressions(servers: str, topic: str, partitions: int) -> list[tuple[int, int]]:
    """Give Kafka's number of the codec, and the offsets, of each batch that the broker holds."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers)
    await consumer.start()
    found = []
    try:
        for partition in range(partitions):
            leader = consumer._client.cluster.leader_for_partition(TopicPartition(topic, partition))
            ask = [(topic, [(partition, 0, LARGEST_FETCH)])]
            answer = await consumer._client.send(
                leader, FetchRequest(500, 1, LARGEST_FETCH, 0, ask)
            )
            [(_, [(_, code, *_, records)])] = answer.topics
            assert code == 0
            batches = MemoryRecords(records)
            while batches.has_next():
                batch = batches.next_batch()
                found.append((batch.compression_type, batch.next_offset - batch.base_offset))
    finally:
        await consumer.stop()
    return found
