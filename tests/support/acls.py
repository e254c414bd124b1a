"""Granting a user rights at the broker, for which aiokafka's admin client has no call."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

PREFIXED, ALLOW = 4, 3


class Resource(IntEnum):
    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    READ = 3
    WRITE = 4


class Grant(NamedTuple):
    """What a user may do to the topics or groups whose names begin so."""

    resource: Resource
    prefix: str
    operation: Operation


class CreateAclsResponse(Response):  # type: ignore[misc]
    API_KEY = 30
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", Array(("error_code", Int16), ("error_message", String("utf-8")))),
    )


class CreateAclsStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 30
    API_VERSION = 1
    RESPONSE_TYPE = CreateAclsResponse
    SCHEMA = Schema(
        (
            "creations",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("resource_pattern_type", Int8),
                ("principal", String("utf-8")),
                ("host", String("utf-8")),
                ("operation", Int8),
                ("permission_type", Int8),
            ),
        )
    )


class CreateAcls(Request[CreateAclsStruct]):  # type: ignore[misc]
    API_KEY = 30

    def __init__(self, user: str, grants: Sequence[Grant]) -> None:
        self.rows = [
            (int(g.resource), g.prefix, PREFIXED, f"User:{user}", "*", int(g.operation), ALLOW)
            for g in grants
        ]

    def build(self, request_struct_class: type[CreateAclsStruct]) -> CreateAclsStruct:
        return request_struct_class(self.rows)


async def grant(servers: str, user: str, grants: Sequence[Grant]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        answer = await admin._send_request(CreateAcls(user, grants))
        assert not any(code for code, _ in answer.results), answer
    finally:
        await admin.close()
