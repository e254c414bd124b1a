"""What one receiver was told of an incident, and what it has to be told."""

import msgspec


class Told(msgspec.Struct):
    """What one receiver was told of an incident."""

    version: int = 0
    """Of the last notice that was made; 0 if there was none."""
    done: int = 0
    """Of the last notice that the receiver has, or has refused."""
    messages: int = 0
    """Notices that people were told by; the others are edits."""
    made_at: float = 0.0
    """When the last notice was made that people were told by; in seconds since the epoch."""
    offset: int = -1
    """The offset on the log at which the first notice was made that is not delivered: whoever had
    the log then may have delivered it."""
    told_event: str = ""
    """Of the last notice that people were told by."""
    changes: tuple[str, ...] = ()
    """What has to be told and is not delivered yet."""
    reference: str | None = None
    members: int = 0
    level: int = 0
    """Both as people were told last."""
    edited: int = 0
    answers: int = 0
    """`Incident.members` and `Incident.said` at the last notice."""
    is_resolved: bool = False
    is_lost: bool = False
    """Whether the receiver has refused, or could not be sent, all about it: only the digest has a
    line."""
    is_in_digest: bool = False
    """Whether a digest has, or will have, a line about it."""

    @property
    def is_pending(self) -> bool:
        """Whether a notice has to be delivered."""
        return self.version > self.done
