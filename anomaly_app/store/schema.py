"""The schema of the database: which version it has, and how to get it to this app's."""

from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from anomaly_app.errors import SchemaDiffers
from anomaly_app.store.engine import reading, shown, writing

MIGRATIONS = Path(__file__).parent / "migrations"

NEWEST = "head"


class Schema(NamedTuple):
    """Versions of the schema."""

    found: str | None
    """Of the database; None if it has no tables of ours."""
    wanted: str
    """Of this app."""
    known: frozenset[str]
    """All that this app knows."""

    @property
    def is_newer(self) -> bool:
        """Whether a newer app has made the tables."""
        return self.found is not None and self.found not in self.known


def config_of(connection: Connection | None = None, *more: Path) -> Config:
    """Return Alembic's configuration.

    Parameters
    ----------
    connection
        In whose transaction migrations run.
    *more
        More folders with versions; a test has its own.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    if more:
        folders = (MIGRATIONS / "versions", *more)
        config.set_main_option("version_locations", ":".join(map(str, folders)))
    config.attributes["connection"] = connection
    return config


def schema_in(connection: Connection, config: Config) -> Schema:
    """Return which version of the schema a database has."""
    script = ScriptDirectory.from_config(config)
    return Schema(
        found=MigrationContext.configure(connection).get_current_revision(),
        wanted=str(script.get_current_head()),
        known=frozenset(revision.revision for revision in script.walk_revisions()),
    )


def schema_of(engine: Engine) -> Schema:
    """Return which version of the schema a database has.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    with reading(engine) as connection:
        return schema_in(connection, config_of())


def prepare(engine: Engine) -> None:
    """Make the tables of an empty database, and bring a file of SQLite up to this version.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    SchemaDiffers
        Its tables are of another version, and an operator has to decide.
    """
    schema = schema_of(engine)
    if schema.found == schema.wanted:
        return
    if schema.is_newer:
        raise SchemaDiffers(
            f"the store {shown(engine)} has schema {schema.found}, which is newer than "
            f"this app's {schema.wanted}: update the workers, or run `store downgrade` with the "
            "newer app"
        )
    if schema.found is not None and engine.dialect.name != "sqlite":
        raise SchemaDiffers(
            f"the store {shown(engine)} has schema {schema.found}, and this app needs "
            f"{schema.wanted}: make a backup and run `store upgrade`; nothing is lost meanwhile"
        )
    upgrade(engine)


def upgrade(engine: Engine, target: str = NEWEST, *more: Path) -> None:
    """Bring the schema up to a version; nothing changes if a step fails.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    # In the transaction of a writer: workers that start together do it once.
    with writing(engine) as connection:
        command.upgrade(config_of(connection, *more), target)


def downgrade(engine: Engine, target: str, *more: Path) -> None:
    """Take the schema back to a version; what only newer ones keep is deleted.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    with writing(engine) as connection:
        command.downgrade(config_of(connection, *more), target)
