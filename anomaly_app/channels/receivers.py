"""The channels to the receivers of ``alerting.yml``."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from anomaly_app.channels.alertmanager import AlertmanagerChannel
from anomaly_app.channels.apprise import AppriseChannel
from anomaly_app.channels.channel import Channel
from anomaly_app.channels.email import EmailChannel, Picture
from anomaly_app.channels.log import JsonLinesChannel, WorkerLogChannel
from anomaly_app.channels.pagerduty import PagerDutyChannel
from anomaly_app.channels.picture import Drawing, Series, drawing_of, sample_series
from anomaly_app.channels.webhook import WebhookChannel
from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.errors import SettingsError
from anomaly_app.settings.alerting.policy import Alerting
from anomaly_app.settings.alerting.receivers import (
    AlertmanagerReceiver,
    AppriseReceiver,
    EmailReceiver,
    LogReceiver,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
    check_url,
)
from anomaly_app.settings.alerting.secrets import needed_secret_of, secret_of

History = Callable[[IncidentView], Awaitable[Series | None]]


def make_channel(
    receiver: Receiver,
    alerting: Alerting,
    *,
    slack: Callable[[SlackReceiver], Channel],
    history: History | None = None,
) -> Channel:
    """Make the channel to a receiver, with its secrets.

    Parameters
    ----------
    receiver
        One of those of the file.
    alerting
        The file.
    slack
        Makes the channel to a receiver in Slack: it needs the settings.
    history
        Gives the recent values that are drawn in an e-mail; None draws those of the incident.

    Raises
    ------
    SettingsError
        A secret is not where it should be, or is none; the text names the receiver.
    """
    try:
        return _made(receiver, alerting, slack, history)
    except (ValueError, OSError) as fault:
        why = f"ca_file: {fault.strerror}" if isinstance(fault, OSError) else str(fault)
        raise SettingsError(f"receiver {receiver.name}: {why}") from None
    except SettingsError as fault:
        said = str(fault)
        prefix = f"receiver {receiver.name}: "
        raise SettingsError(said if said.startswith(prefix) else prefix + said) from None


def _made(  # noqa: PLR0911  # one a type
    receiver: Receiver,
    alerting: Alerting,
    slack: Callable[[SlackReceiver], Channel],
    history: History | None,
) -> Channel:
    match receiver:
        case SlackReceiver():
            return slack(receiver)
        case LogReceiver(file=None):
            return WorkerLogChannel()
        case LogReceiver(file=str(file)):
            return JsonLinesChannel(Path(file))
        case EmailReceiver():
            password = secret_of(receiver, "password")
            return EmailChannel(receiver, password=password, picture=_picture(history))
        case WebhookReceiver():
            url = receiver.url or needed_secret_of(receiver, "url")
            check_url(url)
            secret = needed_secret_of(receiver, "secret")
            return WebhookChannel(url, secret, ca_file=receiver.ca_file)
        case PagerDutyReceiver():
            key = needed_secret_of(receiver, "routing_key")
            return PagerDutyChannel(key, url=receiver.url)
        case AlertmanagerReceiver():
            return AlertmanagerChannel(
                receiver.url, repeat=alerting.group.repeat, ca_file=receiver.ca_file
            )
        case AppriseReceiver():
            return AppriseChannel(needed_secret_of(receiver, "url"))
    raise AssertionError(receiver)


def _picture(history: History | None) -> Picture:
    async def draw(view: IncidentView) -> Drawing | None:
        series = sample_series(view) if history is None else await history(view)
        return None if series is None else await asyncio.to_thread(drawing_of, series)

    return draw
