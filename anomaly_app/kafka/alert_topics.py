"""The topics of the alerts: their log, what people say, and the incidents as they are."""

from anomaly_app.errors import TopicNotCreated
from anomaly_app.kafka.topic_creation import WantedTopic
from anomaly_app.settings import Settings

DAY_MS = 86_400_000

LOG_CONFIGS = {
    # Restores, previews of silences and comparisons read the last days.
    "retention.ms": str(7 * DAY_MS),
    # One clock for all workers: what is due is told by the time of the log.
    "message.timestamp.type": "LogAppendTime",
}

FEEDBACK_CONFIGS = {
    # There is little of it, and models learn from it later.
    "retention.ms": "-1",
}

INCIDENTS_CONFIGS = {
    "cleanup.policy": "compact,delete",
    "retention.ms": str(30 * DAY_MS),
}


def alert_topics(settings: Settings) -> list[WantedTopic]:
    """Return the topics that alerts need, besides those of all settings."""
    return [
        WantedTopic(settings.alerts_topic_name, 1, LOG_CONFIGS),
        WantedTopic(settings.feedback_topic, settings.partitions, FEEDBACK_CONFIGS),
        WantedTopic(settings.incidents_topic_name, 1, INCIDENTS_CONFIGS),
    ]


def check_alerts_topic(settings: Settings, name: str, partitions: int) -> None:
    """Check that an existing topic can be the log of alerts, if it is to be that.

    Raises
    ------
    TopicNotCreated
        It has several partitions.
    """
    if name == settings.alerts_topic_name and partitions != 1:
        raise TopicNotCreated(
            f"topic {name} (ANOMALY_ALERTS_TOPIC) has {partitions} partitions, and the log of "
            "alerts has one, so that there is one order: name another topic, which is then created"
        )
