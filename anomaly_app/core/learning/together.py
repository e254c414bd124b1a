"""What several labels on one transaction come to.

The rule: only what stands at the time counts. Of what one person said of one thing the last word
counts. Outcomes outweigh opinions. What was said of the transaction itself outweighs what was said
of its incident, and that what was said of its entity. Of the rest the majority decides; if there is
none, it is disputed, and nothing is learnt from it.
"""

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from anomaly_app.core.learning.label import Basis, Verdict


class Closeness(IntEnum):
    """How close what was said is to the transaction; the closest counts."""

    ITSELF = 0
    INCIDENT = 1
    ENTITY = 2


class Said(NamedTuple):
    """A label, or the answer to an incident, as it applies to one transaction."""

    id: str
    closeness: Closeness
    verdict: Verdict
    basis: Basis
    user: str
    at: float
    """When it was given, in seconds since the epoch."""
    undone_at: float | None = None
    """When it was taken back."""

    def stands(self, as_of: float) -> bool:
        """Whether it had been given, and not yet taken back."""
        return self.at <= as_of and (self.undone_at is None or as_of < self.undone_at)


class Judgement(NamedTuple):
    """What is known of a transaction."""

    verdict: Verdict | None
    """None if it is disputed."""
    basis: Basis
    closeness: Closeness
    at: float
    """When the last of what counts was given."""
    users: tuple[str, ...]
    """Whose words count, on either side."""

    @property
    def is_disputed(self) -> bool:
        """Whether as many say one thing as the other."""
        return self.verdict is None


def put_together(said: Iterable[Said], as_of: float) -> Judgement | None:
    """Return what labels come to; None if nothing stands.

    Parameters
    ----------
    said
        All that was ever said that applies to one transaction, in any order; each with an id of
        its own.
    as_of
        Seconds since the epoch: what was said later is not known yet.
    """
    standing = sorted((one for one in said if one.stands(as_of)), key=lambda one: (one.at, one.id))
    last = {(one.user, one.closeness, one.basis): one for one in standing}
    if not last:
        return None
    first = min(map(_rank, last.values()))
    counted = [one for one in last.values() if _rank(one) == first]
    votes = Counter(one.verdict for one in counted)
    (verdict, most), *others = votes.most_common()
    is_disputed = bool(others) and others[0][1] == most
    return Judgement(
        verdict=None if is_disputed else verdict,
        basis=counted[0].basis,
        closeness=counted[0].closeness,
        at=max(one.at for one in counted),
        users=tuple(sorted(one.user for one in counted)),
    )


def _rank(said: Said) -> tuple[bool, Closeness]:
    """Return what counts first: only the first of all ranks does."""
    return said.basis != Basis.OUTCOME, said.closeness
