"""The memories that are compared: a preset, without each of its features, and with one more."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from training.memory import Preset, read_preset

CANDIDATES: dict[str, tuple[str, ...]] = {
    "card-transactions": (
        "ratio:count:1d:30d",
        "ratio:sum:{amount}:1h:30d",
        "ratio:sum:{amount}:7d:30d",
        "zscore:log({amount}):30d",
        "shift:log({amount}):1h:30d",
        "distinct:{merchant}:1d",
    ),
    "requests": (
        "ratio:count:1h:7d",
        "zscore:log({bytes}):7d",
        "hours:7d",
        "first:{endpoint}",
    ),
    "machine-readings": (
        "mean:{value}:30i",
        "std:{value}:60i",
        "difference:{value}",
        "zscore:{value}:7d",
        "shift:{value}:60i:7d",
    ),
}
CANDIDATES["vital-signs"] = CANDIDATES["machine-readings"]
"""Features that a preset does not have, or might not have: each is added alone."""


class Variant(NamedTuple):
    """A memory, and what tells it from the preset."""

    name: str
    preset: Preset | None
    """None: without a memory."""


def variants(name: str) -> Iterator[Variant]:
    """Yield no memory, the preset, and the preset with one feature less or more.

    Parameters
    ----------
    name
        One of `training.memory.PRESETS`.
    """
    preset = read_preset(name)
    entity, *others = preset.keys
    features = [*entity["features"]]
    yield Variant("without memory", None)
    yield Variant("preset", preset)
    for feature in features:
        fewer = [one for one in features if one != feature]
        if fewer:
            yield Variant(f"- {feature}", _with(preset, fewer))
    for other in others:
        yield Variant(f"- {other['name']}", replace(preset, keys=[entity]))
    for candidate in CANDIDATES[name]:
        if candidate not in features:
            yield Variant(f"+ {candidate}", _with(preset, [*features, candidate]))


def _with(preset: Preset, features: list[str]) -> Preset:
    entity, *others = preset.keys
    return replace(preset, keys=[{**entity, "features": features}, *others])
