"""``python -m training retrain``: what it reads, says and writes, and how it fails."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.messages import feedback_key, write_feedback
from anomaly_app.core.learning.label import About, Undo, Verdict
from anomaly_app.core.model.manifest import Manifest, read_manifest
from anomaly_app.core.times import iso_time
from anomaly_app.registry.artifacts import load_model, next_version
from anomaly_app.registry.versions import CANDIDATE_FILE, MANIFEST_FILE, MODEL_FILE, find_version
from tests.support.factories import NOON, history
from tests.support.memory_kafka import MemoryBroker, clients_of
from tests.support.retraining import label
from tests.support.stores import answer, found, member, said, sqlite_store, take
from training.cli import cli

ROWS, SEEN = 1_500, 500

STEP = 900.0

FRAUDS = [1_210 + 20 * place for place in range(12)]
"""Rows that are judged."""

FAST = ["--detector", "robust_zscore", "--alert-rate", "0.01"]

EARLY = [600, 650, 700]
"""Rows that are learnt."""


def run(*arguments: object) -> tuple[int, str]:
    ended = CliRunner().invoke(cli, ["retrain", *map(str, arguments)])
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.exit_code, " ".join(ended.output.split())


def time_of(row: int) -> float:
    return NOON + STEP * row


def table(rows: int) -> pl.DataFrame:
    made = history(ROWS, 5, anomalies=0)
    amount = made.frame["amount"].to_numpy().copy()
    amount[[*FRAUDS, *EARLY]] = 400.0
    return pl.DataFrame(
        {
            "id": range(ROWS),
            "card": made.entities,
            "time": [time_of(row) for row in range(ROWS)],
            "amount": amount,
            "shop": made.frame["shop"],
        }
    )[:rows]


def chargebacks(rows: Sequence[int], verdict: str = "fraud", after: float = 3_600.0) -> str:
    lines = [f"{row},{verdict},{iso_time(time_of(row) + after)}" for row in rows]
    return "\n".join(["transaction_id,label,reported_at", *lines]) + "\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, newer data, and labels."""
    monkeypatch.chdir(tmp_path)
    table(SEEN).write_csv("old.csv")
    table(ROWS).write_csv("new.csv")
    Path("labels.csv").write_text(chargebacks([*FRAUDS, *EARLY]))
    ended = CliRunner().invoke(cli, ["fit", "old.csv", *FAST])
    assert ended.exit_code == 0, ended.output
    return tmp_path


def manifest_of(version: int, name: str = "transactions") -> Manifest:
    text = (Path("models") / name / str(version) / MANIFEST_FILE).read_bytes()
    return read_manifest(text, where=name)


@pytest.mark.usefixtures("here")
def test_a_retrained_model_is_the_next_version_and_is_compared_with_the_old_one() -> None:
    code, output = run("new.csv", "--labels", "labels.csv")
    assert code == 0, output
    for words in (
        'columns: id is "transaction_id", label is "label", date is "reported_at"',
        "15 labels from the file labels.csv apply to 15 rows",
        "by the labels known then; 3 frauds are left out",
        "transactions on 300 rows of new.csv that neither has seen",
        "known frauds found │ 12 of 12",
        "average precision on 12 known frauds",
        "what would be lost: 0 known frauds",
        "wrote models/transactions/2 as a candidate: nothing was replaced",
        "to try it in one worker: ANOMALY_MODEL=models/transactions/2",
        "to accept it: rm models/transactions/2/candidate",
    ):
        assert words in output, words
    old, new = manifest_of(1), manifest_of(2)
    assert (new.detector, new.alert_rate, new.roles) == (old.detector, old.alert_rate, old.roles)
    assert new.training.rows + new.training.held_back == 1_200 - len(EARLY)
    assert new.training.trained_until == time_of(1_199)


@pytest.mark.usefixtures("here")
def test_a_candidate_is_not_used_until_it_is_accepted_and_old_versions_are_not_touched() -> None:
    folder = Path("models/transactions")
    before = {file: file.read_bytes() for file in (folder / "1").iterdir()}
    run("new.csv", "--labels", "labels.csv")
    assert {file: file.read_bytes() for file in (folder / "1").iterdir()} == before
    assert find_version(folder) == folder / "1"
    assert load_model(folder).manifest.version == "1"
    assert load_model(folder / "2").manifest.version == "2"
    assert next_version(Path("models"), "transactions") == "3"
    # The next one is compared with the version in use, not with the candidate.
    _, output = run("new.csv", "--labels", "labels.csv")
    assert "wrote models/transactions/3 as a candidate" in output
    assert "workers keep models/transactions/1" in output
    (folder / "2" / CANDIDATE_FILE).unlink()
    assert find_version(folder) == folder / "2"


@pytest.mark.usefixtures("here")
def test_a_dry_run_writes_nothing() -> None:
    code, output = run("new.csv", "--labels", "labels.csv", "--dry-run")
    assert code == 0, output
    assert "wrote nothing, because of --dry-run" in output
    assert not Path("models/transactions/2").exists()


@pytest.mark.usefixtures("here")
def test_only_if_better_writes_nothing_without_a_sure_improvement() -> None:
    code, output = run("new.csv", "--labels", "none", "--only-if-better")
    assert code == 0, output
    assert "too few labels to tell" in output
    assert "wrote nothing: the new model is not better beyond chance" in output
    assert not Path("models/transactions/2").exists()


@pytest.mark.usefixtures("here")
def test_only_if_better_writes_what_is_better() -> None:
    # The old model learnt from frauds: it does not alert on what it has seen so often.
    spoilt = table(SEEN).with_columns(
        pl.when(pl.col("id") % 3 == 0).then(400.0).otherwise(pl.col("amount")).alias("amount")
    )
    spoilt.write_csv("old.csv")
    assert CliRunner().invoke(cli, ["fit", "old.csv", *FAST, "--name", "blind"]).exit_code == 0
    code, output = run("new.csv", "--labels", "labels.csv", "--name", "blind", "--only-if-better")
    assert code == 0, output
    assert "version 2 is better than version 1" in output
    assert Path("models/blind/2", MODEL_FILE).exists()


@pytest.mark.usefixtures("here")
def test_options_change_the_choices_of_the_old_model() -> None:
    code, output = run(
        *("new.csv", "--labels", "none", "--detector", "knn", "--param", "n_neighbors=4"),
        *("--alerts-per-day", "3", "--holdout", "30%", "--out", "others", "--name", "cards"),
        *("--against", "models/transactions/1"),
    )
    assert code == 0, output
    folder = Path("others/cards/1")
    new = load_model(folder)
    assert (new.manifest.detector, new.params["n_neighbors"]) == ("knn", 4)
    assert new.manifest.alerts_a_day == 3
    assert new.manifest.training.rows + new.manifest.training.held_back == 1_050


@pytest.mark.usefixtures("here")
def test_a_budget_of_alerts_is_kept_when_traffic_changes() -> None:
    budget = ["--detector", "robust_zscore", "--alerts-per-day", "2", "--name", "budget"]
    assert CliRunner().invoke(cli, ["fit", "old.csv", *budget]).exit_code == 0
    code, output = run("new.csv", "--labels", "none", "--name", "budget")
    assert code == 0, output
    assert manifest_of(2, "budget").threshold_rule.startswith("at most 2 alerts a day")


@pytest.mark.usefixtures("here")
def test_a_model_with_a_memory_is_retrained_with_its_memory() -> None:
    remembering = ["--detector", "robust_zscore", "--memory", "card-transactions"]
    ended = CliRunner().invoke(cli, ["fit", "old.csv", *remembering, "--name", "remembers"])
    assert ended.exit_code == 0, ended.output
    code, output = run("new.csv", "--labels", "labels.csv", "--name", "remembers")
    assert code == 0, output
    old, new = manifest_of(1, "remembers"), manifest_of(2, "remembers")
    assert old.schema.memory is not None
    assert new.schema.memory == old.schema.memory
    assert [one.name for one in new.schema.inputs] == [one.name for one in old.schema.inputs]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv", "--labels", "none"], "missing.csv"),
        (["new.csv", "--labels", "missing.csv"], "--labels missing.csv cannot be read: No such"),
        (["new.csv", "--labels", "maybe.csv"], "no line of maybe.csv is a label: line 2"),
        (["new.csv", "--labels", "store"], "there is no store at sqlite:///anomalies.db"),
        (["old.csv", "--labels", "none"], "the old model has seen the data"),
        (["new.csv", "--labels", "none", "--last", "7d"], "--last needs a topic"),
        (["new.csv", "--labels", "none", "--holdout", "120%"], "not a share such as 0.2 or 20%"),
        (["new.csv", "--labels", "none", "--holdout", "1%"], "100 are needed to judge on"),
        (["new.csv", "--labels", "none", "--against", "models/x"], "there is no model at models/x"),
        (["new.csv", "--labels", "none", "--name", "x"], "there is no model at models/x"),
        (["small.csv", "--labels", "none"], "there is no column 'shop'"),
        (
            ["new.csv", "--labels", "none", "--alert-rate", "0.1", "--alerts-per-day", "3"],
            "give only one of --alert-rate",
        ),
        (["new.csv", "--labels", "none", "--param", "trim"], "name=value"),
        (["kafka://nowhere", "--labels", "none"], "is not kafka://HOST:PORT/TOPIC"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_mistake_is_one_line(arguments: list[str], words: str) -> None:
    table(ROWS).drop("shop").write_csv("small.csv")
    Path("maybe.csv").write_text("id,label\n7,maybe\n")
    ended = CliRunner().invoke(cli, ["retrain", *arguments])
    assert ended.exit_code in {1, 2}
    assert isinstance(ended.exception, SystemExit)
    assert words in " ".join(ended.output.split())
    [*_, last] = ended.output.splitlines()
    assert last.startswith("Error: ")
    assert not Path("models/transactions/2").exists()


@pytest.mark.usefixtures("here")
def test_lines_of_a_file_that_are_no_label_are_told() -> None:
    with Path("labels.csv").open("a") as file:
        file.write("71,maybe,2026-01-02\n72,fraud,\n")
    code, output = run("new.csv", "--labels", "labels.csv", "--dry-run")
    assert code == 0, output
    assert 'line 17 of labels.csv is left out: its label "maybe" is neither' in output
    assert "line 18 of labels.csv is left out: it has no date" in output


@pytest.mark.usefixtures("here")
def test_labels_without_a_date_are_judged_by_and_not_learnt() -> None:
    Path("undated.csv").write_text("id\n" + "\n".join(map(str, [*FRAUDS, *EARLY])) + "\n")
    code, output = run("new.csv", "--labels", "undated.csv", "--dry-run")
    assert code == 0, output
    assert "all are known from now on" in output
    assert "frauds are left out" not in output
    assert "known frauds found │ 12 of 12" in output


@pytest.fixture
def broker(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBroker]:
    assert here.is_dir()
    monkeypatch.setenv("ANOMALY_BROKER", MemoryBroker.address)
    with clients_of(MemoryBroker()) as made:
        yield made


def fill(broker: MemoryBroker) -> dict[int, str]:
    """Write the transactions to the topic; the place of each."""
    broker.create("transactions")
    places = {}
    for number, row in enumerate(table(ROWS).to_dicts()):
        value = json.dumps(row).encode()
        at = broker.append("transactions", value, row["card"].encode(), timestamp_ms=0)
        places[number] = f"transactions-{at.partition}-{at.offset}"
    return places


def say(broker: MemoryBroker, what: Any) -> None:
    broker.append("feedback", write_feedback(what, "anomaly-app"), feedback_key(what))


def test_without_data_the_topic_that_workers_score_is_read_with_labels_from_feedback(
    broker: MemoryBroker,
) -> None:
    places = fill(broker)
    broker.create("feedback")
    for row in FRAUDS:
        about: dict[str, Any] = {
            "about": About.ANOMALY,
            "name": places[row],
            "at": time_of(row) + 60.0,
        }
        say(broker, label(row, **about))
    say(broker, label(650, at=time_of(700)))
    code, output = run()
    assert code == 0, output
    assert "13 labels from the topic feedback apply to 13 rows" in output
    assert "1 frauds are left out" in output
    assert "300 rows of topic transactions" in output
    assert "known frauds found │ 12 of 12" in output
    assert manifest_of(2).roles.id == "id"


def test_a_model_that_was_fitted_on_the_topic_is_retrained_on_it(broker: MemoryBroker) -> None:
    broker.create("transactions")
    address = f"{MemoryBroker.address}/transactions"
    for place, row in enumerate(table(ROWS).to_dicts()):
        # Kafka's key and timestamp are the entity and the time.
        value = json.dumps({"amount": row["amount"], "shop": row["shop"]}).encode()
        at = int(row["time"] * 1000)
        broker.append("transactions", value, row["card"].encode(), timestamp_ms=at)
        if place == SEEN:
            ended = CliRunner().invoke(cli, ["fit", address, *FAST, "--name", "by-key"])
            assert ended.exit_code == 0, ended.output
    code, output = run(address, "--labels", "none", "--name", "by-key")
    assert code == 0, output
    old, new = manifest_of(1, "by-key"), manifest_of(2, "by-key")
    assert (old.roles.key, old.roles.time) == ("kafka_key", "kafka_timestamp")
    assert new.roles == old.roles
    assert [one.name for one in new.schema.features] == [one.name for one in old.schema.features]


def test_answers_to_incidents_are_counted_where_nobody_knows_their_anomalies(
    broker: MemoryBroker,
) -> None:
    broker.create("feedback")
    for name in ("p-1", "p-2"):
        press = {"id": name, "incident": "i-1", "action": "fraud", "receiver": "slack"}
        say(broker, Press(**press, user="ada", at=NOON))
    say(broker, Undo(id="u-1", said="p-2", user="ada", at=NOON))
    say(broker, Press(id="p-3", incident="i-1", action="take", receiver="s", user="ada", at=NOON))
    code, output = run("new.csv", "--dry-run")
    assert code == 0, output
    assert "1 answers to incidents are left out: only the store knows" in output


@pytest.mark.usefixtures("here")
def test_it_is_said_if_labels_apply_to_nothing() -> None:
    Path("labels.csv").write_text("id,at\nno-such-id,2026-01-02\n")
    code, output = run("new.csv", "--labels", "labels.csv", "--dry-run")
    assert code == 0, output
    assert "no label applies to any row: labels are found by the transaction's id" in output


def test_a_topic_without_feedback_yet_has_no_labels(broker: MemoryBroker) -> None:
    fill(broker)
    code, output = run("--dry-run")
    assert code == 0, output
    assert "the topic feedback does not exist: nobody has said anything" in output


def test_without_a_broker_it_is_said_that_labels_may_come_from_a_file(broker: MemoryBroker) -> None:
    broker.is_down = True
    code, output = run("new.csv")
    assert code == 1
    assert "without a broker, use --labels FILE or --labels none" in output


@pytest.mark.usefixtures("here")
def test_the_store_knows_the_anomalies_of_an_incident_and_the_ids_of_transactions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    messages = [found(row, transaction_id=str(row)) for row in [*FRAUDS, *EARLY]]
    messages += [member(row, "i-1") for row in FRAUDS]
    messages += [answer("i-1", at=time_of(ROWS)), said(label(650, at=time_of(700)))]
    messages += [said(label(700, Verdict.EXPECTED, at=time_of(710), user="bob"))]
    with sqlite_store(tmp_path) as engine:
        take(engine, messages)
    monkeypatch.setenv("ANOMALY_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    code, output = run("new.csv")
    assert code == 0, output
    assert "3 labels from the store sqlite" in output
    assert "apply to 14 rows" in output
    assert "1 frauds are left out; 1 expected rows are ordinary for certain" in output
    assert "known frauds found │ 12 of 12" in output


@pytest.mark.usefixtures("here")
def test_a_version_that_another_command_has_just_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.commands.retrain.next_version", lambda *_: "1")
    code, output = run("new.csv", "--labels", "none")
    assert code == 1
    assert "model models/transactions/1 cannot be written (File exists)" in output


@pytest.mark.usefixtures("here")
def test_what_only_the_store_still_has_is_learnt_if_it_was_expected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long_ago = NOON - 30 * 86_400.0
    messages = [found(row, time=long_ago + row) for row in range(5_000, 5_012)]
    messages += [
        said(label(row, Verdict.EXPECTED, about=About.ANOMALY, name=f"transactions-0-{row}"))
        for row in range(5_000, 5_008)
    ]
    messages += [
        said(label(row, about=About.ANOMALY, name=f"transactions-0-{row}"))
        for row in range(5_008, 5_011)
    ]
    with sqlite_store(tmp_path) as engine:
        take(engine, messages)
    monkeypatch.setenv("ANOMALY_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    code, output = run("new.csv")
    assert code == 0, output
    assert "8 expected rows are ordinary for certain; 8 of them are only in the store" in output
    assert "of 3 known frauds that only the store still has, the old model finds 3" in output
    training = manifest_of(2).training
    assert training.rows + training.held_back == 1_200 + 8
    # Masked messages do not have the values that a model learns from.
    monkeypatch.setenv("ANOMALY_ROLES", "mask=shop")
    code, output = run("new.csv", "--dry-run")
    assert code == 0, output
    assert "only in the store" not in output


def test_times_of_the_table_are_those_of_the_labels() -> None:
    assert np.diff(table(5)["time"].to_numpy()).tolist() == [STEP] * 4
