"""Slack: messages that are edited in place, and the answers that people give with a click."""

from anomaly_app.channels.slack.api import SlackApi
from anomaly_app.channels.slack.channel import SlackChannel
from anomaly_app.channels.slack.endpoint import Endpoint
from anomaly_app.channels.slack.interactions import Interactions
from anomaly_app.channels.slack.socket_mode import SocketMode

__all__ = ["Endpoint", "Interactions", "SlackApi", "SlackChannel", "SocketMode"]
