"""The memories of partitions, published to Kafka and restored from it.

The source topic is the redo log. Now and then blocks of a memory are published as images to a
compacted topic, each only after a commit covers it. A worker that gets a partition loads the
images, and replays the records since; then it knows exactly what was judged, and nothing else.
"""

from anomaly_app.kafka.changelog.contract import Image, Memory, Remembered
from anomaly_app.kafka.changelog.edge import Edge, edge_of
from anomaly_app.kafka.changelog.owners import find_owners
from anomaly_app.kafka.changelog.partitions import MemoryOfPartitions

__all__ = ["Edge", "Image", "Memory", "MemoryOfPartitions", "Remembered", "edge_of", "find_owners"]
