"""History: past transactions, from files or a topic, as one table.

Topics are read by `training.history.topic`, which needs the Kafka client.
"""

from training.history.history import History, Labels
from training.history.reading import read_history

__all__ = ["History", "Labels", "read_history"]
