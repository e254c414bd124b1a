"""What each feature of the memories is worth, on streams of several kinds.

Public is the command, `command.memory_ablation`.
"""

from benchmarks.ablation.command import memory_ablation

__all__ = ["memory_ablation"]
