"""Asks the store for a page, in a thread, and says in one line why it does not answer."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from anomaly_app.context import WorkerContext
from anomaly_app.errors import StoreUnavailable
from anomaly_app.store.daemon import in_daemon
from anomaly_app.store.engine import reading

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds for an answer."""


class Asking:
    """Asks the store of a worker.

    Parameters
    ----------
    context
        Of this worker.
    clock
        Seconds of a monotonic clock.
    """

    def __init__(self, context: WorkerContext, clock: Callable[[], float]) -> None:
        self._context = context
        self._clock = clock

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Return what a question returns.

        Parameters
        ----------
        question
            Called in a transaction that reads, in another thread.

        Raises
        ------
        StoreUnavailable
            There is no store, or it does not answer in time.
        """
        following = self._context.store
        if following is None:
            raise StoreUnavailable(
                "there is no store: install the extra `store`, and do not set ANOMALY_STORE=none"
            )
        engine, begun = following.store.engine, self._clock()

        def call() -> T:
            with reading(engine) as connection:
                return question(connection)

        try:
            return await in_daemon(call, lambda: self._clock() > begun + PATIENCE)
        except StoreUnavailable:
            if self._clock() <= begun + PATIENCE:
                raise
            line = f"the store did not answer within {PATIENCE:.0f} s: ask again in a moment"
            raise StoreUnavailable(line) from None
