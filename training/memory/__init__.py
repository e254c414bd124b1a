"""The memory of entities in training: presets, and history with its features.

`preset` reads what to remember, and finds the columns that it is about; `remember` replays history
through the same kernels as a worker.
"""

from training.memory.preset import PRESETS, Bound, Preset, bind, bind_to, read_preset
from training.memory.remember import remember

__all__ = ["PRESETS", "Bound", "Preset", "bind", "bind_to", "read_preset", "remember"]
