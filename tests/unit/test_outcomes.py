"""Files of outcomes: which column is what, and whatever else is in them."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.learning.label import About, Basis, Label, Verdict
from anomaly_app.errors import AnomalyAppError, DataError
from anomaly_app.labels.outcomes import Columns, Reading, columns_of
from anomaly_app.labels.rows import LONGEST_LINE, MOST_LINES, Lines, Row, header_of, rows_of
from tests.support.incidents import NOON

ONLY_IDS = Columns(0, is_anomaly=False, label=None, date=None, note=None)


def reading(columns: Columns = ONLY_IDS, **changes: str) -> Reading:
    form = changes.get("time_format")
    user = changes.get("user", "bank")
    return Reading(columns, "transactions", Basis.OUTCOME, user, form, NOON)


def rows(content: bytes) -> list[Row]:
    lines = Lines(BytesIO(content))
    _, delimiter = header_of(lines)
    return [*rows_of(lines, delimiter)]


def test_a_file_may_be_separated_by_commas_semicolons_or_tabs() -> None:
    for delimiter in ",;\t":
        lines = Lines(BytesIO(f"id{delimiter}note\r\n7{delimiter} a \r\n\r\n".encode()))
        header, found = header_of(lines)
        assert (header, found) == (["id", "note"], delimiter)
        assert [*rows_of(lines, found)] == [Row(2, ["7", "a"])]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["id"], Columns(0, False, None, None, None)),
        (["id", "Transaction ID"], Columns(1, False, None, None, None)),
        (["txn", "is_fraud", "Reported At", "Reason"], Columns(0, False, 1, 2, 3)),
        (["anomaly", "id", "verdict"], Columns(0, True, 2, None, None)),
        # The time of the transaction is not when it was known to be a fraud.
        (["transaction_id", "transaction_date", "time"], Columns(0, False, None, None, None)),
        (["transaction_id", "chargeback date"], Columns(0, False, None, 1, None)),
    ],
)
def test_columns_are_found_by_their_names(header: list[str], expected: Columns) -> None:
    assert columns_of(header, {}) == expected


def test_columns_that_are_named_count() -> None:
    header = ["id", "payment", "booked", "what", "anomaly"]
    given_names = {"id": "Payment", "date": "booked", "label": "what"}
    assert columns_of(header, given_names) == Columns(1, False, 3, 2, None)
    assert columns_of(header, {"id": "anomaly"}).is_anomaly
    with pytest.raises(DataError, match='there is no column "day"; the columns are id, payment'):
        columns_of(header, {"date": "day"})


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("71", About.TRANSACTION),
        ("transactions-3-1042", About.ANOMALY),
        ("others-3-1042", About.TRANSACTION),
        ("550e8400-e29b-41d4-a716-446655440000", About.TRANSACTION),
    ],
)
def test_ids_of_anomalies_are_those_of_the_scored_topic(name: str, about: About) -> None:
    assert reading().label_of([name]).about == about


def test_a_label_has_the_same_id_if_it_is_the_same_and_only_then() -> None:
    dated = ONLY_IDS._replace(label=1, date=2, note=3)
    rows_ = [
        ["7", "fraud", "2026-01-05", "x"],
        ["8", "fraud", "2026-01-05", "x"],
        ["7", "expected", "2026-01-05", "x"],
        ["7", "fraud", "2026-01-04", "x"],
    ]
    made = [reading(dated).label_of(row) for row in rows_]
    made += [reading(dated, user="ada").label_of(rows_[0]), reading().label_of(rows_[0])]
    assert len({label.id for label in made}) == len(made)
    again = reading(dated)._replace(now=NOON + 5.0).label_of(["7", "1", "2026-01-05", "y"])
    assert again.id == made[0].id
    # Without a date, the moment of the import is no part of it.
    assert reading()._replace(now=NOON + 5.0).label_of(["7"]).id == made[-1].id


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        *(("Fraud", Verdict.FRAUD), ("1", Verdict.FRAUD), ("TRUE", Verdict.FRAUD)),
        *(("expected", Verdict.EXPECTED), ("0", Verdict.EXPECTED), ("no", Verdict.EXPECTED)),
    ],
)
def test_verdicts_have_several_names(word: str, verdict: Verdict) -> None:
    assert reading(ONLY_IDS._replace(label=1)).label_of(["7", word]).verdict == verdict


def test_dates_are_read_in_the_format_that_is_given() -> None:
    dated = ONLY_IDS._replace(date=1)
    assert reading(dated, time_format="%d.%m.%Y").label_of(["7", "05.01.2026"]).at == 1_767_571_200
    with pytest.raises(DataError, match="is in the future: see --time-format"):
        reading(dated).label_of(["7", "2026-05-01"])
    with pytest.raises(DataError, match="it has no date"):
        reading(dated).label_of(["7"])


def test_a_line_that_is_too_long_is_left_out_and_the_next_one_is_read() -> None:
    found = rows(b"id\n" + b"7" * (3 * LONGEST_LINE) + b"\n8\n")
    assert found == [Row(2, [], "it has more than 10,000 bytes"), Row(3, ["8"])]


def test_a_quote_without_an_end_takes_a_few_lines_with_it_and_no_more() -> None:
    found = rows(b'id,note\n1,"never\n' + b"2,x\n" * 100)
    bad = [row for row in found if row.fault]
    assert [row.line for row in bad] == [2]
    assert "a quote in it has no end" in bad[0].fault
    assert len(found) == 1 + 100 - MOST_LINES


@given(st.binary(max_size=400) | st.text('",;\t\n\r ab7', max_size=200).map(str.encode))
def test_any_file_becomes_labels_and_lines_that_are_left_out(content: bytes) -> None:
    lines = Lines(BytesIO(b"id,fraud,date,note\n" + content))
    header, delimiter = header_of(lines)
    columns = columns_of(header, {})
    for row in rows_of(lines, delimiter):
        assert 2 <= row.line <= lines.number
        if row.fault:
            assert row.fault.isprintable()
            continue
        try:
            made = reading(columns).label_of(row.cells)
        except AnomalyAppError:
            continue
        assert isinstance(made, Label)
