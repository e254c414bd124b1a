"""Rows from messages that anybody may have written."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.alerts.sighting import Origin, sighting_of
from anomaly_app.core.times import iso_time, parse_time
from anomaly_app.errors import AnomalyUnreadable, FeedbackUnreadable, IncidentUnreadable
from anomaly_app.store import values
from anomaly_app.store.rows import borderline, rows_of
from anomaly_app.store.tables import metadata
from tests.support.factories import anomaly
from tests.support.stores import GROUP, TOPICS, Message, answer, found, incident, label, member


@pytest.mark.parametrize("topic", TOPICS)
@given(value=st.binary(max_size=60), key=st.none() | st.binary(max_size=20))
def test_any_bytes_are_rows_or_unreadable(topic: str, value: bytes, key: bytes | None) -> None:
    try:
        made = rows_of(Message(topic, value, key), TOPICS, GROUP)
    except (AnomalyUnreadable, FeedbackUnreadable, IncidentUnreadable):
        made = []
    assert all(set(row) == set(metadata.tables[table].c.keys()) for table, row in made)


@given(text=st.text())
def test_any_text_can_be_written(text: str) -> None:
    for kept in (values.plain(text + "\ud800\0"), values.name(text * 50 + "\udc00")):
        kept.encode()
        assert "\0" not in kept


@given(seconds=st.floats() | st.sampled_from([-1.0, 1e300, float("nan"), 4.2e9]))
def test_any_number_is_a_time(seconds: float) -> None:
    assert 1970 <= values.moment(seconds).year <= 2100


@given(seconds=st.floats(0, 4e9))
def test_times_are_kept_to_the_microsecond(seconds: float) -> None:
    assert values.moment(seconds).timestamp() == pytest.approx(seconds, abs=1e-6)
    assert values.moment(values.moment(seconds).timestamp()) == values.moment(seconds)


def test_nul_and_a_broken_transaction_are_made_harmless() -> None:
    one = found(1, entity="a\0b", transaction=msgspec.Raw(b'{"note": "\\u0000"}'))
    [(_, row)] = rows_of(one, TOPICS, GROUP)
    assert row["entity"] == "a\ufffdb"
    assert row["transaction_json"] == '{"note":"\\u0000"}'
    broken = replace(one, value=(one.value or b"").replace(b'"note":"', b'"note":"\xff'))
    [(_, row)] = rows_of(broken, TOPICS, GROUP)
    assert "\ufffd" in row["transaction_json"]


def test_an_older_message_has_neither_features_nor_an_id_of_the_transaction() -> None:
    new = msgspec.json.decode(msgspec.json.encode(anomaly()))
    old = msgspec.json.encode(
        {name: new[name] for name in new if name not in {"features", "transaction_id"}}
    )
    [(_, row)] = rows_of(Message(TOPICS.anomalies, old), TOPICS, GROUP)
    assert (row["features_json"], row["transaction_id"]) == (None, None)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (replace(found(1), value=b"{}"), AnomalyUnreadable),
        (replace(found(1), value=None), AnomalyUnreadable),
        (replace(found(1), value=b"[" + b"1e308," * 99), AnomalyUnreadable),
        (replace(incident("i-1"), value=b"[]"), IncidentUnreadable),
        (replace(member(1, "i"), value=b'{"anomaly":"x","incident":"i"}'), IncidentUnreadable),
        (incident(""), IncidentUnreadable),
        (label("not an anomaly"), FeedbackUnreadable),
        (answer("i-1", named="x" * 301), FeedbackUnreadable),
    ],
)
def test_what_does_not_belong_on_its_topic_is_unreadable(
    message: Message, error: type[Exception]
) -> None:
    with pytest.raises(error):
        rows_of(message, TOPICS, GROUP)


def test_tombstones_and_learning_are_about_no_incident() -> None:
    assert rows_of(replace(incident("i-1"), value=None), TOPICS, GROUP) == []
    assert (
        rows_of(Message(TOPICS.incidents, b'{"learning":"on"}', b"learning"), TOPICS, GROUP) == []
    )


@given(p_value=st.floats(0, 1), threshold=st.floats(0, 1))
def test_what_is_borderline_is_the_rarity_of_alerts(p_value: float, threshold: float) -> None:
    sighting = sighting_of(anomaly(p_value=p_value, threshold=threshold), Origin("a", 0, 0))
    assert borderline(p_value, threshold) == sighting.rarity


@given(seconds=st.floats(1e9, 4e9))
def test_times_as_the_app_writes_them_are_read_as_all_others(seconds: float) -> None:
    text = iso_time(seconds)
    assert values.moment_of(text) == values.moment(parse_time(text))
    assert values.moment_of(text.replace("Z", "+00:00")) == values.moment_of(text)


@pytest.mark.parametrize(
    ("given", "kept"), [("t-1", "t-1"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (None, None)]
)
def test_the_id_of_a_transaction_may_be_a_number(given: object, kept: str | None) -> None:
    one = found(1)
    message = msgspec.json.decode(one.value or b"") | {"transaction_id": given}
    [(_, row)] = rows_of(replace(one, value=msgspec.json.encode(message)), TOPICS, GROUP)
    assert row["transaction_id"] == kept
