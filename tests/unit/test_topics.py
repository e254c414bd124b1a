"""Which topic may have been meant by a name that nobody writes to."""

from typing import Any

import pytest

from anomaly_app.kafka.topics import scored_topic_created, similar
from anomaly_app.settings.app import Settings


def topics(*names: str, **changes: Any) -> dict[str, dict[str, Any]]:
    return {name: {"topic": name, "is_internal": False, **changes} for name in names}


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("transacions", "transactions"),
        ("Transactions", "transactions"),
        ("transactions", "TRANSACTIONS"),
        ("transactions", "card.transactions"),
        ("payments-v2", "payments-v1"),
    ],
)
def test_a_similar_name_may_have_been_meant(wanted: str, there: str) -> None:
    settings = Settings(transactions_topic=wanted)
    assert similar(settings, topics("orders", there, "clicks")) == there
    assert f"did you mean the existing topic {there}?" in scored_topic_created(settings, there)


@pytest.mark.parametrize("there", ["orders", "anomalies", "transactions-dlq", "_transactions"])
def test_other_names_the_apps_own_and_internal_ones_are_not_asked_about(there: str) -> None:
    assert similar(Settings(), topics(there)) is None
    assert "did you mean" not in scored_topic_created(Settings(), None)


def test_internal_topics_are_not_asked_about() -> None:
    assert similar(Settings(), topics("transactions2", is_internal=True)) is None
