"""From a history of transactions to a model, and how good it is: ``python -m training``.

Public are the commands and the modules in `__all__`: `history` reads files and topics, `fit` fits
a model, `threshold` says where alerts begin, `checks` find what would mislead a model.
"""

__all__ = ["checks", "cli", "commands", "fit", "history", "threshold"]
