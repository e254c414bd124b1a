"""The column inferred for a role that the user left open."""

from typing import NamedTuple

from anomaly_app.core.roles.roles import Roles


class InferredColumn(NamedTuple):
    """The column inferred for a role."""

    column: str | None
    """None: no column was inferred."""
    others: tuple[str, ...] = ()
    """Further columns that could have the role; they are not features."""
    lines: tuple[str, ...] = ()
    """What to tell the user."""


def is_open(roles: Roles, role: str) -> bool:
    """Return whether a role has no column yet, and the user did not exclude it."""
    return getattr(roles, role) is None and role not in roles.absent


def used_as(role: str, column: str, why: str) -> str:
    """Tell the user which column is used for a role, why, and how to change that."""
    return (
        f"{column} is used as the {role}, because {why}; to change this, set {role}=COLUMN or "
        f"{role}=none"
    )
