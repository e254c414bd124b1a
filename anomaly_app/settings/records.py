"""The settings that describe how records are read."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.times import check_time_format, zone_of
from anomaly_app.errors import DataError
from anomaly_app.settings.security import Secret, SecretFile

SHORTEST_HASH_KEY = 16


class RecordSettings(BaseSettings):
    """The format of the records on the transactions topic."""

    payload: str | None = None
    """Where in a record the transaction is: ``plain``, ``debezium``, or a dotted path."""
    roles: str | None = None
    """Roles such as ``key=customer_id amount=amt``, where the topic differs from the history."""
    strict: bool = False
    """Whether to reject numbers and epoch times in quotes."""
    hash_key_file: SecretFile = None
    """File with the secret with which fields of ``hash=`` are hashed."""
    hash_key: Secret = None
    """Secret with which fields of ``hash=`` are hashed."""
    max_record_bytes: int = Field(1_048_576, ge=1, le=10_485_760)
    """Records with a larger value, in bytes, go to the dead letters unread."""

    @field_validator("payload", "roles", "hash_key_file", mode="before")
    @classmethod
    def _nothing_is_unset(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("payload")
    @classmethod
    def _is_payload(cls, value: str | None) -> str | None:
        if value is not None and not all(value.split(".")):
            raise ValueError("it must be plain, debezium, or names separated by dots")
        return value

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, value: str | None) -> str | None:
        try:
            roles = Roles.parse(value or "")
            zone_of(roles.timezone)
            if roles.time_format is not None:
                check_time_format(roles.time_format)
        except DataError as fault:
            raise ValueError(str(fault)) from None
        return value

    @field_validator("hash_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_HASH_KEY:
            raise ValueError(
                f"it must have at least {SHORTEST_HASH_KEY} characters: whoever guesses it can "
                "find what was hashed; openssl rand -base64 32 makes one"
            )
        return value

    @property
    def said_roles(self) -> Roles:
        """The roles that differ on this topic from the model's."""
        return Roles.parse(self.roles or "")
