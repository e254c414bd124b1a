"""Dead letters of a real worker, repaired and replayed; and a replay that a broker refuses."""

import asyncio
import json

import pytest

from tests.support.commands import Ended
from tests.support.dead_letters import dlq, letter, prepare
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

SMALL = "2000"
"""Bytes that the first worker reads of a record at most."""

LARGE = transaction(5_000.0, "casino", id="large", note="x" * 3_000)
TRUNCATED = transaction(6_000.0, "casino", id="truncated")[:-2]
REPAIRED = TRUNCATED + b'"}'
HOPELESS = b"\x1b[2J\xff"


async def ask(kafka: Kafka, *arguments: str, stdin: str = "") -> Ended:
    return await asyncio.to_thread(dlq, kafka, *arguments, stdin=stdin)


async def test_dead_letters_are_repaired_replayed_and_scored(kafka: Kafka) -> None:
    async with kafka.worker(ANOMALY_MAX_RECORD_BYTES=SMALL):
        bad = [LARGE, TRUNCATED, HOPELESS]
        places = await kafka.produce(bad, keys=lambda n: [b"card-1", b"card-2", None][n])
        await kafka.read(kafka.dead_letters, len(bad), linger=0)

    listed = (await ask(kafka, "list", "--json")).letters
    by_source = {(line["source"]["partition"], line["source"]["offset"]): line for line in listed}
    large, truncated, hopeless = (by_source[place] for place in places)
    assert [line["reason"] for line in (large, truncated, hopeless)] == [
        *("too-large", "not-json", "not-utf8")
    ]
    truncated["value"] = REPAIRED.decode()

    # With the first worker's limit, the large one would only come back.
    tried = await asyncio.to_thread(dlq, kafka, "replay", "--all", ANOMALY_MAX_RECORD_BYTES=SMALL)
    assert tried.out.splitlines()[0] == f"replayed 0 to {kafka.transactions}"
    assert "left 3 still not accepted" in tried.out

    async with kafka.worker() as worker:
        repaired = json.dumps(truncated)
        replayed = await ask(kafka, "replay", "--all", "--repaired", "-", stdin=repaired)
        assert replayed.out.splitlines() == [
            f"replayed 2 to {kafka.transactions}",
            "left 1 still not accepted: 1 not-utf8",
        ]
        anomalies = await kafka.read_anomalies(2)
        left = (await ask(kafka, "list", "--json")).letters
        again = await ask(kafka, "replay", "--all")
        stats = await eventually(lambda: stats_of(worker), lambda s: s["scored"] == 2)

    everything = (await ask(kafka, "list", "--json", "--replayed")).letters
    sent_to = {line["place"]: line.get("replayed_to") for line in everything}
    assert {a.transaction["id"]: a.id for a in anomalies} == {
        "large": sent_to[large["place"]],
        "truncated": sent_to[truncated["place"]],
    }
    assert {a.transaction["id"]: a.entity for a in anomalies} == {
        "large": "card-1",
        "truncated": "card-2",
    }
    assert [line["place"] for line in left] == [hopeless["place"]]
    assert again.out.splitlines() == [
        f"replayed 0 to {kafka.transactions}",
        "left 1 still not accepted: 1 not-utf8",
        "left 2 already replayed",
    ]
    assert stats["dead_letters"] == 0


async def test_a_replay_that_is_refused_says_how_much_was_done_and_goes_on_later(
    kafka: Kafka,
) -> None:
    # The limit is that of a batch of records: one that is larger travels alone.
    letters = [
        letter(kafka, transaction(id=1)),
        letter(kafka, transaction(id=2, note="x" * 30_000), partition=1),
        letter(kafka, transaction(id=3), partition=2),
    ]
    places = await prepare(kafka, letters, **{"max.message.bytes": "20000"})
    stopped = dlq(kafka, "replay", "--all").error_line
    refused = f"letter {places[1]} could not be sent to {kafka.transactions}"
    assert f"{refused}: MessageSizeTooLargeError" in stopped
    assert "2 were replayed before that" in stopped
    assert [line["place"] for line in dlq(kafka, "list", "--json").letters] == [str(places[1])]
    smaller = json.dumps({"place": str(places[1]), "value": transaction(id=2).decode()})
    done = dlq(kafka, "replay", "--repaired", "-", stdin=smaller)
    assert done.out == f"replayed 1 to {kafka.transactions}\n"
    sent = await kafka.read(kafka.transactions, 3)
    assert sorted(json.loads(record.value)["id"] for record in sent) == [1, 2, 3]
