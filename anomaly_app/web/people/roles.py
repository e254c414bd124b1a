"""What people may do: each role may do what those before it may."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"
    """See."""
    REVIEWER = "reviewer"
    """Label, answer incidents, and export."""
    ADMIN = "admin"
    """See what others said and did, as well."""

    def may(self, least: "Role") -> bool:
        """Whether this role includes another."""
        return RANKS[self] >= RANKS[least]


RANKS = {role: rank for rank, role in enumerate(Role)}


class Person(NamedTuple):
    """Somebody who asks for a page."""

    name: str
    role: Role
    is_by_browser: bool = False
    """Whether a browser sends what proves it by itself: other sites may make it do so."""
