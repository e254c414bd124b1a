"""Training: read history, fit and calibrate a model, evaluate it, and save it.

Public are the commands, ``python -m training``, and the modules in `__all__`: `history` reads
files and topics, `memory` replays them through the memory of entities, `fit` fits a model,
`threshold` says where alerts begin, `checks` find what would mislead a model. What `fit` is made of
is public for the benchmark of memories: `schema` and `encoding` give a matrix, `metrics` measure.
"""

__all__ = [
    "checks",
    "cli",
    "commands",
    "encoding",
    "fit",
    "history",
    "memory",
    "metrics",
    "schema",
    "threshold",
]
