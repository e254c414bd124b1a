"""From a receiver of the file to its channel, with its secrets."""

from pathlib import Path

import pytest

from anomaly_app.channels.alertmanager import AlertmanagerChannel
from anomaly_app.channels.channel import Channel, Delivered, Place
from anomaly_app.channels.email import EmailChannel
from anomaly_app.channels.log import JsonLinesChannel, WorkerLogChannel
from anomaly_app.channels.pagerduty import PagerDutyChannel
from anomaly_app.channels.receivers import make_channel
from anomaly_app.channels.webhook import WebhookChannel
from anomaly_app.core.alerts.notice import Notice
from anomaly_app.errors import SettingsError
from anomaly_app.settings.alerting.file import parse_alerting
from anomaly_app.settings.alerting.receivers import SlackReceiver
from tests.support.pagerduty_server import ROUTING_KEY

SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105


class Slack:
    """A channel that another part of the app makes."""

    def __init__(self, receiver: SlackReceiver) -> None:
        self.receiver = receiver

    async def deliver(self, notice: Notice, place: Place) -> Delivered:
        return Delivered()

    async def close(self) -> None: ...


def made(receiver: str) -> Channel:
    alerting = parse_alerting(f"receivers: [{{name: one, {receiver}}}]", slack=False)
    return make_channel(alerting.receivers[0], alerting, slack=Slack)


def refusal(receiver: str) -> str:
    with pytest.raises(SettingsError) as refused:
        made(receiver)
    return str(refused.value)


@pytest.mark.parametrize(
    ("receiver", "kind"),
    [
        ("type: slack, channel: '#fraud'", Slack),
        ("type: log", WorkerLogChannel),
        ("type: log, file: anomalies.jsonl", JsonLinesChannel),
        ("type: email, host: h, sender: a@example.com, to: [b@example.com]", EmailChannel),
        ("type: webhook, url: 'https://example.com', secret_env: SECRET", WebhookChannel),
        ("type: webhook, url_env: URL, secret_env: SECRET", WebhookChannel),
        ("type: pagerduty, routing_key_env: KEY", PagerDutyChannel),
        ("type: alertmanager, url: 'http://127.0.0.1:9093'", AlertmanagerChannel),
    ],
)
def test_each_type_of_receiver_has_its_channel(
    receiver: str, kind: type[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("URL", "https://example.com/hunter2")
    monkeypatch.setenv("KEY", ROUTING_KEY)
    assert isinstance(made(receiver), kind)


def test_every_type_is_there() -> None:
    with pytest.raises(SettingsError):
        made("type: apprise, url_env: NO_SUCH_URL")


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ("type: webhook, url: 'https://x', secret_env: NO_SUCH", "secret_env: set the environment"),
        ("type: webhook, url: 'https://x', secret_env: WRONG", "the secret of a webhook is base64"),
        ("type: webhook, url_env: WRONG, secret_env: SECRET", "url is not an address"),
        ("type: pagerduty, routing_key_env: WRONG", "routing key has 32 letters and digits"),
        ("type: pagerduty, routing_key_file: /no/such", "routing_key_file: the file /no/such must"),
        ("type: alertmanager, url: 'https://x', ca_file: /no/such", "ca_file: No such file"),
    ],
)
def test_what_is_wrong_names_the_receiver_and_no_secret(
    receiver: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("WRONG", "hunter2")
    answer = refusal(receiver)
    assert answer.startswith("receiver one: ")
    assert said in answer
    assert "hunter2" not in answer
    assert answer.count("receiver one") == 1


def test_a_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("hunter2")
    answer = refusal(f"type: alertmanager, url: 'https://x', ca_file: {file}")
    assert answer.startswith("receiver one: ca_file: ")
    assert "hunter2" not in answer
