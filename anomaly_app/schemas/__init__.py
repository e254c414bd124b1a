"""The schema registry: Avro and Protobuf records to JSON."""

from anomaly_app.schemas.registry import SchemaRegistry, open_registry

__all__ = ["SchemaRegistry", "open_registry"]
