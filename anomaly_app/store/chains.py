"""Incidents that were merged into others: what each anomaly's incident has become."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from anomaly_app.store.chunks import chunks
from anomaly_app.store.tables import incidents

MOST_STEPS = 50
"""Incidents on the way from one to what it is now; anybody may have written longer ways."""


class Chains:
    """What some incidents were merged into, step by step.

    Parameters
    ----------
    merged_into
        Ids by ids.
    """

    def __init__(self, merged_into: dict[str, str]) -> None:
        self._merged_into = merged_into

    @classmethod
    def of(cls, connection: Connection, names: Iterable[str]) -> "Chains":
        """Read the chains that begin with some incidents."""
        found: dict[str, str] = {}
        asked: set[str] = set()
        waiting = set(names)
        for _ in range(MOST_STEPS):
            asked |= waiting
            step: set[str] = set()
            for chunk in chunks(waiting):
                query = select(incidents.c.id, incidents.c.merged_into).where(
                    incidents.c.id.in_(chunk), incidents.c.merged_into.is_not(None)
                )
                for name, into in connection.execute(query):
                    found[name] = into
                    step.add(into)
            waiting = step - asked
        return cls(found)

    def chain(self, name: str) -> Sequence[str]:
        """Return an incident, what it was merged into, and so on; the last is what it is now."""
        steps = [name]
        while len(steps) <= MOST_STEPS:
            into = self._merged_into.get(steps[-1])
            if into is None or into in steps:
                break
            steps.append(into)
        return steps


def merged_from(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return incidents with all that were merged into them, at whatever remove."""
    found = set(names)
    waiting = set(found)
    for _ in range(MOST_STEPS):
        step: set[str] = set()
        for chunk in chunks(waiting):
            query = select(incidents.c.id).where(incidents.c.merged_into.in_(chunk))
            step.update(connection.scalars(query))
        waiting = step - found
        found |= waiting
    return found
