"""Confluent's own serializers: they register the schema, and write the frame."""

import json
from collections.abc import Sequence
from typing import Any

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext


def in_avro(url: str, topic: str, schema: Any, values: Sequence[Any]) -> list[bytes]:
    """Write values as records of a topic."""
    with SchemaRegistryClient({"url": url}) as client:
        return _written(AvroSerializer(client, json.dumps(schema)), topic, values)


def in_protobuf(url: str, topic: str, messages: Sequence[Any]) -> list[bytes]:
    """Write messages of one type as records of a topic."""
    with SchemaRegistryClient({"url": url}) as client:
        return _written(ProtobufSerializer(type(messages[0]), client, {}), topic, messages)


def _written(serialize: Any, topic: str, values: Sequence[Any]) -> list[bytes]:
    context = SerializationContext(topic, MessageField.VALUE)
    return [serialize(value, context) for value in values]
