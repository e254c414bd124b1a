"""Apache Kafka has limits and retention as the tests' broker in memory has them."""

import pytest

from harness.apache_kafka import ApacheKafka
from tests.support.kafka_contract import Cluster, LimitsContract, RealCluster

pytestmark = pytest.mark.broker


@pytest.fixture
def cluster(apache: ApacheKafka) -> Cluster:
    return RealCluster(apache.address)


class TestApacheKafka(LimitsContract):
    """Retention deletes, and topics have limits."""
