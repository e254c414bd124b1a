"""The listener that speaks TLS only and asks for a user: who is let in, what others are told."""

import time
from pathlib import Path

import pytest

from anomaly_app.errors import BrokerRefused, BrokerUnreachable
from anomaly_app.kafka.checks import check_broker
from anomaly_app.settings.app import load_settings
from harness.apache_kafka import STRANGER, USER, ApacheKafka
from harness.processes import free_port, start_process
from harness.workers import Worker
from tests.integration.test_start import FAUST, error_line, start
from tests.support.acls import Grant, Operation, Resource, grant
from tests.support.factories import transaction
from tests.support.kafka import Kafka
from tests.support.slack_server import TOKEN, SlackServer, slack_server
from tests.support.waiting import connections_closed, eventually

pytestmark = pytest.mark.broker

QUICKLY = 15.0
"""Seconds, and less than the worker waits for a broker that is not there."""


@pytest.fixture
def secure(apache: ApacheKafka, tmp_path: Path) -> dict[str, str]:
    """The environment of a worker that the broker lets in."""
    password = tmp_path / "password"
    password.write_text(f"{apache.password}\n")
    return {
        "ANOMALY_BROKER": apache.secure_address,
        "ANOMALY_SECURITY_PROTOCOL": "SASL_SSL",
        "ANOMALY_SASL_USERNAME": USER,
        "ANOMALY_SASL_PASSWORD_FILE": str(password),
        "ANOMALY_TLS_CA_FILE": str(apache.certificate),
    }


@pytest.fixture
def check(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> "Check":
    return Check(kafka, monkeypatch)


class Check:
    """Check the broker as a starting worker does, without the seconds that a process takes."""

    def __init__(self, kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kafka = kafka
        self.monkeypatch = monkeypatch

    async def __call__(self, **environment: str) -> None:
        with self.monkeypatch.context() as patch:
            for name, value in {**self.kafka.environment, **environment}.items():
                patch.setenv(name, value)
            await self._check()

    async def until(self, words: str, **environment: str) -> None:
        """Check again and again until the broker, which learns of rights late, refuses so."""
        deadline = time.monotonic() + QUICKLY
        while True:
            with pytest.raises(BrokerRefused) as refused:
                await self(**environment)
            if words in str(refused.value) or time.monotonic() > deadline:
                assert words in str(refused.value)
                return

    @staticmethod
    async def _check() -> None:
        async with connections_closed():
            await check_broker(load_settings())


def start_talkative(kafka: Kafka, **environment: str) -> Worker:
    """Start a worker that logs all that it can."""
    port = free_port()
    log = kafka.folder / "worker.log"
    command = [FAUST, "-A", "anomaly_app.app", "--datadir", str(kafka.folder / "data")]
    command += ["worker", "-l", "debug", "--web-port", str(port)]
    env = {**kafka.environment, **environment}
    return Worker(start_process(command, log=log, env=env), port, log)


# SCRAM keeps the password to itself; PLAIN sends it, so that a log of what is sent would have it.
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
async def test_a_user_over_tls_scores_and_alerts_and_no_log_has_a_secret(
    kafka: Kafka, apache: ApacheKafka, secure: dict[str, str], mechanism: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)

    async def run(slack: SlackServer) -> None:
        alerts = {"SLACK_API_TOKEN_FILE": str(token), "SLACK_CHANNEL": "#fraud"}
        worker = start_talkative(
            kafka,
            **secure,
            **alerts,
            ANOMALY_SLACK_URL=slack.url,
            ANOMALY_SASL_MECHANISM=mechanism,
        )
        try:
            await worker.wait_until_ready()
            await kafka.produce([transaction(20.0), transaction(900.0), b"{"])
            assert len(await kafka.read_anomalies(1)) == 1
            assert len(await kafka.read(kafka.dead_letters, 1)) == 1
            await eventually(lambda: len(slack.posted), lambda n: n == 1)
        finally:
            worker.stop()
        log = worker.log.read_text()
        assert f"Authenticated as {USER} via {mechanism}" in log
        assert "MetadataRequest" in log, "the log is not as talkative as this test needs"
        assert apache.password not in log
        assert TOKEN not in log

    with slack_server() as slack:
        await run(slack)


def test_a_wrong_password_is_refused_at_once(kafka: Kafka, secure: dict[str, str]) -> None:
    Path(secure["ANOMALY_SASL_PASSWORD_FILE"]).write_text("not-the-password")
    begin = time.monotonic()
    ended = start(kafka, **secure)
    assert time.monotonic() - begin < QUICKLY
    line = error_line(ended)
    assert f"rejects the user '{USER}' (SASL_SSL, SCRAM-SHA-512)" in line
    assert "ANOMALY_SASL_USERNAME and ANOMALY_SASL_PASSWORD" in line
    assert "not-the-password" not in ended[1]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    kafka: Kafka, secure: dict[str, str]
) -> None:
    line = error_line(start(kafka, **{**secure, "ANOMALY_TLS_CA_FILE": ""}))
    assert "is not trusted (self-signed certificate): set ANOMALY_TLS_CA_FILE" in line


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("nowhere.pem", "the file cannot be read: No such file"),
        ("password", "password contains no PEM certificates"),
    ],
)
def test_a_file_without_authorities_is_named(
    kafka: Kafka, secure: dict[str, str], tmp_path: Path, file: str, fault: str
) -> None:
    line = error_line(start(kafka, **{**secure, "ANOMALY_TLS_CA_FILE": str(tmp_path / file)}))
    assert "error: ANOMALY_TLS_CA_FILE: " in line
    assert fault in line
    assert str(tmp_path / file) in line


async def test_a_mechanism_that_is_not_offered_is_named(
    check: Check, secure: dict[str, str]
) -> None:
    with pytest.raises(BrokerRefused, match="does not offer SCRAM-SHA-256"):
        await check(**secure, ANOMALY_SASL_MECHANISM="SCRAM-SHA-256")


async def test_a_plain_client_on_a_tls_listener_is_told(
    check: Check, secure: dict[str, str]
) -> None:
    with pytest.raises(BrokerRefused, match="speaks TLS, but .* is PLAINTEXT"):
        await check(ANOMALY_BROKER=secure["ANOMALY_BROKER"])


async def test_a_user_on_a_listener_without_users_is_told(
    check: Check, secure: dict[str, str]
) -> None:
    changes = {"ANOMALY_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "ANOMALY_TLS_CA_FILE": ""}
    plain = {**secure, **changes, "ANOMALY_BROKER": check.kafka.broker}
    with pytest.raises(BrokerRefused, match="has no users on this listener"):
        await check(**plain)


@pytest.mark.parametrize("protocol", ["SASL_SSL", "SSL"])
async def test_a_listener_that_only_hangs_up_is_waited_for_and_the_protocol_doubted(
    check: Check, secure: dict[str, str], protocol: str
) -> None:
    """TLS on a plain listener, and no user on one that wants users: it may as well be starting."""
    changes = (
        {"ANOMALY_BROKER": check.kafka.broker}
        if protocol == "SASL_SSL"
        else {"ANOMALY_SASL_USERNAME": "", "ANOMALY_SASL_PASSWORD_FILE": ""}
    )
    impatient = {"ANOMALY_SECURITY_PROTOCOL": protocol, "ANOMALY_BROKER_WAIT": "1"}
    with pytest.raises(BrokerUnreachable, match=f"does this listener speak {protocol} "):
        await check(**{**secure, **changes, **impatient})


async def test_missing_rights_are_named_and_few_are_enough(
    kafka: Kafka, check: Check, secure: dict[str, str]
) -> None:
    stranger = {**secure, "ANOMALY_SASL_USERNAME": STRANGER, "ANOMALY_SASL_MECHANISM": "PLAIN"}

    async def allow(*grants: Grant) -> None:
        await grant(kafka.servers, STRANGER, grants)

    with pytest.raises(BrokerRefused, match="'stranger' see or create topic .*-transactions:"):
        await check(**stranger)
    await check()  # creates the topics
    await allow(
        Grant(Resource.TOPIC, kafka.transactions, Operation.READ),
        Grant(Resource.TOPIC, kafka.anomalies, Operation.READ),
        Grant(Resource.TOPIC, kafka.anomalies, Operation.WRITE),
        Grant(Resource.TOPIC, kafka.dead_letters, Operation.WRITE),
        *(
            Grant(Resource.TOPIC, f"{kafka.name}-{name}", operation)
            for name in ("alerts", "feedback", "incidents", "memory")
            for operation in (Operation.READ, Operation.WRITE)
        ),
    )
    await check.until("'stranger' into the group test-", **stranger)
    await allow(Grant(Resource.GROUP, kafka.name, Operation.READ))
    async with kafka.worker(**stranger):
        await kafka.produce([transaction(900.0), b"{"])
        assert len(await kafka.read_anomalies(1)) == 1
        assert len(await kafka.read(kafka.dead_letters, 1)) == 1
