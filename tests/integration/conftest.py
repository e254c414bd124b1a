"""A broker for the whole run, and surroundings of its own for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomaly_app.demo.broker import embedded_broker
from anomaly_app.model_store import save_model
from tests.support.factories import fitted
from tests.support.kafka import Kafka


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The broker of ANOMALY_BROKER, or else the embedded one."""
    if given := os.environ.get("ANOMALY_BROKER"):
        yield given
        return
    with embedded_broker(tmp_path_factory.mktemp("broker") / "broker.log") as address:
        yield address


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = fitted()
    return save_model(tmp_path_factory.mktemp("models"), made.manifest, made.pickle)


@pytest.fixture
def kafka(broker: str, model_folder: Path, tmp_path: Path) -> Kafka:
    return Kafka(broker, tmp_path, model_folder)
