"""A real worker with a memory sends e-mails with pictures of what it remembers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anomaly_app.core.memory.spec import read_spec
from anomaly_app.registry.artifacts import save_model
from harness.processes import HOST
from tests.support.alerts import alerting_file
from tests.support.factories import NOON, transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.mail_server import MailServer, mail_server
from tests.support.memories import payments
from tests.support.waiting import eventually
from training.fit import FitOptions, fit_model
from training.memory.remember import remember

pytestmark = pytest.mark.broker


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


async def test_an_email_shows_what_a_card_usually_pays_beside_what_it_paid_now(
    kafka: Kafka, server: MailServer, tmp_path: Path
) -> None:
    features = ["mean:amount:30d", "zscore:amount:30d"]
    history = remember(payments(), read_spec({"keys": [{"features": features}]}))
    made = fit_model(history, FitOptions(detector="robust_zscore"), version="1")
    kafka.model = save_model(tmp_path / "models", made.manifest, made.pickle)
    alerting_file(
        kafka,
        {
            "type": "email",
            "name": "mail",
            "host": HOST,
            "port": server.port,
            "encryption": "none",
            "sender": "alerts@example.com",
            "to": ["ann@example.com"],
        },
    )
    usual = [
        transaction(20.0 + n % 7, "shop-1", entity="card-1", n=n, time=NOON + 86_400.0 * n)
        for n in range(20)
    ]
    odd = transaction(99_999.0, "shop-1", entity="card-1", n=20, time=NOON + 86_400.0 * 20)
    async with kafka.worker() as worker:
        await kafka.produce([*usual, odd])
        stats = await eventually(lambda: stats_of(worker), lambda stats: stats["events"] == 21)
        assert stats["anomalies"] >= 1
        await eventually(lambda: server.messages, lambda found: len(found) >= 1)
    message = server.messages[0]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    [said] = [one for one in plain.get_content().splitlines() if one.startswith("Values: ")]
    assert said.startswith("Values: card-1: ")
    assert "amount in each 5 days" in said, plain.get_content()
    assert "unusual, in red: " in said
    assert 'src="cid:values"' in html.get_content()
    [image] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert image.get_content().startswith(b"\x89PNG")
