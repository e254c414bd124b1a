"""The schema of the store: made, changed and taken back on a filled database.

The same tests run on PostgreSQL: tests/services/test_store_postgresql.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from anomaly_app.core.feedback.action import Action
from anomaly_app.errors import SchemaDiffers, SettingsError, StoreError, StoreUnavailable
from anomaly_app.store import schema
from anomaly_app.store.engine import open_engine, reading, writing
from anomaly_app.store.tables import metadata
from tests.support.factories import NOON
from tests.support.stores import (
    answer,
    contents,
    emptied,
    erasure,
    expiry,
    follow,
    found,
    in_order,
    incident,
    label,
    member,
    said,
    silence,
    sqlite_store,
)

NEXT = '''"""A version that only this test has."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "2"


def upgrade() -> None:
    with op.batch_alter_table("labels") as table:
        table.add_column(sa.Column("weight", sa.Double(), nullable=False, server_default="1"))
    op.create_index("ix_labels_at", "labels", ["at"])


def downgrade() -> None:
    op.drop_index("ix_labels_at", "labels")
    with op.batch_alter_table("labels") as table:
        table.drop_column("weight")
'''

BROKEN = NEXT.replace(
    "    op.create_index(", '    op.execute("SELECT nonsense")\n    op.create_index('
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    with sqlite_store(tmp_path) as engine:
        yield engine


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "next.py").write_text(NEXT)
    return folder


def fill(store: Engine) -> None:
    follow(
        store,
        in_order(
            *(found(1), found(2), member(1, "i-1"), incident("i-1"), label(), answer("i-1")),
            *(silence(), expiry()),
        ),
    )


def test_the_migrations_make_the_tables_that_the_code_knows(store: Engine) -> None:
    with reading(store) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_preparing_a_second_time_changes_nothing(store: Engine) -> None:
    fill(store)
    before = contents(store, positions=True)
    schema.prepare(store)
    assert contents(store, positions=True) == before


def test_a_filled_database_goes_to_the_next_schema_and_back(store: Engine, versions: Path) -> None:
    fill(store)
    before = contents(store, positions=True)
    schema.upgrade(store, "next", versions)
    with reading(store) as connection:
        assert connection.execute(text("SELECT weight FROM labels")).scalars().all() == [1.0, 1.0]
    assert contents(store, positions=True) == before
    schema.downgrade(store, "2", versions)
    assert contents(store, positions=True) == before
    with reading(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_what_is_erased_is_known_again_after_a_way_back(store: Engine) -> None:
    times = [NOON + 10, NOON + 30, NOON + 20]
    erasures = [erasure("card-1", at, named=f"e-{at:.0f}") for at in times]
    nothing = Action(id="e-9", action="erase", subject="card-1", user="ann", at=NOON)
    fill(emptied(store))
    follow(store, in_order(*erasures, erasure("card-2"), said(nothing)))
    before = contents(store)
    assert len(before["erased"]) == 2
    schema.downgrade(store, "1")
    schema.upgrade(store)
    assert contents(store) == before


def test_a_step_that_fails_changes_nothing(store: Engine, versions: Path) -> None:
    fill(store)
    (versions / "next.py").write_text(BROKEN)
    with pytest.raises((StoreError, StoreUnavailable)):
        schema.upgrade(store, "next", versions)
    assert schema.schema_of(store).found == "2"
    with reading(store) as connection:
        names = {column["name"] for column in inspect(connection).get_columns("labels")}
    assert "weight" not in names


def test_a_newer_schema_is_left_alone(store: Engine, versions: Path) -> None:
    schema.upgrade(store, "next", versions)
    with pytest.raises(SchemaDiffers, match="newer than this app's"):
        schema.prepare(store)


def test_taken_back_to_the_base_nothing_is_left(store: Engine) -> None:
    fill(store)
    schema.downgrade(store, "base")
    with reading(store) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    schema.prepare(store)
    assert contents(store)["anomalies"] == []


def test_an_address_that_cannot_be_read_is_an_error_of_one_line() -> None:
    with pytest.raises(SettingsError, match="ANOMALY_STORE"):
        open_engine("nonsense")


def test_a_folder_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'none' / 'store.db'}")
    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        schema.prepare(engine)


def test_a_file_that_is_no_database_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database at all, only some lines of text\n" * 99)
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with pytest.raises(StoreError, match="not a database"):
        schema.prepare(engine)
    engine.dispose()


def test_a_database_that_another_process_has_locked_is_unavailable(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly_app.store.engine.BUSY_TIMEOUT", 0.05)
    other = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(store), pytest.raises(StoreUnavailable, match="locked"), writing(other):
        pass
    other.dispose()


def test_errors_have_no_password() -> None:
    engine = open_engine("postgresql+psycopg://ann:s3cret@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(StoreUnavailable) as caught:
        schema.prepare(engine)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with_file = open_engine("postgresql://ann@127.0.0.1:1/none", "s3cret")
    assert str(with_file.url.password) == "s3cret"
