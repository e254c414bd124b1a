"""Settings: from the environment, checked at the start, never printed where they are secret."""

import socket
from itertools import permutations
from pathlib import Path

import pytest

from anomaly_app.context import WorkerContext
from anomaly_app.errors import SettingsError
from anomaly_app.settings.app import Settings, load_settings
from tests.support.factories import model, record


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(Settings.environment_name(field), raising=False)


def test_without_an_environment_there_are_defaults() -> None:
    settings = load_settings()
    assert settings.broker == "kafka://127.0.0.1:9092"
    assert settings.web_bind == "127.0.0.1"
    assert settings.slack_token is None


def test_the_environment_and_the_env_file_set_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("ANOMALY_PARTITIONS=8\nANOMALY_GROUP=file\nUNRELATED=1\n")
    monkeypatch.setenv("ANOMALY_GROUP", "environment")
    settings = load_settings()
    assert (settings.partitions, settings.group) == (8, "environment")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANOMALY_PARTITIONS", "many"),
        ("ANOMALY_PARTITIONS", "0"),
        ("ANOMALY_BATCH_SIZE", "-1"),
        ("ANOMALY_BROKER", "http://localhost:9092"),
        ("ANOMALY_BROKER", "localhost"),
        ("ANOMALY_BROKER", "kafka://localhost:65536"),
        ("ANOMALY_BROKER", "kafka://a:9092;b:0"),
        ("ANOMALY_NEW_GROUP_STARTS_AT", "now"),
        ("ANOMALY_TRANSACTIONS_TOPIC", "no spaces"),
        ("ANOMALY_WEB_PORT", "99999"),
        ("ANOMALY_WEB_HOST", "http://worker-2"),
        ("ANOMALY_SEND_TIMEOUT", "0"),
        ("ANOMALY_PAYLOAD", "a..b"),
        ("ANOMALY_PAYLOAD", "."),
        ("ANOMALY_STRICT", "perhaps"),
        ("ANOMALY_ROLES", "customer_id"),
        ("ANOMALY_ROLES", "ky=customer_id"),
        ("ANOMALY_ROLES", "key='a"),
        ("ANOMALY_ROLES", "timezone=Mars/Base"),
        ("ANOMALY_ROLES", "timezone=../../etc/passwd"),
        ("ANOMALY_ROLES", "time_format=%Q"),
        ("ANOMALY_ROLES", "mask=card hash=card"),
        ("ANOMALY_ROLES", "mask=,"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


TOPICS = {
    "ANOMALY_TRANSACTIONS_TOPIC": "transactions",
    "ANOMALY_ANOMALIES_TOPIC": "anomalies",
    "ANOMALY_DEAD_LETTERS_TOPIC": "transactions-dlq",
}


@pytest.mark.parametrize(("name", "other"), [*permutations(TOPICS, 2)])
def test_two_topics_of_the_same_name_are_refused_with_both_settings(
    monkeypatch: pytest.MonkeyPatch, name: str, other: str
) -> None:
    monkeypatch.setenv(name, TOPICS[other])
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert name in line
    assert other in line
    assert repr(TOPICS[other]) in line
    assert "\n" not in line


def test_a_misspelt_setting_is_named_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_PARTITION", "3")
    with pytest.raises(SettingsError, match=r"ANOMALY_PARTITION .*mean ANOMALY_PARTITIONS"):
        load_settings()


def test_a_misspelt_setting_in_the_env_file_is_named_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ANOMALY_BROKERS=kafka://127.0.0.1:9092\n")
    with pytest.raises(SettingsError, match="ANOMALY_BROKER?"):
        load_settings()


def test_a_token_needs_a_channel_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_TOKEN", "xoxb-very-secret")
    with pytest.raises(SettingsError, match="SLACK_CHANNEL") as caught:
        load_settings()
    assert "very-secret" not in str(caught.value)
    monkeypatch.setenv("SLACK_CHANNEL", "#fraud")
    assert "very-secret" not in repr(load_settings())


def test_an_empty_token_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_TOKEN", "")
    assert load_settings().slack_token is None


@pytest.mark.parametrize(
    ("given", "servers"),
    [
        ("kafka://a:1;b:2", ["a:1", "b:2"]),
        ("kafka://a:1;kafka://b:2", ["a:1", "b:2"]),
        ("a:1", ["a:1"]),
    ],
)
def test_several_brokers_are_several_bootstrap_servers(given: str, servers: list[str]) -> None:
    assert Settings(broker=given).bootstrap_servers == servers


def test_roles_rename_only_features_that_the_model_has() -> None:
    context = WorkerContext(Settings(roles="amuont=Amount"))
    with pytest.raises(SettingsError, match="ANOMALY_ROLES: .* no feature 'amuont'; did you mean "):
        context.use(model())
    context = WorkerContext(
        Settings(roles="key=who label=x features=y amount=Amount", payload="detail")
    )
    context.use(model())
    sent = record(b'{"detail": {"who": "c", "Amount": 1e9, "shop": "food"}}')
    [finding] = context.pipeline.judge([sent], 0.0).findings
    assert finding.transaction.entity == "c"


@pytest.mark.parametrize(
    ("bind", "host", "announced"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("0.0.0.0", "", socket.gethostname()),  # noqa: S104  # only read
        ("::", "", socket.gethostname()),
        ("0.0.0.0", "worker-2.example.com", "worker-2.example.com"),  # noqa: S104  # as above
    ],
)
def test_other_workers_are_told_where_they_reach_this_one(
    monkeypatch: pytest.MonkeyPatch, bind: str, host: str, announced: str
) -> None:
    monkeypatch.setenv("ANOMALY_WEB_BIND", bind)
    monkeypatch.setenv("ANOMALY_WEB_HOST", host)
    assert load_settings().announced_host == announced
