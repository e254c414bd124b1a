"""The settings of the alerts: their topics, the file that says who is told, and Slack."""

from pathlib import Path

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings

from anomaly_app.settings.memory import OptionalTopic
from anomaly_app.settings.security import ReadableFile, Secret, SecretFile

USUAL_FILE = Path("alerting.yml")


class AlertSettings(BaseSettings):
    """Who is told of anomalies, and where that is kept."""

    alerts_topic: OptionalTopic = None
    """Topic with the log of alerts; ``<group>-alerts`` by default. It has one partition."""
    incidents_topic: OptionalTopic = None
    """Topic on which incidents are published; ``<group>-incidents`` by default."""
    feedback_topic: str = Field("feedback", pattern=r"^[A-Za-z0-9._-]{1,249}$")
    """Topic with what people say: answers to incidents, and silences."""
    alerting: ReadableFile = None
    """File with receivers, routes and budgets; ``alerting.yml`` by default, if it is there."""

    slack_token_file: SecretFile = Field(
        None, validation_alias=AliasChoices("SLACK_API_TOKEN_FILE")
    )
    """File with the token, such as a container secret."""
    slack_token: Secret = Field(None, validation_alias=AliasChoices("SLACK_API_TOKEN"))
    """Slack bot token with ``chat:write``; without it alerts go to the log."""
    slack_channel: str | None = Field(None, validation_alias=AliasChoices("SLACK_CHANNEL"))
    """Slack channel that alerts go to, such as ``#anomalies``."""
    slack_app_token_file: SecretFile = Field(
        None, validation_alias=AliasChoices("SLACK_APP_TOKEN_FILE")
    )
    """File with the app-level token, such as a container secret."""
    slack_app_token: Secret = Field(None, validation_alias=AliasChoices("SLACK_APP_TOKEN"))
    """App-level token with ``connections:write``: with it, buttons work through Socket Mode."""
    slack_signing_secret_file: SecretFile = Field(
        None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET_FILE")
    )
    """File with the signing secret, such as a container secret."""
    slack_signing_secret: Secret = Field(
        None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET")
    )
    """Signing secret: with it, Slack may send presses to ``/slack/interactions``."""
    slack_url: str = Field("https://slack.com/api/", pattern=r"^https?://")
    """Base URL of Slack's web API."""
    slack_interval: float = Field(1.0, ge=0, le=3600)
    """Seconds between two messages; Slack allows one per second and channel."""

    @field_validator(
        *("slack_token_file", "slack_app_token_file", "slack_signing_secret_file"),
        *("slack_channel", "alerting"),
        mode="before",
    )
    @classmethod
    def _empty_alert_setting_is_unset(cls, value: object) -> object:
        return value or None

    @property
    def alerting_file(self) -> Path | None:
        """The file that says who is told; None if there is none."""
        if self.alerting is not None:
            return self.alerting
        return USUAL_FILE if USUAL_FILE.exists() else None
