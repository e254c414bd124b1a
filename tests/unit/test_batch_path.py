"""The way of a batch: any bytes in, never an exception, exactly one outcome for each record."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.scoring.anomaly import read_anomaly
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.errors import Rejection
from anomaly_app.kafka.consumer.inbox import Inbox
from anomaly_app.kafka.consumer.record_batches import records_of
from tests.support.factories import NOON, model, record, transaction
from tests.support.faults import POISON, Faults, faulty_model
from tests.support.fetches import TOPIC, Sent, batch, batches_in

PIPELINE = Pipeline(model(), max_record_bytes=2_000, max_reasons=5)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FEATURES = st.fixed_dictionaries(
    {}, optional={"amount": st.floats() | JSON, "shop": st.sampled_from(["food", "x"]) | JSON}
)
SHAPED = st.fixed_dictionaries(
    {}, optional={"features": FEATURES | JSON, "id": JSON, "entity": JSON, "time": JSON}
)
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=64),
    JSON.map(lambda value: json.dumps(value).encode()),
    SHAPED.map(lambda value: json.dumps(value).encode()),
    st.integers(1_500, 3_000).map(lambda size: b"[" * size),
    st.floats(1.0, 1e6).map(transaction),
)
RECORDS = st.lists(
    st.tuples(st.integers(0, 2), st.none() | st.binary(max_size=8), VALUES), max_size=30
)


@given(RECORDS, st.integers(1, 8))
def test_every_record_has_exactly_one_outcome(
    contents: list[tuple[int, bytes | None, bytes | None]], size: int
) -> None:
    fetched: dict[int, list[Sent]] = {}
    for offset, (partition, key, value) in enumerate(contents):
        fetched.setdefault(partition, []).append(Sent(offset, key, value))
    scored, letters, anomalies = 0, [], []
    inbox = Inbox({TOPIC: size})
    for partition, sent in fetched.items():
        for kafka_batch in batches_in(batch(sent), partition=partition):
            inbox.put(kafka_batch)
    while partitions := inbox.take(TOPIC):
        records = [*records_of(partitions)]
        assert len(records) <= size
        verdict = PIPELINE.judge(records, NOON)
        scored += verdict.scored
        letters += verdict.dead_letters
        anomalies += [read_anomaly(message.value or b"").id for message in verdict.anomalies]
        assert verdict.scored + len(verdict.rejected) == len(records)
    assert scored + len(letters) == len(contents)
    rejected = [int(letter.headers["source-offset"]) for letter in letters]
    assert len(set(rejected)) == len(rejected)
    for offset, letter in zip(rejected, letters, strict=True):
        partition, key, value = contents[offset]
        assert int(letter.headers["source-partition"]) == partition
        assert (letter.key, letter.value or b"") == (key, value or b"")
    places = [int(id_.rpartition("-")[2]) for id_ in anomalies]
    assert len(set(places)) == len(places)
    assert not set(places) & set(rejected)


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path)


def judge(faults: Faults, amounts: list[float]) -> tuple[int, list[tuple[int, str]]]:
    made, _ = faulty_model(faults.folder)
    pipeline = Pipeline(made, max_record_bytes=2_000, max_reasons=5)
    records = [record(transaction(a), offset=i) for i, a in enumerate(amounts)]
    verdict = pipeline.judge(records, NOON)
    return verdict.scored, [(r.record.offset, r.error.rejection) for r in verdict.rejected]


def test_a_record_at_which_the_model_raises_is_rejected_alone(faults: Faults) -> None:
    faults.poison()
    scored, rejected = judge(faults, [20.0, 21.0, POISON, 22.0, 23.0, 24.0, POISON])
    assert scored == 5
    assert rejected == [(2, Rejection.UNSCORABLE), (6, Rejection.UNSCORABLE)]


def test_a_model_that_cannot_score_its_own_expected_row_is_at_fault(faults: Faults) -> None:
    faults.fail()
    with pytest.raises(RuntimeError, match="a fault of the test"):
        judge(faults, [20.0, 21.0])
