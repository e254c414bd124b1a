"""Times in the tables, for SQLite and PostgreSQL alike."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A time in UTC, to the microsecond; SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Leave the zone to PostgreSQL."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return times with their zone."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=UTC)
