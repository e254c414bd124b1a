"""Real-time anomaly detection on Kafka: one Faust application, scored in batches.

Public are the commands (`anomaly-app --help`), the topics' messages (`records`), the settings,
and the modules in `__all__`, from which the other packages of this repository are built.
"""

__all__ = [
    "core",
    "errors",
    "kafka",
    "lazy_group",
    "records",
    "registry",
    "schemas",
    "settings",
    "terminal",
]

__version__ = "0.1.0"
