"""Deleting old anomalies that nobody has labelled, a few at a time."""

import time
from collections.abc import Callable

from sqlalchemy import Engine, delete, select

from anomaly_app.store.engine import writing
from anomaly_app.store.tables import anomalies, members
from anomaly_app.store.values import moment

AT_ONCE = 1_000
"""Anomalies that are deleted in one transaction."""

BETWEEN = 3_600.0
"""Seconds between two looks, when there is nothing left to delete."""

DAY = 86_400.0


def delete_old(engine: Engine, before: float, most: int = AT_ONCE) -> int:
    """Delete some anomalies without a label, the oldest first, and return how many.

    Labels, incidents, silences and the audit trail stay.

    Parameters
    ----------
    engine
        Of the database.
    before
        Seconds since the epoch: later anomalies stay.
    most
        How many.

    Raises
    ------
    StoreUnavailable
        The database does not answer.
    """
    columns = anomalies.c
    old = (
        select(columns.id)
        .where(columns.time < moment(before), columns.verdict.is_(None))
        .order_by(columns.time, columns.id)
        .limit(most)
    )
    with writing(engine) as connection:
        names = list(connection.scalars(old))
        if names:
            connection.execute(delete(members).where(members.c.anomaly.in_(names)))
            connection.execute(delete(anomalies).where(columns.id.in_(names)))
    return len(names)


class Retention:
    """Deletes what is old, a little at each step, and rests when there is nothing left.

    Parameters
    ----------
    engine
        Of the database.
    days
        Age from which anomalies without a label are deleted; 0 keeps them.
    clock, now
        Seconds of a monotonic clock, and since the epoch.
    """

    def __init__(
        self,
        engine: Engine,
        days: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._days = days
        self._clock = clock
        self._now = now
        self._next_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to delete some."""
        return self._days > 0 and self._clock() >= self._next_at

    def step(self) -> int:
        """Delete some, if it is time to; return how many.

        Raises
        ------
        StoreUnavailable
            The database does not answer.
        """
        if not self.is_due:
            return 0
        deleted = delete_old(self._engine, self._now() - self._days * DAY)
        if deleted < AT_ONCE:
            self._next_at = self._clock() + BETWEEN
        return deleted
