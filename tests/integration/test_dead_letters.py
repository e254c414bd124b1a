"""The commands for dead letters on the embedded broker; tests/kafka has the others."""

import sys
from pathlib import Path

import pytest

from tests.support.dead_letters import dlq, prepare, some_letters
from tests.support.kafka import ROOT, Kafka, run_to_its_end

pytestmark = pytest.mark.broker


def test_the_list_shows_every_letter_and_counts_them_by_reason(kafka: Kafka) -> None:
    places = prepare(kafka, some_letters(kafka))
    shown = dlq(kafka, "list")
    assert (shown.code, shown.err) == (0, "")
    for place in places:
        assert f"\n{place} " in shown.out
    assert f"{kafka.transactions}-1-2" in shown.out
    assert "(no key)" in shown.out
    assert "(no value)" in shown.out
    assert "of an old model" in shown.out
    counts = "4 dead letters: 1 not-json, 1 null-value, 1 too-large, 1 wrong-type"
    assert shown.out.splitlines()[-1] == counts

    limited = dlq(kafka, "list", "--limit", "1", "--reason", "not-json", "--reason", "null-value")
    [last] = limited.out.splitlines()[4:]
    assert last == "2 dead letters: 1 not-json, 1 null-value; the first 1 are shown"
    one = dlq(kafka, "list", "--json", "--offset", str(places[2]))
    assert [line["place"] for line in one.letters] == [str(places[2])]


def test_faust_lists_the_command(kafka: Kafka) -> None:
    faust = str(Path(sys.executable).with_name("faust"))
    code, said = run_to_its_end([faust, "-A", "anomaly_app.app", "--help"], kafka.environment, ROOT)
    assert code == 0
    assert "dlq " in said
