"""The settings of the web pages."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.settings.security import Secret, SecretFile

LAST_PORT = 65_535


class WebSettings(BaseSettings):
    """Where a worker's pages are, and who may see what they reveal."""

    web_bind: str = "127.0.0.1"
    """Address that the web pages listen on."""
    web_port: int = Field(6066, ge=1, le=LAST_PORT)
    """Port of the web pages; each worker on a host needs its own (or ``--web-port``)."""
    web_token_file: SecretFile = None
    """File with the token of the pages that reveal data, such as a container secret."""
    web_token: Secret = None
    """Token of the pages that reveal data; without it they are closed."""

    @field_validator("web_token_file", mode="before")
    @classmethod
    def _empty_token_is_unset(cls, value: object) -> object:
        return value or None
