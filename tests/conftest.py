"""Settings of all tests, a broker for the whole run, and surroundings of its own for each test."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from anomaly_app.registry.artifacts import save_model
from harness.apache_kafka import ApacheKafka, apache_kafka
from harness.broker import embedded_broker
from tests.support.factories import fitted
from tests.support.kafka import Kafka

# A machine that is busy with something else is no fault of the code. Every run has other examples,
# so that a developer's many runs may each try half as many.
settings.register_profile(
    "project",
    deadline=None,
    max_examples=100 if "CI" in os.environ else 50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

# Threads of linear algebra that wait for a busy core take longer than small matrices do.
threadpool_limits(1)

# Thousands of tests are collected, and stay: each collection of garbage would traverse them.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Leave what was collected to itself, and collect garbage from here on."""
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kafka", type=Path, metavar="JARS", help="run Apache Kafka from this folder of jars"
    )


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run all tests, and the processes that they start, away from the developer's settings.

    The app reads ``.env`` in the folder that it is started in: here that is an empty one.
    Of the environment only the broker to test on is taken over.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("ANOMALY_", "SLACK_")) and name != "ANOMALY_BROKER":
                patch.delenv(name)
        patch.chdir(tmp_path_factory.mktemp("here"))
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        yield


MEASURED = pytest.StashKey[list[str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a figure, which is printed at the end of the run."""
    figures = request.config.stash.setdefault(MEASURED, [])
    return lambda figure: figures.append(f"{request.node.name}: {figure}")


@pytest.fixture
def progress(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say at once how far a long test is."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.getplugin("terminalreporter"), plugins.getplugin("capturemanager")

    def say(line: str) -> None:
        # Where tests run in processes of their own, there is no terminal.
        if reporter is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                reporter.ensure_newline()
                reporter.write_line(line)

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures := terminalreporter.config.stash.get(MEASURED, []):
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.fixture(scope="session")
def apache(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApacheKafka]:
    """A node of Apache Kafka that tests may kill, as long as they start it again."""
    jars: Path | None = request.config.getoption("--kafka")
    if jars is None or "ANOMALY_BROKER" in os.environ:
        pytest.skip("needs a broker of its own: make test-services, without ANOMALY_BROKER")
    # The tests run in another folder than the one that the option was given in.
    jars = request.config.invocation_params.dir / jars
    with apache_kafka(jars, tmp_path_factory.mktemp("kafka")) as node:
        yield node


@pytest.fixture(scope="session")
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The broker of ANOMALY_BROKER, or else Apache Kafka with --kafka, or else the embedded one."""
    if given := os.environ.get("ANOMALY_BROKER"):
        yield given
    elif request.config.getoption("--kafka"):
        node: ApacheKafka = request.getfixturevalue("apache")
        yield node.address
    else:
        with embedded_broker(tmp_path_factory.mktemp("broker") / "broker.log") as address:
            yield address


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = fitted()
    return save_model(tmp_path_factory.mktemp("models"), made.manifest, made.pickle)


@pytest.fixture
def kafka(broker: str, model_folder: Path, tmp_path: Path) -> Kafka:
    return Kafka(broker, tmp_path, model_folder)
