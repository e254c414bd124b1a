"""What goes wrong with the stream shows in the log and on the page of a real worker."""

from typing import Any

import pytest

from anomaly_app.core.monitoring.remedies import REMEDIES
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.traffic import transactions
from tests.support.waiting import eventually
from tests.support.watching import lines_with

pytestmark = pytest.mark.broker


async def test_dead_letters_are_said_by_reason_and_not_one_by_one(kafka: Kafka) -> None:
    hostile = '{"time": "\\u001b[31m\\nERROR all is lost", "features": {"amount": 5.0}}'
    async with kafka.worker() as worker:
        await kafka.produce([b"<xml/>"], keys=lambda _: b"one")
        await eventually(lambda: lines_with(worker.log, "dead letter, not-json"), bool)
        await kafka.produce([b"<xml/>"] * 5_000 + [hostile.encode()])
        await eventually(lambda: stats_of(worker), lambda s: s["events"] == 5_002)
        await eventually(lambda: lines_with(worker.log, "dead letter, bad-time"), bool)
        during = await lines_with(worker.log, "dead letter")
    after = await lines_with(worker.log, "dead letter")
    [json, time] = [line for line in during if "see them with" in line]
    assert "WARNING" in json
    assert "1 dead letter, not-json: for example" in json
    assert f"{kafka.transactions} partition" in json
    assert json.endswith("faust -A anomaly_app.app dlq list --reason not-json")
    assert "\\x1b[31m" in time
    assert "\x1b" not in worker.log.read_text()
    # A stop says the rest.
    [rest] = [line for line in after if line not in during]
    assert "5,000 more dead letters, not-json" in rest


async def test_a_stream_of_another_shape_is_said_with_the_remedy(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        await kafka.produce([b'{"features": {"sum": 12.5}}'] * 300 + [transaction()] * 100)
        stats: dict[str, Any] = await eventually(
            lambda: stats_of(worker), lambda s: s["events"] == 400
        )
        [line] = await lines_with(worker.log, "of the last", "records were rejected")
        assert "WARNING" in line
        assert REMEDIES["no-features"] in line
    assert stats["rejected_share"] == 0.75
    [advice] = stats["advice"]
    assert advice.startswith("300 of the last 400 records were rejected, 300 of them as no-feat")


@pytest.mark.parametrize(
    ("amount", "word"), [(20.0, "none of the last"), (9_999.0, "transactions were anomalies")]
)
async def test_a_stream_that_differs_from_the_history_is_said(
    kafka: Kafka, amount: float, word: str
) -> None:
    async with kafka.worker() as worker:
        await kafka.produce([transaction(amount)] * 4_000)
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == 4_000)
        [line] = await eventually(lambda: lines_with(worker.log, word), bool)
    assert "python -m training evaluate" in line
    assert any(word in advice for advice in stats["advice"])
    assert stats["alert_rate"] == {"asked": 0.02, "seen": float(amount > 100)}


async def test_a_stream_as_it_should_be_is_no_line(kafka: Kafka) -> None:
    async with kafka.worker() as worker:
        await kafka.produce(transactions(4_000))
        stats = await eventually(lambda: stats_of(worker), lambda s: s["events"] == 4_000)
    lines = await lines_with(worker.log, "WARNING")
    [warning] = [line for line in lines if "ALERT" not in line]
    assert stats["advice"] == []
    assert stats["rejected_share"] == 0.0
    assert "nothing is scored until a producer writes to it" in warning
