"""``/profile/ENTITY``: what is remembered of an entity, from whichever worker has it."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from anomaly_app.context import WorkerContext

if TYPE_CHECKING:
    # It imports numba, which takes more than a second.
    from anomaly_app.core.memory.partition_memory import PartitionMemory

PAGE = """<!doctype html>
<meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 15px/1.5 monospace; margin: 2em; color-scheme: light dark }}</style>
<pre>{text}</pre>
"""


def local_profile(entity: str, context: WorkerContext) -> dict[str, Any] | None:
    """Return what this worker remembers of an entity; None if it does not know it.

    Returns
    -------
    dict or None
        JSON-compatible: the profile, and the same in ``lines`` for people.
    """
    from anomaly_app.core.memory.hashing import hash_texts, spec_key  # noqa: PLC0415
    from anomaly_app.core.memory.profile import profile_of  # noqa: PLC0415
    from anomaly_app.core.memory.profile_lines import profile_lines  # noqa: PLC0415

    reader = context.pipeline.entity
    if reader is None:
        return None
    [key] = hash_texts([entity], spec_key(reader.plan.sha256)).tolist()
    for memory in _memories(context):
        profile = profile_of(memory, key, int(time.time() * 1000))
        if profile is not None:
            lines = profile_lines(entity, profile)
            return {"entity": entity, "profile": msgspec.to_builtins(profile), "lines": lines}
    return None


def _memories(context: WorkerContext) -> "Iterable[PartitionMemory]":
    live: Mapping[Any, Any] = context.memories.live(context.settings.transactions_topic)
    return live.values()


def page_of(found: Mapping[str, Any]) -> str:
    """Return a profile as an HTML page."""
    text = "\n".join(found["lines"])
    return PAGE.format(title=_escaped(found["entity"]), text=_escaped(text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
