"""The memory of entities in training: presets, and history with its features.

`preset` reads what to remember, and finds the columns that it is about; the module `remember`
replays history through the same kernels as a worker, and loads them.
"""

from training.memory.preset import PRESETS, Bound, Preset, bind, bind_to, read_preset

__all__ = ["PRESETS", "Bound", "Preset", "bind", "bind_to", "read_preset"]
