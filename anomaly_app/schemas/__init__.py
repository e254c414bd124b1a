"""Schemas of a registry: from Avro and Protobuf to JSON."""
