"""Schemas of a registry: from Avro and Protobuf to JSON."""

from anomaly_app.schemas.registry import SchemaRegistry, open_registry

__all__ = ["SchemaRegistry", "open_registry"]
