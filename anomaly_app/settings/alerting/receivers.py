"""The receivers of ``alerting.yml``: where they are, and where their secrets are kept.

A secret is never in the file: it is in an environment variable or in a file that the receiver
names.
"""

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from anomaly_app.core.visible import quoted
from anomaly_app.settings.alerting.quantities import Rate
from anomaly_app.settings.security import LOOPBACK
from anomaly_app.settings.web import LAST_PORT

NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS = re.compile(rf"(?=.{{3,254}}$){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")
"""A plain e-mail address, without a name beside it."""


class BaseReceiver(
    msgspec.Struct, tag_field="type", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What all receivers have."""

    name: str
    """How routes call it: letters, digits, ``.``, ``_`` and ``-``; at most 60."""
    budget: Rate | None = None
    """Messages that it gets at most, critical ones aside; what is over goes to its digest."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"name {quoted(self.name)}: it has 1 to 60 letters, digits, dots, _ and -"
            )
        for name in self.__struct_fields__:
            if name.endswith("_env"):
                self._check_secret(name.removesuffix("_env"))

    def _check_secret(self, name: str) -> None:
        variable, file = (getattr(self, f"{name}_{where}") for where in ("env", "file"))
        if variable is not None and file is not None:
            raise ValueError(f"{name}_env and {name}_file are both there: remove one of them")
        # Capital letters, so that a secret which is written there by mistake is hardly ever one.
        if variable is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable):
            raise ValueError(
                f"{name}_env is not the name of an environment variable in capital letters: the "
                "secret itself is never in this file"
            )
        if variable is not None and variable.startswith("ANOMALY_"):
            raise ValueError(f"{name}_env: names that begin with ANOMALY_ are those of settings")


class SlackReceiver(BaseReceiver, tag="slack", frozen=True, kw_only=True):
    """A Slack channel; the token is that of the settings."""

    channel: str | None = None
    """Name or id of the channel; ``SLACK_CHANNEL`` unless given."""


class LogReceiver(BaseReceiver, tag="log", frozen=True, kw_only=True):
    """The worker's own log, or a file of JSON lines."""

    file: str | None = None
    """Path of a file that lines are appended to; the worker's log unless given."""


class EmailReceiver(BaseReceiver, tag="email", frozen=True, kw_only=True):
    """People by e-mail; the messages of one incident are one thread."""

    host: str
    """Name or address of the mail server."""
    port: int = 587
    """Port of the mail server: usually 587 for ``starttls`` and 465 for ``tls``."""
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    """``none`` is for servers that need no password, and for this host."""
    ca_file: str | None = None
    """PEM file of the certificate authorities to trust; by default those of the system."""
    user: str | None = None
    """User at the mail server; goes with a password."""
    password_env: str | None = None
    """Environment variable with that user's password."""
    password_file: str | None = None
    """File with that user's password on its only line."""
    sender: str
    """Address that the messages are from."""
    to: tuple[str, ...]
    """Addresses of those who get them; at least one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", self.host):
            raise ValueError(f"host {quoted(self.host)} is not a host's name")
        if not 1 <= self.port <= LAST_PORT:
            raise ValueError(f"port {self.port} is not between 1 and {LAST_PORT}")
        if not 1 <= len(self.to) <= 100:  # noqa: PLR2004
            raise ValueError("to: name 1 to 100 addresses")
        for address in (self.sender, *self.to):
            if not ADDRESS.fullmatch(address):
                raise ValueError(
                    f"{quoted(address)} is not an e-mail address: write name@example.com"
                )
        has_password = (self.password_env or self.password_file) is not None
        if has_password != (self.user is not None):
            raise ValueError("user and password go together: give both or neither")
        if has_password and self.encryption == "none" and self.host not in LOOPBACK:
            raise ValueError(
                f"the password would be sent to {self.host} in the clear: use encryption starttls "
                "or tls"
            )


class WebhookReceiver(BaseReceiver, tag="webhook", frozen=True, kw_only=True):
    """A URL that notices are posted to as JSON, signed with a shared secret."""

    url: str | None = None
    """Where to post to; if the address itself is a secret, use ``url_env`` or ``url_file``."""
    url_env: str | None = None
    """Environment variable with the URL."""
    url_file: str | None = None
    """File with the URL on its only line."""
    ca_file: str | None = None
    """PEM file of the certificate authorities to trust; by default those of the system."""
    secret_env: str | None = None
    """Environment variable with the secret that signs: base64 of 24 to 64 bytes."""
    secret_file: str | None = None
    """File with that secret on its only line."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.url is None) == ((self.url_env or self.url_file) is None):
            raise ValueError("give one of url, url_env and url_file")
        if self.url is not None:
            check_url(self.url)
        if (self.secret_env or self.secret_file) is None:
            raise ValueError("secret_env or secret_file is missing: webhooks are always signed")


class PagerDutyReceiver(BaseReceiver, tag="pagerduty", frozen=True, kw_only=True):
    """A service of PagerDuty, by its Events API v2."""

    routing_key_env: str | None = None
    """Environment variable with the integration key of the service."""
    routing_key_file: str | None = None
    """File with that key on its only line."""
    url: str = "https://events.pagerduty.com/v2/enqueue"
    """Where events are sent to: PagerDuty's European service has another address."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_url(self.url)
        if urlsplit(self.url).scheme != "https" and urlsplit(self.url).hostname not in LOOPBACK:
            raise ValueError("url: the routing key would be sent in the clear: use https")
        if (self.routing_key_env or self.routing_key_file) is None:
            raise ValueError("routing_key_env or routing_key_file is missing")


class AlertmanagerReceiver(BaseReceiver, tag="alertmanager", frozen=True, kw_only=True):
    """An Alertmanager, which groups and routes by itself."""

    url: str
    """Its address, such as ``http://alertmanager:9093``."""
    ca_file: str | None = None
    """PEM file of the certificate authorities to trust; by default those of the system."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_url(self.url)


class AppriseReceiver(BaseReceiver, tag="apprise", frozen=True, kw_only=True):
    """Any service that Apprise knows; its URL is a secret."""

    url_env: str | None = None
    """Environment variable with Apprise's URL of the service."""
    url_file: str | None = None
    """File with that URL on its only line."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.url_env or self.url_file) is None:
            raise ValueError("url_env or url_file is missing")


Receiver = (
    SlackReceiver
    | LogReceiver
    | EmailReceiver
    | WebhookReceiver
    | PagerDutyReceiver
    | AlertmanagerReceiver
    | AppriseReceiver
)


def check_url(url: str) -> None:
    """Check an address of a server; the error does not show it, since it may hold a secret.

    Raises
    ------
    ValueError
        It is not an address of HTTP, or holds a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable():
        raise ValueError("url is not an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url holds a user or a password: a secret is never in this file")
