"""A fault at any stage of one record's way costs that record, and no other."""

from typing import Any

import numpy as np
import pytest

from anomaly_app.core.decoding import fast_path, reader_choice, slow_path
from anomaly_app.core.decoding.layouts import RecordLayout
from anomaly_app.core.model.model import Model
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring import anomaly as writing
from anomaly_app.core.scoring import dead_letter, judge
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.verdict import Message, Verdict
from tests.support.factories import NOON, model, record, transaction
from tests.support.stages import MARK, MARKED, MARKED_TIME, Fault, Stage

PIPELINE = Pipeline(model(), max_record_bytes=2_000, max_reasons=5)

READER = PIPELINE.decoder.readers.reader(RecordLayout("", "named", has_texts=False))

STAGES = [
    Stage("typed parser", READER, "read", lambda value, _: value == MARKED),
    Stage(
        "slow path",
        reader_choice,
        "read_object",
        lambda value, _: b"66666" in value,
        value=b'{"features": null, "amount": 66666.0, "shop": "casino"}',
    ),
    Stage(
        "time",
        fast_path,
        "parse_time",
        lambda time: time == MARKED_TIME,
        value=transaction(time=MARKED_TIME),
    ),
    Stage(
        "Kafka's time",
        slow_path,
        "parse_timestamp",
        lambda timestamp: timestamp == MARKED_TIME * 1000,
        fields={"timestamp": MARKED_TIME * 1000},
    ),
    Stage("matrix", FeatureSchema, "encode", lambda _, rows, __: any(r[0] == MARK for r in rows)),
    Stage("score", Model, "log_p_values", lambda _, matrix: bool(np.any(matrix == MARK))),
    Stage("values", FeatureSchema, "values", lambda _, row, *__: row[0] == MARK),
    Stage("reasons", Model, "explain", lambda _, matrix, *__: bool(np.any(matrix == MARK))),
    Stage("anomaly", judge, "to_anomaly", lambda found, *_: found.transaction.row[0] == MARK),
    Stage("entity", writing, "entity_of", lambda entity, _: entity == "66", value=transaction(
        MARK, "casino", entity="66"
    )),
    Stage(
        "time of the anomaly",
        writing,
        "iso_time",
        lambda seconds: seconds == MARKED_TIME,
        value=transaction(MARK, "casino", time=MARKED_TIME),
    ),
    Stage("JSON", judge, "write_json", lambda found: bytes(found.transaction) == MARKED),
    Stage(
        "dead letter",
        dead_letter.DeadLetterHeaders,
        "write",
        lambda headers: "'66666 s'" in headers.error,
        value=transaction(time="66666 s"),
    ),
]  # fmt: skip

stages = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def others() -> list[Any]:
    """Records of all kinds: ordinary, of another shape, anomalous, and bad."""
    kinds = [
        transaction(21.0, time="2026-01-01T12:00:00Z"),
        transaction(19.0, time=NOON),
        b'{"data": [[20.5, "fuel"]]}',
        transaction(99_999.0, "casino", entity="card-9"),
        b"{",
        transaction(time="noon"),
    ]
    return [record(kinds[i % len(kinds)], offset=i) for i in range(60)]


def without(verdict: Verdict, offset: bytes) -> list[Message]:
    return [m for m in verdict.dead_letters if m.headers["source-offset"] != offset]


@stages
def test_a_fault_at_one_record_is_its_dead_letter_and_the_others_are_judged_as_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = PIPELINE.judge(others(), NOON)
    records = others()
    records.insert(31, record(stage.value, offset=1_000, **stage.fields))
    stage.break_down(monkeypatch)
    verdict = PIPELINE.judge(records, NOON)
    assert verdict.anomalies == alone.anomalies
    assert without(verdict, b"1000") == alone.dead_letters
    assert verdict.scored == alone.scored
    [letter] = [m for m in verdict.dead_letters if m not in alone.dead_letters]
    error = letter.headers["error"].decode()
    assert error.startswith("unscorable: Fault")
    assert letter.value == stage.value
    [rejected] = [r for r in verdict.rejected if r.record.offset == 1_000]
    assert str(rejected.error) == error


@stages
def test_a_fault_at_ordinary_records_as_well_is_no_records_fault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    PIPELINE.judge([record(transaction())], NOON)
    stage.break_down(monkeypatch, for_all=True)
    with pytest.raises(Fault):
        PIPELINE.judge([record(stage.value, **stage.fields)], NOON)


@pytest.mark.parametrize(
    ("words", "payload"),
    [("key=time time=entity", None), ("time=data id=features", "plain"), ("key=shop", "a.b")],
)
def test_roles_that_refuse_a_documented_shape_do_not_put_the_blame_on_the_model(
    words: str, payload: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = Roles.parse(words)
    judging = Pipeline(model(), max_record_bytes=2_000, max_reasons=5, roles=roles, payload=payload)
    value = b'{"amount": 66666.0, "shop": "casino"}'
    value = b'{"a": {"b": %b}}' % value if payload == "a.b" else value
    [stage] = [stage for stage in STAGES if stage.name == "anomaly"]
    stage.break_down(monkeypatch)
    [letter] = judging.judge([record(value)], NOON).dead_letters
    assert letter.headers["error"].startswith(b"unscorable: Fault")


def test_a_score_that_is_not_a_number_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Model.log_p_values

    def broken(self: Model, matrix: Any) -> Any:
        return np.where(np.any(matrix == MARK, axis=1), np.nan, sound(self, matrix))

    monkeypatch.setattr(Model, "log_p_values", broken)
    verdict = PIPELINE.judge([record(transaction()), record(MARKED), record(transaction())], NOON)
    assert verdict.scored == 2
    [error] = [str(rejected.error) for rejected in verdict.rejected]
    assert error == "unscorable: ArithmeticError: the model's score is not a number"


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("what it says cannot be said")


def test_an_exception_that_cannot_be_told_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Model, matrix: Any) -> Any:
        if np.any(matrix == MARK):
            raise Speechless
        return sound(self, matrix)

    sound = Model.log_p_values
    monkeypatch.setattr(Model, "log_p_values", broken)
    [letter] = PIPELINE.judge([record(MARKED)], NOON).dead_letters
    assert letter.headers["error"] == b"unscorable: Speechless"
