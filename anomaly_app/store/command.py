"""The commands `store status`, `upgrade`, `downgrade`, `export`, `import` and `verify`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings, load_settings
from anomaly_app.store.presence import HOW, has_store
from anomaly_app.terminal import one_line_errors, say

if TYPE_CHECKING:
    # SQLAlchemy is only there with the extra `store`.
    from anomaly_app.store.store import Store

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(context_settings={"max_content_width": 100})
def store() -> None:
    """Look at what is kept in SQL, compare it with the topics, make a backup, erase an entity.

    \b
    What is there, and how far the topics are read:
      faust -A anomaly_app.app store status
    A backup, for SQLite and PostgreSQL alike, and back into an empty database:
      faust -A anomaly_app.app store export backup.jsonl.gz
      faust -A anomaly_app.app store import backup.jsonl.gz
    Whether each row is what the topics say:
      faust -A anomaly_app.app store verify
    All of an entity deleted, on its request:
      faust -A anomaly_app.app store erase card-0042

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@store.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
@one_line_errors
def status(context: click.Context, *, as_json: bool) -> None:
    """Show the schema, the number of rows, and how far each partition is read."""
    settings = store_settings()
    from anomaly_app.store.status import status_lines, status_of  # noqa: PLC0415  # as above

    found = asyncio.run(status_of(settings))
    if as_json or context.find_root().params.get("json", False):
        say(msgspec.json.encode(found).decode())
        return
    for line in status_lines(found):
        say(line)


@store.command()
@one_line_errors
def upgrade() -> None:
    """Bring the tables up to this app's schema; on PostgreSQL workers wait for it.

    Make a backup first. Workers of the older app have to be stopped: they wait, and lose nothing.
    """
    from anomaly_app.store import schema  # noqa: PLC0415  # as above

    opened = open_store(store_settings())
    try:
        schema.upgrade(opened.engine)
        say(f"{opened.address} has schema {schema.schema_of(opened.engine).found}")
    finally:
        opened.close()


@store.command()
@click.argument("version")
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_line_errors
def downgrade(version: str, *, yes: bool) -> None:
    """Take the tables back to the schema VERSION, or `base`, which deletes them.

    What only newer schemas keep is deleted. The workers have to be stopped.
    """
    from anomaly_app.store import schema  # noqa: PLC0415  # as above

    opened = open_store(store_settings())
    try:
        known = schema.schema_of(opened.engine).known
        if version not in {"base", *known}:
            raise click.ClickException(
                f"there is no schema {version!r}: {', '.join(sorted(known))}, or base"
            )
        if not yes:
            click.confirm(f"take {opened.address} back to schema {version}?", abort=True)
        schema.downgrade(opened.engine, version)
        say(f"{opened.address} has schema {schema.schema_of(opened.engine).found or 'none'}")
    finally:
        opened.close()


@store.command("export")
@click.argument("file", type=FILE)
@one_line_errors
def export_store(file: Path) -> None:
    """Write all tables to FILE, as they are at one moment; workers may run meanwhile."""
    opened = open_store(store_settings())
    from anomaly_app.store.backup import export  # noqa: PLC0415  # as above

    try:
        rows = export(opened.engine, file)
    finally:
        opened.close()
    say(f"{file}: {_counted(rows)}")


@store.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@one_line_errors
def import_store(file: Path) -> None:
    """Write the rows of the backup FILE into an empty database, all or none.

    Workers then read the topics from where the backup ends.
    """
    opened = open_store(store_settings())
    from anomaly_app.store.backup import restore  # noqa: PLC0415  # as above

    try:
        rows = restore(opened.engine, file)
        say(f"{opened.address}: {_counted(rows)}")
    finally:
        opened.close()


@store.command()
@click.pass_context
@one_line_errors
def verify(context: click.Context) -> None:
    """Compare each row with what the topics say.

    The topics are read into a temporary store, up to where this one has read them. Workers may run
    meanwhile. The exit code is 1 if a row differs, is missing, or is in no topic.
    """
    settings = store_settings()
    from anomaly_app.store.verifying import verify as compare  # noqa: PLC0415  # as above

    if not asyncio.run(compare(settings, say)):
        context.exit(1)


def store_settings() -> Settings:
    """Return the settings of a store that can be opened.

    Raises
    ------
    SettingsError
        There is none, or its packages are missing.
    """
    settings = load_settings()
    if not settings.has_store:
        raise SettingsError("there is no store: ANOMALY_STORE is none")
    if not has_store(settings):
        raise SettingsError(f"the store needs packages that are not installed: {HOW}")
    return settings


def open_store(settings: Settings) -> "Store":
    """Open the store of the settings."""
    from anomaly_app.store.store import Store  # noqa: PLC0415  # as above

    return Store.of(settings)


def _counted(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {table}" for table, count in rows.items())
