"""The settings of what is remembered of entities."""

from pydantic import Field
from pydantic_settings import BaseSettings


class MemorySettings(BaseSettings):
    """How often memories are published, where, and how long they stay."""

    memory_topic: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{0,249}$")
    """Topic on which the memories of entities are published; ``<group>-memory`` by default."""
    memory_interval: float = Field(60.0, gt=0, le=3600)
    """Seconds between two images of a block of memory."""
    memory_kept: float = Field(120.0, ge=0, le=3600)
    """Seconds for which the memory of a partition that was given away stays in RAM."""
