"""The settings of the memories: their topics, and how often they are published."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

OptionalTopic = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9._-]{0,249}$")]


class MemorySettings(BaseSettings):
    """What a worker needs to know of memories, besides the model."""

    memory_topic: OptionalTopic = None
    """Topic on which the memories of entities are published; ``<group>-memory`` by default."""
    counterparts_topic: OptionalTopic = None
    """Topic that carries transactions on to the memory of their counterparts;
    ``<group>-counterparts`` by default."""
    memory_interval: float = Field(60.0, gt=0, le=3600)
    """Seconds between two images of a block of memory."""
    memory_kept: float = Field(120.0, ge=0, le=86_400)
    """Seconds for which the memory of a partition that was given away stays in RAM."""
