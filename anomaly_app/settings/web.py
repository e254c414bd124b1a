"""The settings of the web pages."""

import socket
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.settings.security import Secret, SecretFile

LAST_PORT = 65_535

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # recognised, not listened on
"""What a server listens on to be reached at every address of its host."""


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

    @field_validator("web_host", "web_token_file", mode="before")
    @classmethod
    def _empty_web_setting_is_unset(cls, value: object) -> object:
        return value or None

    @property
    def announced_host(self) -> str:
        """Where other workers find this one's pages, unless ``--web-host`` says otherwise."""
        if self.web_host is not None:
            return self.web_host
        return socket.gethostname() if self.web_bind in EVERY_ADDRESS else self.web_bind
