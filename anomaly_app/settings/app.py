"""The settings of the app, from the environment or from a file ``.env``."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from anomaly_app.errors import SettingsError
from anomaly_app.settings.alerts import AlertSettings
from anomaly_app.settings.memory import MemorySettings
from anomaly_app.settings.records import RecordSettings
from anomaly_app.settings.security import SecuritySettings, Unshown
from anomaly_app.settings.store import StoreSettings
from anomaly_app.settings.web import LAST_PORT, WebSettings

PREFIX = "ANOMALY_"
ENV_FILE = Path(".env")

TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Seconds = Annotated[float, Field(gt=0, le=3600)]


TOPIC_FIELDS = ("transactions_topic", "anomalies_topic", "dead_letters_topic", "feedback_topic")


class Settings(
    RecordSettings, MemorySettings, AlertSettings, StoreSettings, WebSettings, SecuritySettings
):
    """The app's settings; docs/settings.md explains each of them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    broker: str = "kafka://127.0.0.1:9092"
    """Bootstrap servers, ``kafka://host:port``, separated by ``;``."""
    broker_wait: Seconds = 30.0
    """Seconds that a starting worker waits for the broker."""
    group: str = Field("anomaly-app", min_length=1)
    """Consumer group; workers of the same group share the partitions."""
    new_group_starts_at: Literal["beginning", "end"] = "beginning"
    """Where a group that has committed nothing yet starts."""
    transactions_topic: TopicName = "transactions"
    """Topic to score."""
    anomalies_topic: TopicName = "anomalies"
    """Topic that anomalies are sent to."""
    dead_letters_topic: TopicName = "transactions-dlq"
    """Topic for records that cannot be scored."""
    partitions: int = Field(4, ge=1, le=10_000)
    """Partitions of the topics that the app creates; existing topics are left as they are."""
    replication: int = Field(1, ge=1, le=100)
    """Replication factor of the topics that the app creates."""
    session_timeout: Seconds = 20.0
    """Seconds after which the broker gives a silent worker's partitions to others."""
    rebalance_timeout: Seconds = 30.0
    """Seconds within which workers have to join a rebalance."""
    fetch_wait: Seconds = 0.5
    """Seconds that the broker may hold a fetch while there are no new records."""
    linger_ms: float = Field(15.0, ge=0, le=1000)
    """Milliseconds that a record may wait for others, so that they are judged together."""

    model: Path = Path("models/transactions")
    """Folder of the model, whose newest version is used, or the folder of one version."""
    batch_size: int = Field(4096, ge=1, le=100_000)
    """Largest number of records that are scored together."""
    max_reasons: int = Field(5, ge=1, le=100)
    """Largest number of features that an anomaly names."""
    send_timeout: Seconds = 120.0
    """Seconds of failing sends after which a worker exits without committing."""

    @field_validator("broker")
    @classmethod
    def _is_kafka_url(cls, value: str) -> str:
        hosts = [part.strip().removeprefix("kafka://") for part in re.split("[;,]", value)]
        found = [re.fullmatch(r"[A-Za-z0-9._\[\]:-]+:(\d{1,5})", host) for host in hosts]
        if not all(found):
            raise ValueError("it must be of the form kafka://host:port")
        if not all(1 <= int(match[1]) <= LAST_PORT for match in found if match):
            raise ValueError(f"a port is a number from 1 to {LAST_PORT}")
        return ";".join(f"kafka://{host}" for host in hosts)

    @model_validator(mode="after")
    def _token_has_channel(self) -> Self:
        if self.slack_token is not None and self.slack_channel is None:
            raise ValueError("SLACK_API_TOKEN is set, but SLACK_CHANNEL is not: set it, too")
        return self

    @model_validator(mode="after")
    def _topics_differ(self) -> Self:
        names = {field: getattr(self, field) for field in TOPIC_FIELDS}
        for one, other in combinations(TOPIC_FIELDS, 2):
            if names[one] == names[other]:
                raise ValueError(
                    f"{self.environment_name(one)} and {self.environment_name(other)} are both "
                    f"{names[one]!r}: the app would read its own output; use two different topics"
                )
        return self

    @classmethod
    def environment_name(cls, field: str) -> str:
        """Return the name of the environment variable that sets a field."""
        alias = cls.model_fields[field].validation_alias
        if isinstance(alias, AliasChoices):
            return str(alias.choices[0])
        return PREFIX + field.upper()

    @property
    def topic_names(self) -> tuple[str, str, str]:
        """The app's topics: transactions, anomalies, dead letters."""
        return self.transactions_topic, self.anomalies_topic, self.dead_letters_topic

    @property
    def memory_topic_name(self) -> str:
        """The topic on which memories are published."""
        return self.memory_topic or f"{self.group}-memory"

    @property
    def counterparts_topic_name(self) -> str:
        """The topic between the memory of entities and that of counterparts."""
        return self.counterparts_topic or f"{self.group}-counterparts"

    @property
    def alerts_topic_name(self) -> str:
        """The topic with the log of alerts."""
        return self.alerts_topic or f"{self.group}-alerts"

    @property
    def incidents_topic_name(self) -> str:
        """The topic on which incidents are published."""
        return self.incidents_topic or f"{self.group}-incidents"

    @property
    def bootstrap_servers(self) -> list[str]:
        """The broker's addresses as ``host:port``."""
        return [url.removeprefix("kafka://") for url in self.broker.split(";")]


UNSHOWN = {
    Settings.environment_name(name)
    for name, field in Settings.model_fields.items()
    if SecretStr in get_args(field.annotation) or Unshown in field.metadata
}
"""Variables whose values are never shown in messages."""


def load_settings() -> Settings:
    """Read the settings from the environment and ``.env``.

    Raises
    ------
    SettingsError
        A setting is unknown, of the wrong type or out of range; the message names it.
    """
    _refuse_unknown({*os.environ, *dotenv_values(ENV_FILE)})
    with _one_line_errors():
        return Settings()


def change_settings(settings: Settings, **changes: object) -> Settings:
    """Return the settings with some of them changed.

    Raises
    ------
    SettingsError
        A setting is of the wrong type or out of range.
    """
    with _one_line_errors():
        return Settings.model_validate(settings.model_dump() | changes)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except ValidationError as fault:
        raise SettingsError("; ".join(_explain(error) for error in fault.errors())) from None


def _explain(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101  # narrows pydantic's own type
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    place = str(error["loc"][0])
    name = Settings.environment_name(place) if place in Settings.model_fields else place
    if name in UNSHOWN:
        return f"{name}: {message}"
    # An address may contain a password, too: only the part after it is shown.
    before, at, host = str(error["input"]).rpartition("@")
    return f"{name}: {message} (it is {(before and '…') + at + host[:200]!r})"


def _refuse_unknown(names: Iterable[str]) -> None:
    known = [Settings.environment_name(field) for field in Settings.model_fields]
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean {close[0]}?" if close else "; docs/settings.md lists them all"
            raise SettingsError(f"{name} is not a setting{meant}")
