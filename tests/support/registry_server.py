"""A local server that speaks a schema registry's protocol, as Confluent's and its likes do."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.local_server import local_server

USER, PASSWORD = "scorer", "c0rrect-horse"

PROTOBUF_SOURCE = 'syntax = "proto3"; // what the registry makes of a descriptor'

Schema = dict[str, Any]


@dataclass
class RegistryServer:
    """The schemas that it holds, and how it behaves."""

    url: str = ""
    schemas: dict[int, Schema] = field(default_factory=dict)
    subjects: dict[str, list[int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths of what was asked for, but for the check."""
    status: int = 200
    """Another one is answered to everything, with a page of a proxy."""
    faults: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """By paths, what is answered instead."""
    secured: bool = False
    silent: bool = False
    holds_descriptors: bool = False
    """Whether Protobuf is given as it was registered, and not as source."""
    status_of_descriptors: int | None = None
    """What is answered where Protobuf is asked for serialized; 200 gives its source."""
    under_way: int = 0
    most_under_way: int = 0

    def add(self, text: str, kind: str = "AVRO", *, subject: str = "", references: Any = ()) -> int:
        """Hold a schema, as if it had been registered, and give its id."""
        schema = {"schema": text, "schemaType": kind, "references": [*references]}
        known = [number for number, one in self.schemas.items() if one == schema]
        number = known[0] if known else 17 + len(self.schemas)
        self.schemas[number] = schema
        versions = self.subjects.setdefault(subject or f"subject-{number}", [])
        if number not in versions:
            versions.append(number)
        return number

    @web.middleware
    async def behave(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.status != 200:
            return web.Response(status=self.status, text="<html>upstream</html>")
        if self.secured and request.headers.get("Authorization") != _basic():
            return web.json_response({"error_code": 401, "message": "Unauthorized"}, status=401)
        if request.path in self.faults:
            status, body = self.faults[request.path]
            return web.Response(
                status=status, text=body if isinstance(body, str) else json.dumps(body)
            )
        while self.silent:  # noqa: ASYNC110  # a switch of another thread
            await asyncio.sleep(0.05)
        if self.status_of_descriptors not in {None, 200} and "format" in request.query:
            return web.json_response({}, status=self.status_of_descriptors or 0)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer: web.StreamResponse = await handler(request)
        finally:
            self.under_way -= 1
        return answer

    async def types(self, request: web.Request) -> web.Response:
        return web.json_response(["AVRO", "JSON", "PROTOBUF"])

    async def by_id(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        await asyncio.sleep(0.05)
        schema = self.schemas.get(int(request.match_info["id"]))
        if schema is None:
            return _not_found(40403, "Schema not found")
        return web.json_response(self._answer(schema, request.query))

    async def by_version(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        subject, version = request.match_info["subject"], int(request.match_info["version"])
        versions = self.subjects.get(subject)
        if versions is None:
            return _not_found(40401, "Subject not found")
        if not 1 <= version <= len(versions):
            return _not_found(40402, "Version not found")
        number = versions[version - 1]
        answer = self._answer(self.schemas[number], request.query)
        return web.json_response({"subject": subject, "version": version, "id": number, **answer})

    async def register(self, request: web.Request) -> web.Response:
        body = await request.json()
        number = self.add(
            body["schema"],
            body.get("schemaType") or "AVRO",
            subject=request.match_info["subject"],
            references=body.get("references") or (),
        )
        return web.json_response({"id": number})

    async def look_up(self, request: web.Request) -> web.Response:
        body = await request.json()
        subject = request.match_info["subject"]
        for version, number in enumerate(self.subjects.get(subject, ()), start=1):
            if self.schemas[number]["schema"] == body["schema"]:
                return web.json_response(
                    {"subject": subject, "version": version, "id": number, **body}
                )
        return _not_found(40403, "Schema not found")

    def _answer(self, schema: Schema, query: Mapping[str, str]) -> Schema:
        answer = {key: value for key, value in schema.items() if value and value != "AVRO"}
        asked = query.get("format") == "serialized" and self.status_of_descriptors is None
        serialized = asked or self.holds_descriptors
        if schema["schemaType"] == "PROTOBUF" and not serialized:
            answer["schema"] = PROTOBUF_SOURCE
        return answer


def _not_found(code: int, message: str) -> web.Response:
    return web.json_response({"error_code": code, "message": message}, status=404)


def _basic() -> str:
    return "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@contextmanager
def registry_server() -> Iterator[RegistryServer]:
    """Run the server in a thread of its own."""
    server = RegistryServer()
    app = web.Application(middlewares=[server.behave])
    app.router.add_get("/schemas/types", server.types)
    app.router.add_get("/schemas/ids/{id}", server.by_id)
    app.router.add_get("/subjects/{subject}/versions/{version}", server.by_version)
    app.router.add_post("/subjects/{subject}/versions", server.register)
    app.router.add_post("/subjects/{subject}", server.look_up)
    with local_server(app) as server.url:
        try:
            yield server
        finally:
            server.silent = False
