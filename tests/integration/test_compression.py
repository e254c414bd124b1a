"""Topics as other producers write them: compressed, with every codec that Kafka has."""

from collections.abc import Callable

import pytest

from anomaly_app.kafka.consumer.record_batches import CODECS
from tests.support import librdkafka
from tests.support.dead_letters import dlq, prepare
from tests.support.kafka import Kafka, stats_of
from tests.support.traffic import transactions
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

EACH = 600
"""Records of each codec: a batch that is too small to gain by it is sent uncompressed."""


async def test_batches_of_every_codec_are_judged_by_one_worker(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        for seed, codec in enumerate(CODECS):
            librdkafka.produce(
                kafka.servers,
                kafka.transactions,
                transactions(EACH, seed),
                {"compression.type": codec},
            )
        stats = await eventually(
            lambda: stats_of(worker), lambda s: s["events"] >= EACH * len(CODECS)
        )
        await eventually(kafka.committed, lambda ends: sum(ends.values()) == EACH * len(CODECS))
    assert stats["scored"] == EACH * len(CODECS)
    batches = await librdkafka.compressions(kafka.servers, kafka.transactions, kafka.partitions)
    assert {codec for codec, _ in batches} == set(range(len(CODECS)))
    assert max(records for _, records in batches) > 100


def headers_from(first: int, kafka: Kafka) -> Callable[[int], librdkafka.Headers]:
    """Headers of dead letters whose sources stand at offsets from `first` on."""
    return lambda place: [
        ("error", b"too-large: 9 bytes, the limit is 3"),
        ("source-topic", kafka.transactions.encode()),
        ("source-partition", b"0"),
        ("source-offset", str(first + place).encode()),
    ]


async def test_dead_letters_are_listed_and_replayed_from_compressed_batches(kafka: Kafka) -> None:
    await prepare(kafka, [])
    for seed, codec in enumerate(CODECS):
        librdkafka.produce(
            kafka.servers,
            kafka.dead_letters,
            transactions(EACH, seed),
            {"compression.type": codec},
            headers_of=headers_from(seed * EACH, kafka),
        )
    batches = await librdkafka.compressions(kafka.servers, kafka.dead_letters, kafka.partitions)
    assert {codec for codec, _ in batches} == set(range(len(CODECS)))
    assert len(dlq(kafka, "list", "--json").letters) == EACH * len(CODECS)
    replayed = dlq(kafka, "replay", "--all")
    assert (
        replayed.out.splitlines()[0] == f"replayed {EACH * len(CODECS):,} to {kafka.transactions}"
    )
