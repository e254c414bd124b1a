"""Runs migrations in the transaction that `anomaly_app.store.schema` has opened."""

from alembic import context

from anomaly_app.store.tables import metadata


def run() -> None:
    """Run what was asked for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite cannot change a table in place: Alembic copies it.
        render_as_batch=True,
    )
    context.run_migrations()


run()
