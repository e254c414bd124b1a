"""The settings of the store: the database with anomalies, incidents and labels."""

import re
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.settings.security import Secret, SecretFile, Unshown

OFF = "none"

ADDRESS = re.compile(r"(sqlite:///[^?]+|postgresql(\+psycopg)?://\S+)")


class StoreSettings(BaseSettings):
    """Where anomalies, incidents and labels are kept in SQL."""

    store: Annotated[str, Unshown] = Field("sqlite:///anomalies.db", repr=False)
    """The database, as SQLAlchemy writes it: ``sqlite:///FILE``,
    ``postgresql+psycopg://user@host/name``, or ``none``."""
    store_password_file: SecretFile = None
    """File with the password of the database's user, such as a container secret."""
    store_password: Secret = None
    """That user's password, instead of one in the address."""
    store_days: int = Field(365, ge=0, le=36_500)
    """Days after which anomalies without a label are deleted from the store; 0 keeps them."""

    @field_validator("store")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if value not in {"", OFF} and not ADDRESS.fullmatch(value):
            raise ValueError(
                "it must be sqlite:///FILE, postgresql+psycopg://user@host/database, or none"
            )
        return value or OFF

    @field_validator("store_password_file", mode="before")
    @classmethod
    def _empty_store_setting_is_unset(cls, value: object) -> object:
        return value or None

    @property
    def has_store(self) -> bool:
        """Whether there is a store at all."""
        return self.store != OFF

    @property
    def asks_for_store(self) -> bool:
        """Whether somebody has set one, so that a worker without it is a mistake."""
        return self.has_store and "store" in self.model_fields_set
