"""A backup holds everything, and a restore into an empty database gives it back.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from anomaly_app.errors import StoreError
from anomaly_app.store import schema
from anomaly_app.store.backup import export, restore
from tests.support.stores import Message, contents, emptied, follow, found, in_order, sqlite_store
from tests.unit.test_store_writing import STREAMS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with sqlite_store(tmp_path_factory.mktemp("store")) as engine:
        yield engine


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(stream=STREAMS)
def test_a_restored_store_is_the_same(store: Engine, tmp_path: Path, stream: list[Message]) -> None:
    follow(emptied(store), stream)
    before = contents(store, positions=True)
    counts = export(store, tmp_path / "backup.gz")
    assert counts == {table: len(found) for table, found in before.items()}
    assert restore(emptied(store), tmp_path / "backup.gz") == counts
    assert contents(store, positions=True) == before


def test_hostile_text_survives(store: Engine, tmp_path: Path) -> None:
    hostile = '\n"}\\\u2028;drop table labels--\x7f\u202e'
    follow(emptied(store), in_order(found(1, entity=hostile)))
    before = contents(store)
    export(store, tmp_path / "backup.gz")
    restore(emptied(store), tmp_path / "backup.gz")
    assert contents(store) == before
    assert before["anomalies"][0]["entity"] == hostile


def test_many_rows_are_restored(store: Engine, tmp_path: Path) -> None:
    follow(emptied(store), in_order(*(found(place) for place in range(2_300))), at_once=2_300)
    before = contents(store)
    export(store, tmp_path / "backup.gz")
    restore(emptied(store), tmp_path / "backup.gz")
    assert contents(store) == before


def test_a_store_with_rows_is_not_overwritten(store: Engine, tmp_path: Path) -> None:
    follow(emptied(store), in_order(found(1)))
    export(store, tmp_path / "backup.gz")
    with pytest.raises(StoreError, match="not empty"):
        restore(store, tmp_path / "backup.gz")


@pytest.mark.parametrize("kept", [0, 40, -1])
def test_a_file_that_was_cut_off_changes_nothing(store: Engine, tmp_path: Path, kept: int) -> None:
    follow(emptied(store), in_order(found(1), found(2)))
    backup = tmp_path / "backup.gz"
    export(store, backup)
    backup.write_bytes(backup.read_bytes()[:kept])
    with pytest.raises(StoreError, match="no whole backup"):
        restore(emptied(store), backup)
    assert contents(store)["anomalies"] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0], lines[1].replace(b'"score"', b'"scores"'), *lines[2:]],
        lambda lines: [lines[0], lines[1].replace(b'"anomalies"', b'"sqlite_master"'), *lines[2:]],
        lambda lines: [lines[0].replace(b'"2"', b'"0"'), *lines[1:]],
        lambda lines: [b"[]\n", *lines[1:]],
    ],
)
def test_a_file_that_somebody_changed_is_not_restored(
    store: Engine, tmp_path: Path, change: object
) -> None:
    follow(emptied(store), in_order(found(1), found(2)))
    backup = tmp_path / "backup.gz"
    export(store, backup)
    lines = gzip.decompress(backup.read_bytes()).splitlines(keepends=True)
    assert callable(change)
    backup.write_bytes(gzip.compress(b"".join(change(lines))))
    with pytest.raises(StoreError, match=r"backup"):
        restore(emptied(store), backup)
    assert contents(store)["anomalies"] == []


def test_a_backup_needs_a_folder_and_leaves_no_part_behind(store: Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        export(store, tmp_path / "none" / "backup.gz")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_has_no_backup(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as engine:
        schema.downgrade(engine, "base")
        with pytest.raises(StoreError, match="schema none"):
            export(engine, tmp_path / "backup.gz")
