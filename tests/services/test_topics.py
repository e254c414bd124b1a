"""The app's topics on a cluster: what cannot be created, and what exists with a low limit."""

import logging
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from anomaly_app.errors import TopicNotCreated
from anomaly_app.kafka.checks import check_broker
from anomaly_app.settings.app import Settings, load_settings
from tests.support.kafka import Kafka
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


@pytest.fixture
def settings(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in kafka.environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def changed(settings: Settings, **changes: Any) -> Settings:
    return Settings.model_validate(settings.model_dump() | changes)


async def test_more_replicas_than_brokers_are_named(apache: object, settings: Settings) -> None:
    with pytest.raises(TopicNotCreated, match="3 replicas .ANOMALY_REPLICATION. .* 1 broker"):
        await check_broker(changed(settings, replication=3))


async def test_a_topic_of_somebody_else_with_a_low_limit_is_warned_of(
    apache: object, kafka: Kafka, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
        await admin.start()
        await admin.create_topics(
            [
                NewTopic(
                    name=kafka.dead_letters,
                    num_partitions=kafka.partitions,
                    replication_factor=1,
                    topic_configs={"max.message.bytes": "1000000"},
                )
            ]
        )
        # The broker learns of it a moment after its controller.
        await eventually(
            admin.list_topics, lambda names: kafka.dead_letters in names, patience=10.0
        )
        await admin.close()
        await check_broker(settings)
    (warning,) = [r.getMessage() for r in caplog.records if "max.message.bytes" in r.getMessage()]
    assert warning.startswith(
        f"topic {kafka.dead_letters} accepts messages of at most 1000000 bytes"
    )
    assert "max.message.bytes=16777216" in warning


async def test_the_topics_that_the_app_makes_are_not_warned_of(
    apache: object, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def warnings() -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            await check_broker(settings)
        return [r.getMessage() for r in caplog.records if r.name.startswith("anomaly_app")]

    [line] = await warnings()
    assert "nothing is scored until a producer writes to it" in line
    assert await warnings() == []
