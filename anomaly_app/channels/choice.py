"""The channels to all receivers, as the file and the settings say."""

from anomaly_app.channels.channel import Channel
from anomaly_app.channels.receivers import History, make_channel
from anomaly_app.channels.slack.channel import SlackChannel, sampled
from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings
from anomaly_app.settings.alerting.file import read_alerting
from anomaly_app.settings.alerting.policy import Alerting
from anomaly_app.settings.alerting.receivers import SlackReceiver


def alerting_of(settings: Settings) -> Alerting:
    """Read who is told what.

    Raises
    ------
    SettingsError
        The file is wrong.
    """
    return read_alerting(settings.alerting_file, slack=settings.slack_token is not None)


def make_channels(
    alerting: Alerting, settings: Settings, history: History | None = None
) -> dict[str, Channel]:
    """Make the channel to each receiver, by its name.

    Parameters
    ----------
    alerting
        Who is told what.
    settings
        Have what is needed for Slack.
    history
        Gives the recent values that are drawn; None draws those of the incident.

    Raises
    ------
    SettingsError
        A receiver needs something that is not there; the text names the receiver.
    """

    def slack(receiver: SlackReceiver) -> Channel:
        channel = receiver.channel or settings.slack_channel
        if settings.slack_token is None or channel is None:
            raise SettingsError("set SLACK_API_TOKEN and SLACK_CHANNEL, or name its channel")
        return SlackChannel(
            token=settings.slack_token.get_secret_value(),
            channel=channel,
            url=settings.slack_url,
            group=settings.group,
            interval=settings.slack_interval,
            history=history or sampled,
        )

    return {
        one.name: make_channel(one, alerting, slack=slack, history=history)
        for one in alerting.receivers
    }
