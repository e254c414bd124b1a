"""The connection to the database: SQLite in a file, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url, text

from anomaly_app.errors import RowsRefused, SettingsError, StoreError, StoreUnavailable

CONNECT_TIMEOUT = 5
"""Seconds to connect to PostgreSQL."""

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process that writes to the file of SQLite."""

STATEMENT_TIMEOUT = 60
"""Seconds of a statement, and of waiting for another worker that writes."""

IDLE_TIMEOUT = 15
"""Seconds after which PostgreSQL ends the transaction of a process that is frozen."""

WRITERS = 0x616E6F6D
"""The advisory lock in PostgreSQL that one writer has at a time."""


def open_engine(address: str, password: str | None = None) -> Engine:
    """Return an engine, which connects when it is first used.

    Parameters
    ----------
    address
        ``sqlite:///FILE`` or ``postgresql+psycopg://user@host/database``.
    password
        Of the user; None if it is in the address, or if there is none.

    Raises
    ------
    SettingsError
        The address cannot be read.
    """
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        raise SettingsError("ANOMALY_STORE cannot be read as the address of a database") from None
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    url = url.set(drivername="postgresql+psycopg")
    return _open_postgresql(url if password is None else url.set(password=password))


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # Transactions are begun below: sqlite3 itself would begin them too late.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        # With a write-ahead log this loses nothing but what a power cut takes from its end, and
        # the positions with it.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_postgresql(url: URL) -> Engine:
    options = {
        "statement_timeout": f"{STATEMENT_TIMEOUT}s",
        "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT}s",
        "timezone": "UTC",
        # Batches of 1,000 rows are planned once each; a generic plan of their lists is a bad one.
        "plan_cache_mode": "force_custom_plan",
    }
    return create_engine(
        url,
        pool_size=2,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": "anomaly-app store",
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        },
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; there is one at a time, over all workers.

    Raises
    ------
    StoreUnavailable
        The database does not answer, or another process has locked it.
    RowsRefused
        It does not take the values.
    """
    with (
        store_errors(engine),
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS})
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads, and sees one state of the database.

    Raises
    ------
    StoreUnavailable
        The database does not answer, or another process has locked it.
    """
    options: dict[str, Any] = (
        {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        if engine.dialect.name == "postgresql"
        else {}
    )
    with (
        store_errors(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


def tidy(engine: Engine) -> None:
    """Empty the log of SQLite, which has pages as they were before; as far as nobody reads it."""
    if engine.dialect.name != "sqlite":
        return
    # While another connection reads or writes it stays: later commits empty it in time.
    with (
        suppress(sqlite3.Error, exc.SQLAlchemyError),
        closing(engine.raw_connection()) as connection,
    ):
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def store_errors(engine: Engine) -> Iterator[None]:
    """Turn the errors of SQLAlchemy into ours, in one line that has no password.

    Raises
    ------
    StoreUnavailable
        The database does not answer, or is locked; it may recover.
    RowsRefused
        It does not take the values.
    StoreError
        It does not take the statement.
    """
    try:
        yield
    except (exc.DataError, exc.IntegrityError, UnicodeEncodeError, OverflowError) as fault:
        raise RowsRefused(_said(engine, fault)) from None
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError) as fault:
        raise StoreUnavailable(_said(engine, fault)) from None
    except exc.DBAPIError as fault:
        if fault.connection_invalidated:
            raise StoreUnavailable(_said(engine, fault)) from None
        raise StoreError(_said(engine, fault)) from None
    except exc.TimeoutError as fault:
        raise StoreUnavailable(_said(engine, fault)) from None
    except exc.SQLAlchemyError as fault:
        raise StoreError(_said(engine, fault)) from None


def shown(engine: Engine) -> str:
    """Return the address of the database without its password."""
    return engine.url.render_as_string(hide_password=True)


def _said(engine: Engine, fault: Exception) -> str:
    # The statement and its values are left out: they hold what people and streams say.
    said = getattr(fault, "orig", None) or fault
    words = " ".join(str(said).split())[:300]
    password = engine.url.password
    if password:
        words = words.replace(str(password), "…")
    return f"the store {shown(engine)} (ANOMALY_STORE): {type(said).__name__}: {words}"
