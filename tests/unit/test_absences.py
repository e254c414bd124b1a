"""What records lack is counted, and said where history had it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from anomaly_app.agents.watching import logger, notice_verdict
from anomaly_app.context import WorkerContext
from anomaly_app.core.monitoring.absences import Absences, AbsenceWatch
from anomaly_app.core.monitoring.rates import HOUR, MINUTE
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.settings.app import Settings
from anomaly_app.web.stats import worker_stats
from tests.support.factories import NOON, model, record

USUAL = {"amount": 0.0, "shop": 0.3, "key=customer": 0.0, "time=ts": 0.0}

Timeline = Sequence[tuple[float, Absences]]


def said(timeline: Timeline, watch: AbsenceWatch | None = None) -> Iterator[tuple[float, str]]:
    watch = watch or AbsenceWatch(USUAL)
    for now, batch in timeline:
        watch, line = watch.step(batch, now)
        if line is not None:
            yield now, line


def lacking(scored: int, similar: str | None = None, **numbers: int) -> Absences:
    return Absences(scored, numbers, lambda name: similar)


def test_what_is_absent_although_history_had_it_is_said_with_the_field_that_may_be_meant() -> None:
    renamed = "the records have `Amount`: train on that name, or set ANOMALY_ROLES='amount=Amount'"
    assert [*said([(0.0, lacking(1_000, renamed, amount=1_000))])] == [
        (0.0, f"amount is absent from 100 % of the last 1,000 records (in training 0 %); {renamed}")
    ]


def test_without_such_a_field_it_says_what_else_to_do() -> None:
    [(_, line)] = said([(0.0, lacking(400, amount=100))])
    assert line == (
        "amount is absent from 25 % of the last 400 records (in training 0 %); send it, or train "
        "on newer history"
    )


@pytest.mark.parametrize(
    ("batch", "is_said"),
    [
        (lacking(99, amount=99), False),
        (lacking(100, amount=10), True),
        (lacking(100, amount=9), False),
        (lacking(1_000, shop=400), False),
        (lacking(1_000, shop=650), True),
        (lacking(1_000, other=1_000), True),
        (lacking(0, amount=5), False),
    ],
)
def test_it_is_said_where_the_share_is_far_above_that_of_training(
    batch: Absences, is_said: bool
) -> None:
    assert bool([*said([(0.0, batch)])]) == is_said


def test_the_key_and_the_time_that_roles_name_are_said_with_what_counts_instead() -> None:
    parts = {"key=customer": 500, "time=ts": 400}
    [(_, line)] = said([(0.0, Absences(500, parts))])
    assert line == (
        "customer, the key, is absent from 100 % of the last 500 records, so Kafka's key is used; "
        "send it, or set ANOMALY_ROLES='key=none' if that is intended; "
        "ts, the time, is absent from 80 % of the last 500 records, so Kafka's timestamp is used; "
        "send it, or set ANOMALY_ROLES='time=none' if that is intended"
    )


def test_it_is_said_at_most_once_a_minute_and_the_same_once_an_hour() -> None:
    one, both = lacking(500, amount=500), lacking(500, amount=500, shop=500)
    timeline = [(0.0, one), (10.0, both), (20.0, both), (MINUTE, both), (2 * MINUTE, both)]
    timeline += [(HOUR, both), (HOUR + MINUTE, both), (HOUR + 2 * MINUTE, both)]
    assert [now for now, _ in said(timeline)] == [0.0, MINUTE, HOUR + MINUTE]


def test_names_are_asked_for_only_when_a_line_is_due() -> None:
    asked = []

    def similar(name: str) -> None:
        asked.append(name)

    batch = Absences(500, {"amount": 500}, similar)
    assert len([*said([(float(now), batch) for now in range(50)])]) == 1
    assert asked == ["amount"]


def test_a_line_names_a_few_and_counts_the_others() -> None:
    numbers = {f"{'x' * 200}\n{place}": 500 for place in range(50)}
    [(_, line)] = said([(0.0, Absences(500, numbers))])
    assert line.endswith("; so are 47 others, which /stats lists")
    assert line.isprintable()
    assert len(line) < 700


def context_of(**settings: Any) -> WorkerContext:
    context = WorkerContext(Settings(**settings))
    context.use(model())
    return context


def judged(context: WorkerContext, values: Sequence[Any]) -> None:
    records = [record(json.dumps(value).encode(), offset=i) for i, value in enumerate(values)]
    pipeline = context.pipeline
    verdict = pipeline.judge(records, NOON)
    context.counters.absent.update({name: one.number for name, one in verdict.absent.items()})
    notice_verdict(verdict, pipeline, context)


def test_a_misnamed_feature_is_said_in_the_log_and_on_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logger, "warning", lambda form, line: lines.append(form % line))
    context = context_of(roles="key=customer")
    judged(context, [{"Amount": 20.0, "shop": "food", "entity": "c"}] * 150)
    judged(context, [{"amount": 20.0, "shop": "food", "Customer": "c"}] * 50)
    absent = (
        "amount is absent from 100 % of the last 150 records (in training 0 %); the records have"
    )
    assert [line for line in lines if line.startswith(absent)] == lines
    assert "ANOMALY_ROLES='amount=Amount'" in lines[0]
    stats = worker_stats(context, [])
    assert stats["absent"] == {
        "amount": {"count": 150, "share_of_latest": 0.75, "share_in_training": 0.0},
        "shop": {"count": 0, "share_of_latest": 0.0, "share_in_training": 0.0},
        "key=customer": {"count": 50, "share_of_latest": 0.25, "share_in_training": 0.0},
    }
    assert any("customer, the key, is absent from 25 %" in line for line in stats["advice"])


def test_a_batch_that_is_judged_in_parts_counts_all_of_them() -> None:
    pipeline = Pipeline(
        model(), max_record_bytes=1_000, max_reasons=5, roles=Roles.parse("time=ts")
    )
    value = json.dumps({"shop": "food"}).encode()
    one, other = (pipeline.judge([record(value, offset=i)] * 2, NOON) for i in (1, 2))
    both = one.followed_by(other).absent
    assert {name: lacking.number for name, lacking in both.items()} == {"amount": 4, "time=ts": 4}
    assert both["amount"].example.offset == 1
    assert pipeline.decoder.similar("amount", record(b'{"shop": "a", "AMOUNT": 1}')) == (
        "the records have `AMOUNT`: train on that name, or set ANOMALY_ROLES='amount=AMOUNT'"
    )
    assert pipeline.decoder.similar("time=ts", record(b'{"shop": "a", "TS": 1}')) == (
        "the records have `TS`: train on that name, or set ANOMALY_ROLES='time=TS'"
    )
