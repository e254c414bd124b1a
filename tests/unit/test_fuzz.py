"""Mutated records: a small run of `make fuzz`, and proof that it would find a fault."""

import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from anomaly_app.core.scoring import judge
from anomaly_app.core.scoring.anomaly import Anomaly, write_json
from tests.fuzz import run
from tests.fuzz.__main__ import main
from tests.fuzz.checks import Broken
from tests.fuzz.run import BATCH, Tally, reproduce, subjects, try_batches

RECORDS = 20_000


def ignore(tally: Tally, seconds: float) -> None:
    pass


def test_thousands_of_mutated_records_have_one_outcome_each_and_raise_nothing(
    tmp_path: Path,
) -> None:
    tally, _ = run.run(
        records=RECORDS, seed=1, seconds=600.0, processes=1, folder=tmp_path, say=ignore
    )
    assert tally.broken is None
    assert tally.records >= RECORDS
    apart = {"alerts", "unreadable"}
    assert sum(n for o, n in tally.outcomes.items() if o not in apart) == tally.records
    # Neither end of the way is left out.
    for outcome in ("ordinary", "anomalous", "not-json", "wrong-type", "bad-time", "alerts"):
        assert tally.outcomes[outcome] > RECORDS / 500, outcome


def test_the_same_seed_makes_the_same_records() -> None:
    mutator = subjects()[0].mutator
    first, again, other = (mutator.batch(BATCH, Random(seed)) for seed in (7, 7, 8))  # noqa: S311
    assert first == again
    assert first != other


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A fault at a few records in a hundred: those whose anomaly has an entity with a dash."""
    subjects()
    sound = write_json

    def broken(anomaly: Any) -> bytes:
        if isinstance(anomaly, Anomaly) and "-0042" in (anomaly.entity or ""):
            raise LookupError("of the test")
        return sound(anomaly)

    monkeypatch.setattr(judge, "write_json", broken)
    return monkeypatch


def test_a_fault_is_found_and_saved_as_one_record_that_shows_it(
    faulty: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tally = try_batches(1, range(8), str(tmp_path))
    assert tally.broken is not None
    assert "unscorable: LookupError" in tally.broken
    [saved] = tmp_path.iterdir()
    assert str(saved) in tally.broken
    assert saved.read_text().count('"value"') == 1
    with pytest.raises(Broken, match="LookupError"):
        reproduce(saved)
    faulty.undo()
    assert sum(reproduce(saved).values()) == 1


def test_the_command_says_what_it_found_and_exits_with_1(
    faulty: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty.chdir(tmp_path)
    faulty.setattr(sys, "argv", ["fuzz", "--records", "4096", "--processes", "1", "--seed", "1"])
    assert main() == 1
    said = capsys.readouterr().out
    assert "BROKEN: offset" in said
    [saved] = (tmp_path / "build/fuzz").iterdir()
    faulty.setattr(sys, "argv", ["fuzz", "--reproduce", str(saved)])
    assert main() == 1
    faulty.undo()
    faulty.setattr(sys, "argv", ["fuzz", "--reproduce", str(saved)])
    assert main() == 0
