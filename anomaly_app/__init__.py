"""Real-time anomaly detection on Kafka: one Faust application, scored in batches.

The public API is the commands (`anomaly-app --help`), the messages on the topics (`records`), the
settings, and the modules in `__all__`, on which the other packages of this repository build.
"""

__all__ = [
    "core",
    "errors",
    "kafka",
    "labels",
    "lazy_group",
    "records",
    "registry",
    "schemas",
    "settings",
    "store",
    "terminal",
]

__version__ = "0.1.0"
