"""The settings that describe how records are read."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.times import check_time_format, zone_of
from anomaly_app.errors import DataError


class RecordSettings(BaseSettings):
    """The format of the records on the transactions topic."""

    payload: str | None = None
    """Where in a record the transaction is: ``plain``, ``debezium``, or a dotted path."""
    roles: str | None = None
    """Roles such as ``key=customer_id amount=amt``, where the topic differs from the history."""
    strict: bool = False
    """Whether to reject numbers and epoch times in quotes."""
    max_record_bytes: int = Field(1_048_576, ge=1, le=10_485_760)
    """Records with a larger value, in bytes, go to the dead letters unread."""

    @field_validator("payload", "roles", mode="before")
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

    @property
    def said_roles(self) -> Roles:
        """The roles that differ on this topic from the model's."""
        return Roles.parse(self.roles or "")
