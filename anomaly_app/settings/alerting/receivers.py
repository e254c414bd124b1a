"""The receivers of ``alerting.yml``: where they are, and where their secrets are kept.

A secret is never in the file: it is in an environment variable or in a file that the receiver
names.
"""

from typing import Literal

import msgspec


class SlackReceiver(
    msgspec.Struct,
    tag="slack",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """A Slack channel; the token is that of the settings."""

    name: str
    channel: str | None = None
    """Name or id of the channel; ``SLACK_CHANNEL`` unless given."""


class LogReceiver(
    msgspec.Struct,
    tag="log",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """The worker's own log, or a file of JSON lines."""

    name: str
    file: str | None = None


class EmailReceiver(
    msgspec.Struct,
    tag="email",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """People by e-mail; the messages of one incident are one thread."""

    name: str
    host: str
    port: int = 587
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    sender: str
    to: tuple[str, ...]


class WebhookReceiver(
    msgspec.Struct,
    tag="webhook",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """A URL that notices are posted to as JSON, signed with a shared secret."""

    name: str
    url: str
    secret_env: str | None = None
    secret_file: str | None = None


class PagerDutyReceiver(
    msgspec.Struct,
    tag="pagerduty",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """A service of PagerDuty, by its Events API v2."""

    name: str
    routing_key_env: str | None = None
    routing_key_file: str | None = None
    url: str = "https://events.pagerduty.com/v2/enqueue"


class AlertmanagerReceiver(
    msgspec.Struct,
    tag="alertmanager",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """An Alertmanager, which groups and routes by itself."""

    name: str
    url: str


class AppriseReceiver(
    msgspec.Struct,
    tag="apprise",
    tag_field="type",
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """Any service that Apprise knows; its URL is a secret."""

    name: str
    url_env: str | None = None
    url_file: str | None = None


Receiver = (
    SlackReceiver
    | LogReceiver
    | EmailReceiver
    | WebhookReceiver
    | PagerDutyReceiver
    | AlertmanagerReceiver
    | AppriseReceiver
)
