"""The broker of a benchmark: an existing one, Apache Kafka, or the embedded broker."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from harness.apache_kafka import apache_kafka
from harness.broker import embedded_broker


class Broker(NamedTuple):
    """A running broker."""

    servers: str
    """``host:port``."""
    description: str
    """Description for reports."""
    embedded: bool


@contextmanager
def benchmark_broker(kafka: Path | None, folder: Path) -> Iterator[Broker]:
    """Run a broker for the block, or use the one that ANOMALY_BROKER names.

    Parameters
    ----------
    kafka
        Folder with the jars of Apache Kafka; None for the embedded broker.
    folder
        Folder for its data and its log.
    """
    if given := os.environ.get("ANOMALY_BROKER"):
        servers = given.removeprefix("kafka://")
        yield Broker(servers, f"the broker at {servers}", embedded=False)
    elif kafka is not None:
        home = folder / "kafka"
        home.mkdir()
        with apache_kafka(kafka, home) as node:
            servers = node.address.removeprefix("kafka://")
            described = f"Apache Kafka {_version(kafka)}, one node on this machine"
            yield Broker(servers, described, embedded=False)
    else:
        with embedded_broker(folder / "broker.log") as address:
            described = "the embedded broker (Tansu, in memory)"
            yield Broker(address.removeprefix("kafka://"), described, embedded=True)


def _version(jars: Path) -> str:
    for jar in jars.glob("kafka-clients-*.jar"):
        if found := re.fullmatch(r"kafka-clients-([\d.]+)\.jar", jar.name):
            return found[1]
    return "of unknown version"
