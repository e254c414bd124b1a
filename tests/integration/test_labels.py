"""Labels by HTTP, on the command line and from a file, with a real worker and a real topic."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.workers import Worker
from tests.support.alerts import TOKEN, opened, page, told_in_a_file
from tests.support.commands import faust
from tests.support.factories import transaction
from tests.support.kafka import Kafka, stats_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


def odd(entity: str) -> bytes:
    return transaction(9_999.0, "casino", entity=entity)


async def the_incident(worker: Worker) -> dict[str, Any]:
    """The only incident, with all that is shown of it."""
    _, found = await page(worker, "GET", "/incidents?status=all")
    [one] = found["incidents"]
    status, shown = await page(worker, "GET", f"/incidents/{one['id']}")
    assert (status, shown["id"]) == (200, one["id"])
    answer: dict[str, Any] = shown
    return answer


async def answers(worker: Worker) -> list[tuple[str, str]]:
    """What is shown that people answered to the only incident."""
    incident = await the_incident(worker)
    return [(one["action"], one["user"]) for one in incident["answers"]]


async def feedback(worker: Worker) -> dict[str, int]:
    counts: dict[str, int] = (await stats_of(worker))["feedback"]
    return counts


async def test_labels_are_kept_and_an_incidents_label_is_its_answer_until_it_is_taken_back(
    kafka: Kafka, tmp_path: Path
) -> None:
    file = told_in_a_file(kafka)
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker:
        [(partition, offset)] = await kafka.produce([odd("card-1")])
        await eventually(lambda: opened(file), lambda found: found["card-1"] == 1)
        anomaly = f"{kafka.transactions}-{partition}-{offset}"
        incident = (await the_incident(worker))["id"]

        # By HTTP, twice with one id: it is one label.
        wish = {"about": "anomaly", "name": anomaly, "verdict": "fraud", "user": "ada", "id": "c-7"}
        for _ in range(2):
            assert (await page(worker, "POST", "/labels", wish))[0] == 201

        # On the command line: the answer is shown, and then it is not.
        add = ("label", "add", "fraud", "--incident", incident, "--user", "bob", "--note", "sure")
        name = faust(kafka, *add).said.strip()
        await eventually(lambda: answers(worker), lambda found: found == [("fraud", "bob")])
        faust(kafka, "label", "undo", name, "--user", "bob")
        await eventually(lambda: answers(worker), lambda found: found == [])

        # By HTTP as well.
        answer = {"about": "incident", "name": incident, "verdict": "expected", "user": "ada"}
        status, made = await page(worker, "POST", "/labels", answer)
        assert status == 201
        await eventually(lambda: answers(worker), lambda found: found == [("expected", "ada")])
        assert (await page(worker, "DELETE", f"/labels/{made['id']}?user=ada"))[0] == 202
        await eventually(lambda: answers(worker), lambda found: found == [])

        # From a file, which is imported twice.
        chargebacks = tmp_path / "chargebacks.csv"
        chargebacks.write_text(f"id,reported_at\n{anomaly},2026-01-05\n71,2026-01-06\n")
        load = ("label", "import", str(chargebacks), "--user", "bank")
        assert faust(kafka, *load).said.splitlines()[-1].startswith("2 label(s) added")
        assert "0 label(s) added" in faust(kafka, *load).said

        # What reached the worker: two answers and two undos, and four messages with labels.
        counts = await eventually(lambda: feedback(worker), lambda found: sum(found.values()) == 8)
        assert counts == {"taken": 4, "label": 4}

        status, refused = await page(worker, "POST", "/labels", {**wish, "name": "card-1"})
        assert (status, "is no anomaly" in refused["error"]) == (400, True)

    records = await kafka.read_all(kafka.feedback)
    said = [json.loads(record.value or b"") for record in records]
    assert {one["group"] for one in said} == {kafka.name}
    kinds = sorted(one["type"] for one in said)
    assert kinds == ["label"] * 4 + ["press"] * 2 + ["undo"] * 2
    [note] = [one["note"] for one in said if one["id"] == name]
    assert note == "sure"

    # Also while no worker runs.
    shown = faust(kafka, "label", "list", "--json").letters
    assert {(one["name"], one["verdict"], one["basis"], one["undone_by"]) for one in shown} == {
        (anomaly, "fraud", "opinion", None),
        (anomaly, "fraud", "outcome", None),
        ("71", "fraud", "outcome", None),
        (incident, "fraud", "opinion", "bob"),
        (incident, "expected", "opinion", "ada"),
    }
    [row] = faust(kafka, "label", "list", "--transaction", "71").said.splitlines()[1:]
    assert "transaction 71" in row


def test_without_a_worker_ever_there_is_nothing_to_label(kafka: Kafka) -> None:
    line = faust(kafka, "label", "add", "fraud", "--entity", "card-1").error_line
    assert "does not exist" in line
    assert faust(kafka, "label", "add", "fraud").error_line.startswith("Error: say of what")
