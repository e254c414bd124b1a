"""Brokers do what the app relies on, and what the tests' broker in memory does, too."""

import pytest

from tests.support.kafka_contract import Cluster, KafkaContract, RealCluster

pytestmark = pytest.mark.broker


@pytest.fixture
def cluster(broker: str) -> Cluster:
    return RealCluster(broker)


class TestBroker(KafkaContract):
    """The embedded broker, or Apache Kafka with --kafka."""
