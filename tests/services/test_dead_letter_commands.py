"""`dlq list` and `dlq replay` as commands, on letters that the tests wrote."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.processes import free_port
from tests.support.dead_letters import HOSTILE, dlq, letter, prepare, some_letters
from tests.support.factories import transaction
from tests.support.kafka import Kafka

pytestmark = pytest.mark.broker


async def test_hostile_bytes_never_reach_the_terminal_and_json_has_them_all(kafka: Kafka) -> None:
    text = "\x1b[31m\x85\u202e €nusual"
    hostile = [
        letter(kafka, HOSTILE, key=HOSTILE, error=f"not-json: {text}"),
        letter(kafka, text.encode(), key=text.encode(), topic=text, error=f"{text}: x"),
    ]
    await prepare(kafka, hostile)
    shown = dlq(kafka, "list")
    assert all(line.isprintable() for line in shown.out.split("\n"))
    assert r"\x1b]0;owned\x07\x9b2J\r\n\xff" in shown.out
    assert r"\x1b[31m\x85\u202e €nusual" in shown.out
    latin = dlq(kafka, "list", PYTHONIOENCODING="latin-1")
    assert r"\u202e \u20acnusual" in latin.out

    listed = dlq(kafka, "list", "--json")
    assert listed.out.isascii()
    assert [line.get("value") for line in listed.letters] == [None, text]
    assert listed.letters[0]["value_base64"] == listed.letters[0]["key_base64"]
    assert listed.err.splitlines()[-1] == "      2         0  (all)"


async def test_what_would_be_accepted_now_is_replayed_once_and_the_rest_is_left(
    kafka: Kafka,
) -> None:
    letters = some_letters(kafka)
    letters.append(letter(kafka, transaction(), topic="somewhere-else", partition=3))
    places = await prepare(kafka, letters)

    tried = dlq(kafka, "replay", "--all", "--dry-run")
    account = [
        "left 2 still not accepted: 1 not-json, 1 null-value",
        f"left 1 that did not come from {kafka.transactions}",
    ]
    assert tried.out.splitlines()[-3:] == [f"would replay 2 to {kafka.transactions}", *account]
    fates = {line.split()[0]: line.split()[1].strip(",") for line in tried.out.splitlines()[:5]}
    assert [fates[str(place)] for place in places] == [
        *("replay", "leave", "replay", "leave", "leave")
    ]

    replayed = dlq(kafka, "replay", "--all")
    assert (replayed.code, replayed.err) == (0, "")
    assert replayed.out.splitlines() == [f"replayed 2 to {kafka.transactions}", *account]

    records = await kafka.read(kafka.transactions, 2)
    assert len(records) == 2
    originals = {str(places[0]): letters[0], str(places[2]): letters[2]}
    sent_to = {}
    for record in records:
        [(name, origin)] = record.headers
        assert name == "replayed-from"
        place = origin.decode().removeprefix(f"{kafka.dead_letters}-")
        original = originals.pop(place)
        assert (record.key, record.value) == (original.key, original.value)
        sent_to[place] = f"{kafka.transactions}-{record.partition}-{record.offset}"

    assert [line["place"] for line in dlq(kafka, "list", "--json").letters] == [
        str(places[1]),
        str(places[3]),
        str(places[4]),
    ]
    everything = dlq(kafka, "list", "--json", "--replayed").letters
    marked = {line["place"]: line["replayed_to"] for line in everything if "replayed_to" in line}
    assert marked == sent_to
    assert len(everything) == 5

    again = dlq(kafka, "replay", "--all")
    assert again.out.splitlines()[0] == f"replayed 0 to {kafka.transactions}"
    assert "left 2 already replayed" in again.out
    assert len(await kafka.read(kafka.transactions, 2)) == 2


async def test_letters_are_replayed_by_reason_and_by_place(kafka: Kafka) -> None:
    letters = [
        letter(kafka, transaction(id=n), error=f"{reason}: {n}", partition=n % 2)
        for n, reason in enumerate(["not-json", "bad-time", "bad-time", "too-large"])
    ]
    places = await prepare(kafka, letters)
    dlq(kafka, "replay", "--offset", str(places[3]), "--offset", str(places[0]))
    sent = await kafka.read(kafka.transactions, 2)
    assert sorted(json.loads(record.value)["id"] for record in sent) == [0, 3]
    dlq(kafka, "replay", "--reason", "bad-time", "--offset", str(places[2]))
    sent = await kafka.read(kafka.transactions, 3)
    assert sorted(json.loads(record.value)["id"] for record in sent) == [0, 2, 3]


async def test_a_record_with_two_letters_is_replayed_once(kafka: Kafka) -> None:
    # A worker that died before it committed left the first one behind.
    twice = [letter(kafka, transaction()), letter(kafka, transaction())]
    await prepare(kafka, [*twice, letter(kafka, transaction(), offset=8)])
    replayed = dlq(kafka, "replay", "--all")
    assert replayed.out.splitlines() == [
        f"replayed 2 to {kafka.transactions}",
        "left 1 already replayed",
    ]
    assert dlq(kafka, "list").said == ("WAITING  REPLAYED  REASON\n      0         3  not-json\n")


async def test_repaired_values_are_sent_and_only_those_that_are_accepted(kafka: Kafka) -> None:
    places = await prepare(kafka, some_letters(kafka))
    lines = dlq(kafka, "list", "--json", "--reason", "not-json", "--reason", "null-value").letters
    lines[0]["value"] = transaction(30.0, id="repaired").decode()
    lines[1]["value"] = "still not it"
    repaired = "\n".join(json.dumps(line) for line in lines)

    narrow = dlq(kafka, "replay", "--repaired", "-", "--reason", "null-value", stdin=repaired)
    assert narrow.out.splitlines() == [
        f"replayed 0 to {kafka.transactions}",
        "left 1 still not accepted: 1 not-json",
        "left 1 repaired but not selected",
    ]
    file = kafka.folder / "letters.jsonl"
    file.write_text(repaired)
    done = dlq(kafka, "replay", "--repaired", str(file))
    assert done.out.splitlines() == [
        f"replayed 1 to {kafka.transactions}",
        "left 1 still not accepted: 1 not-json",
    ]
    [record] = await kafka.read(kafka.transactions, 1)
    assert record.value == transaction(30.0, id="repaired")
    assert record.key is None
    assert dict(record.headers)["replayed-from"].decode().endswith(f"-{places[1]}")


async def test_a_file_of_repairs_that_is_wrong_sends_nothing(kafka: Kafka) -> None:
    [place] = await prepare(kafka, [letter(kafka, transaction())])
    good = json.dumps({"place": str(place), "value": transaction().decode()})
    for line, complaint in [
        ("{", "<stdin> line 2 is not a line"),
        ('{"place": "3-99", "value": "x"}', "no dead letter at 3-99"),
    ]:
        refused = dlq(kafka, "replay", "--repaired", "-", stdin=f"{good}\n{line}\n")
        assert complaint in refused.error_line
    assert await kafka.read(kafka.transactions, 0) == []


async def test_many_and_large_letters_are_replayed_in_batches(kafka: Kafka) -> None:
    values = [transaction(id=n) for n in range(450)]
    values.append(transaction(id=450, note="x" * 5_000_000))
    await prepare(kafka, [letter(kafka, value, partition=n % 4) for n, value in enumerate(values)])
    replayed = dlq(kafka, "replay", "--all", ANOMALY_MAX_RECORD_BYTES="6000000")
    assert replayed.out == f"replayed 451 to {kafka.transactions}\n"
    sent = await kafka.read(kafka.transactions, 451)
    assert sorted(json.loads(record.value)["id"] for record in sent) == list(range(451))
    assert dlq(kafka, "list").said == ("WAITING  REPLAYED  REASON\n      0       451  not-json\n")


async def test_a_reader_that_has_seen_enough_is_no_fault(kafka: Kafka) -> None:
    await prepare(kafka, [letter(kafka, b"x" * 100_000) for _ in range(9)])
    faust = str(Path(sys.executable).with_name("faust"))
    process = subprocess.Popen(
        [faust, "-A", "anomaly_app.app", "dlq", "list", "--json"],
        env={**os.environ, **kafka.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["reason"] == "not-json"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_what_cannot_be_done_is_said_in_one_line(kafka: Kafka) -> None:
    assert "nothing selected" in dlq(kafka, "replay").error_line
    assert "either --all" in dlq(kafka, "replay", "--all", "--reason", "not-json").error_line
    nowhere = f"kafka://127.0.0.1:{free_port()}"
    unreachable = dlq(kafka, "list", ANOMALY_BROKER=nowhere)
    assert f"no broker answers at {nowhere}" in unreachable.error_line
    assert f"topic {kafka.dead_letters} does not exist" in dlq(kafka, "list").error_line
    assert "ANOMALY_PARTITIONS" in dlq(kafka, "list", ANOMALY_PARTITIONS="x").error_line
    no_model = dlq(kafka, "replay", "--all", ANOMALY_MODEL=str(kafka.folder / "none"))
    assert "python -m training fit" in no_model.error_line

    unknown = dlq(kafka, "list", "--reason", "bad-tiem")
    assert unknown.code == 2
    assert "'bad-tiem' is not one of 'null-value'" in unknown.err
