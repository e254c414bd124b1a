"""The settings of the web pages."""

import ipaddress
import socket
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from anomaly_app.settings.security import Secret, SecretFile

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LAST_PORT = 65_535

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # recognised, not listened on
"""What a server listens on to be reached at every address of its host."""


def _are_networks(text: str | None) -> str | None:
    networks_in(text or "")
    return text or None


def networks_in(text: str) -> list[Network]:
    """Return the addresses and networks in a list that is separated by commas.

    Raises
    ------
    ValueError
        A part is neither.
    """
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]


class WebSettings(BaseSettings):
    """Where a worker's pages are, and who may see what they reveal."""

    web_bind: str = "127.0.0.1"
    """Address that the web pages listen on."""
    web_port: int = Field(6066, ge=1, le=LAST_PORT)
    """Port of the web pages; each worker on a host needs its own (or ``--web-port``)."""
    web_host: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9._:-]{0,253}$")] = None
    """Name or address of this host for other workers, which ask here for what is remembered."""
    web_token_file: SecretFile = None
    """File with the token of the pages that reveal data, such as a container secret."""
    web_token: Secret = None
    """Token of the pages that reveal data; without it they are closed."""

    web_users: Path | None = None
    """File with the people who may see and answer, a line ``NAME ROLE HASH`` for each."""
    web_user_header: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = None
    """Header in which an authenticating proxy names the user, such as ``X-Forwarded-User``."""
    web_proxies: Annotated[str | None, AfterValidator(_are_networks)] = None
    """Addresses or networks of proxies whose header is believed, separated by commas."""
    web_user_role: Literal["viewer", "reviewer", "admin"] = "viewer"
    """Role of those whom the proxy names and the file of users does not."""

    @model_validator(mode="after")
    def _a_header_is_believed_from_proxies_only(self) -> Self:
        if (self.web_user_header is None) != (self.web_proxies is None):
            raise ValueError(
                "ANOMALY_WEB_USER_HEADER and ANOMALY_WEB_PROXIES belong together: the header is "
                "believed from these proxies only"
            )
        return self

    @field_validator("web_host", "web_token_file", "web_users", "web_user_header", mode="before")
    @classmethod
    def _empty_web_setting_is_unset(cls, value: object) -> object:
        return value or None

    @property
    def announced_host(self) -> str:
        """Where other workers find this one's pages, unless ``--web-host`` says otherwise."""
        if self.web_host is not None:
            return self.web_host
        return socket.gethostname() if self.web_bind in EVERY_ADDRESS else self.web_bind
