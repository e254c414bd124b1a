"""The lines that the page on troubleshooting quotes are the ones that a worker writes."""

import re
from pathlib import Path

from anomaly_app.agents.schemas import records_wait
from anomaly_app.agents.watching import to_letter
from anomaly_app.context import WorkerContext
from anomaly_app.core.monitoring.absences import Absences
from anomaly_app.core.monitoring.rates import AlertRateWatch
from anomaly_app.core.monitoring.watch import Batch, Letter, Watch, step
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.errors import RegistryUnreachable
from anomaly_app.kafka.group import begins_at_end, judges_again
from anomaly_app.kafka.topics import scored_topic_created
from anomaly_app.settings.app import Settings
from anomaly_app.web.stats import worker_stats
from tests.support.factories import model, record, transaction

PAGE = (Path(__file__).parents[2] / "docs/troubleshooting.md").read_text()


def quoted() -> list[str]:
    """Give the quoted lines of the log: the first column of the tables."""
    cells = re.findall(r"^\| (`+)(.+?)\1 \|", PAGE, re.MULTILINE)
    return [line for _, line in cells]


def letters(count: int, partition: int = 0, offset: int = 17) -> list[Letter]:
    pipeline = Pipeline(model(), max_record_bytes=1_000, max_reasons=5)
    sent = record(transaction(time="2026-13-05T10:00:00Z"), partition=partition, offset=offset)
    [rejected] = pipeline.judge([sent], 0.0).rejected
    return [to_letter(rejected)] * count


def lines_of(watch: Watch, *batches: tuple[float, Batch]) -> list[str]:
    lines = []
    for now, batch in batches:
        watch, more = step(watch, batch, now)
        lines += more
    return lines


def misnamed(value: bytes, offset: int) -> list[str]:
    pipeline = Pipeline(model(), max_record_bytes=1_000, max_reasons=5)
    [rejected] = pipeline.judge([record(value, partition=2, offset=offset)], 0.0).rejected
    return lines_of(Watch(), (0.0, Batch(others=[to_letter(rejected)])))


def absent(name: str, similar: str | None = None) -> list[str]:
    absences = Absences(150, {name: 150}, lambda _: similar)
    return lines_of(Watch(), (0.0, Batch(scored=150, absences=absences)))


def written() -> list[str]:
    settings = Settings(transactions_topic="transacions")
    watch = Watch(alerts=AlertRateWatch.of(0.01, "models/transactions"))
    held = {"transactions": 12_345, "anomalies": 67}
    other = letters(1)[0]._replace(reason="not-json")
    return [
        scored_topic_created(settings, "transactions"),
        records_wait(
            RegistryUnreachable(
                "schema registry https://registry.example.com returned an unexpected response "
                "(HTTP 503)"
            )
        ),
        begins_at_end(Settings(), held),
        judges_again(Settings(), held),
        *lines_of(
            Watch(),
            (0.0, Batch(others=letters(1, 3, 1042))),
            (1.0, Batch(others=letters(1_822))),
            (60.0, Batch()),
        ),
        lines_of(Watch(), (0.0, Batch(30, 0, [*letters(960), *[other] * 10])))[-1],
        *misnamed(b'{"Amount": 1, "Shop": "food"}', 8),
        *misnamed(b'{"detail": {"amount": 1, "shop": "food"}}', 9),
        *absent(
            "amount",
            "the records have `Amount`: train on that name, or set ANOMALY_ROLES='amount=Amount'",
        ),
        *absent("key=customer_id"),
        *lines_of(watch, *[(0.0, Batch(scored=1_000))] * 5),
        *lines_of(watch, *[(0.0, Batch(scored=100, anomalies=20))] * 5),
    ]


def test_the_quoted_lines_are_those_that_are_written() -> None:
    assert sorted(quoted()) == sorted(written())


def test_the_fields_of_the_page_that_it_names_are_there() -> None:
    stats = worker_stats(WorkerContext(Settings()), [])
    spans = re.findall(r"`([^`]+)`", re.sub(r"``.+?``", "", PAGE))
    named = {match[1] for span in spans if (match := re.fullmatch(r'"?([a-z_]+)"?(: .*)?', span))}
    assert named >= {"advice", "events", "rejected_share", "alert_rate"}
    assert named <= {*stats, *stats["alert_rate"]}
