"""The channel that the settings choose."""

from typing import Any

from anomaly_app.channels.log import LogChannel
from anomaly_app.channels.protocol import AlertChannel
from anomaly_app.channels.slack.single_alerts import SlackChannel
from anomaly_app.settings import Settings


def make_channel(settings: Settings) -> AlertChannel[Any]:
    """Return the channel: Slack if there is a token, otherwise the log."""
    if settings.slack_token is None or settings.slack_channel is None:
        return LogChannel()
    return SlackChannel(
        token=settings.slack_token.get_secret_value(),
        channel=settings.slack_channel,
        url=settings.slack_url,
        interval=settings.slack_interval,
    )
