"""The steps between versions of the schema, run by Alembic."""
