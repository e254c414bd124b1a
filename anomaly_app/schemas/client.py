"""The HTTP client of a schema registry: Confluent's, or one with the same API."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from anomaly_app.errors import (
    RegistryRefused,
    RegistryUnreachable,
    SchemaUnknown,
    SchemaUnreadable,
    describe,
)
from anomaly_app.schemas.security import authorization, tls_context
from anomaly_app.settings import Settings

REQUEST_TIMEOUT = 10
"""Seconds for one request."""

LONGEST_ANSWER = 4_194_304
"""Largest response that is read, in bytes."""

MOST_REFERENCES = 200
"""Largest number of schemas that one schema may refer to, directly or indirectly."""

ACCEPT = "application/vnd.schemaregistry.v1+json, application/json"

OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
NOT_IN_THIS_FORM = frozenset({400, 422, 500, 501})
"""Statuses of a registry that cannot return in another form a schema that it has just returned."""

IN_BASE64 = re.compile("[A-Za-z0-9+/]+={0,2}")
"""Protobuf source never matches: it always has a space or a semicolon."""

SERIALIZED = {"format": "serialized"}
"""Requests a Protobuf schema as a descriptor in base64 instead of source text."""


class RegisteredSchema(NamedTuple):
    """A schema, and the schemas that it refers to."""

    kind: str
    """``AVRO``, ``PROTOBUF`` or ``JSON``."""
    text: str
    references: dict[str, str]
    """Texts of the schemas that it refers to, by its names for them; each after its references."""


class RegistryClient:
    """A client of a schema registry.

    Parameters
    ----------
    settings
        The registry's address and credentials.

    Raises
    ------
    SettingsError
        The CA file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.address = settings.schema_registry or ""
        self._headers = {"Accept": ACCEPT, **authorization(settings)}
        self._tls = tls_context(settings)
        self._session: ClientSession | None = None

    async def check(self) -> None:
        """Check that a schema registry answers, and gives the app access.

        Raises
        ------
        RegistryRefused
            The server is not a schema registry, or denies access.
        RegistryUnreachable
            No server answers.
        """
        status, answer = await self._ask("/schemas/types", {})
        if status == OK and isinstance(answer, list):
            return
        if status >= 500 or status == 429:  # noqa: PLR2004  # as _failure reads them
            raise self._failure(status)
        if status in {UNAUTHORIZED, FORBIDDEN}:
            raise self._refusal(status)
        raise RegistryRefused(
            f"ANOMALY_SCHEMA_REGISTRY {self.address} is not a schema registry (HTTP {status} for "
            "/schemas/types); for Apicurio, the address ends in /apis/ccompat/v7"
        )

    async def get(self, schema: int) -> RegisteredSchema:
        """Get a schema by its id.

        Raises
        ------
        SchemaUnknown
            The registry does not have it, or does not let the app see it.
        SchemaUnreadable
            The registry does not return it in a form that can be read.
        RegistryUnreachable
            The registry does not answer, or returns an unexpected response.
        """
        kind, found = await self._read(f"/schemas/ids/{schema}", {}, "it")
        references: dict[str, str] = {}
        await self._follow(found, references)
        return RegisteredSchema(kind, found["schema"], references)

    async def _read(
        self, path: str, options: Mapping[str, str], name: str
    ) -> tuple[str, dict[str, Any]]:
        """Get a schema; a Protobuf schema as a descriptor."""
        found = await self._get(path, options, name)
        kind = str(found.get("schemaType") or "AVRO")
        # Some registries keep what was registered, which may already be a descriptor, and cannot
        # convert it.
        if kind == "PROTOBUF" and not IN_BASE64.fullmatch(found["schema"]):
            found = await self._get(path, {**options, **SERIALIZED}, name)
        return kind, found

    async def _follow(self, found: Mapping[str, Any], known: dict[str, str]) -> None:
        try:
            wanted = [
                (str(one["name"]), str(one["subject"]), int(one["version"]))
                for one in found.get("references") or ()
            ]
        except (TypeError, KeyError, ValueError):
            raise SchemaUnreadable("its references cannot be read") from None
        for referred, subject, version in wanted:
            if referred in known:
                continue
            if len(known) >= MOST_REFERENCES:
                raise SchemaUnreadable(f"it refers to more than {MOST_REFERENCES} others")
            # The entry comes first, so that circular references end.
            known[referred] = ""
            path = f"/subjects/{quote(subject, safe='')}/versions/{version}"
            named = f"{subject} version {version}, to which it refers"
            _, answer = await self._read(path, {"deleted": "true"}, named)
            await self._follow(answer, known)
            del known[referred]
            known[referred] = answer["schema"]

    async def _get(self, path: str, options: Mapping[str, str], name: str) -> dict[str, Any]:
        status, answer = await self._ask(path, options)
        if status == OK and isinstance(answer, dict):
            if not isinstance(answer.get("schema"), str):
                raise SchemaUnreadable(f"the registry's response has no schema text for {name}")
            return answer
        # A proxy's response has no such code.
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if status in {NOT_FOUND, FORBIDDEN} and isinstance(code, int):
            has = "does not have" if status == NOT_FOUND else "does not let the app see"
            raise SchemaUnknown(f"the registry {has} {name}")
        if status in NOT_IN_THIS_FORM and "format" in options:
            raise SchemaUnreadable(
                f"the registry does not return {name} as a descriptor (HTTP {status})"
            )
        if status in {UNAUTHORIZED, FORBIDDEN}:
            raise self._refusal(status)
        raise self._failure(status)

    async def _ask(self, path: str, options: Mapping[str, str]) -> tuple[int, Any]:
        """Return a response's status and its JSON; None if it is not JSON."""
        try:
            async with self._open().get(
                self.address + path, params=options, allow_redirects=False
            ) as response:
                body = bytearray()
                async for chunk in response.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise SchemaUnreadable(
                            f"the registry's response to {path} has more than "
                            f"{LONGEST_ANSWER:,} bytes"
                        )
                status = response.status
        except (ClientError, TimeoutError, OSError, ValueError) as fault:
            raise RegistryUnreachable(
                f"schema registry {self.address} does not answer ({describe(fault)})"
            ) from fault
        try:
            return status, json.loads(body)
        except (ValueError, RecursionError):
            return status, None

    def _refusal(self, status: int) -> RegistryRefused:
        return RegistryRefused(
            f"schema registry {self.address} denies access (HTTP {status}): check "
            "ANOMALY_SCHEMA_REGISTRY_USER and its password"
        )

    def _failure(self, status: int) -> RegistryUnreachable:
        return RegistryUnreachable(
            f"schema registry {self.address} returned an unexpected response (HTTP {status})"
        )

    def _open(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                headers=self._headers,
                timeout=ClientTimeout(total=REQUEST_TIMEOUT),
                connector=TCPConnector(ssl=self._tls or True),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
