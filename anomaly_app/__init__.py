"""Real-time anomaly detection on Kafka: one Faust application, scored in batches."""

__version__ = "0.1.0"
