"""The readers of framed records: fetched from a schema registry, and cached."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from importlib.util import find_spec
from typing import Self

from anomaly_app.core.decoding.framing import Reader, Readers
from anomaly_app.errors import (
    RecordRejected,
    RegistryUnreachable,
    Rejection,
    SchemaError,
    SchemaUnknown,
    SchemaUnreadable,
    SettingsError,
    describe,
)
from anomaly_app.schemas.client import RegistryClient
from anomaly_app.settings import Settings

MOST_READERS = 1_000
"""Readers that are cached, in addition to those of the batch in flight."""

REFUSED_FOR = 60.0
"""Seconds after which a schema that could not be fetched is requested again."""

AT_ONCE = 8
"""Largest number of concurrent requests."""

LARGEST_ID = 2**31 - 1
"""Registries assign signed 32-bit ids; the frame has room for larger ones."""

LIBRARIES = ("fastavro", "google.protobuf")
"""Libraries of the extra `registry`."""


class SchemaRegistry:
    """Keeps a reader for each schema that records have named.

    A schema id always means the same schema. A schema that cannot be fetched has a reader, too,
    which rejects records with the cause, and is requested again after a while.

    Parameters
    ----------
    client
        The client of the registry.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self, client: RegistryClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.waits_for: str | None = None
        """Why records are waiting for the registry; None if none are."""
        self._clock = clock
        self._checked = False
        self._readers: dict[int, Reader] = {}
        self._refused: dict[int, float] = {}
        """When each schema that could not be fetched is requested again."""

    @property
    def readers(self) -> Readers:
        """A live view of the readers, by schema id."""
        return self._readers

    async def check(self) -> None:
        """Check that a schema registry answers, and gives the app access.

        Raises
        ------
        RegistryRefused
            The server is not a schema registry, or denies access.
        RegistryUnreachable
            No server answers.
        """
        await self.client.check()
        self._checked = True

    def missing(self, schemas: Iterable[int]) -> list[int]:
        """Return those of the schemas that have to be requested."""
        if self._refused:
            self._forget_refused()
        return [schema for schema in schemas if schema not in self._readers]

    async def learn(self, schemas: Collection[int]) -> None:
        """Return when there is a reader for each schema.

        Raises
        ------
        RegistryUnreachable
            The registry does not answer; schemas fetched before are kept.
        """
        missing = self.missing(schemas)
        if not missing:
            return
        if not self._checked:
            await self.check()
        self._make_room(len(missing), set(schemas))
        gate = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                for schema in missing:
                    group.create_task(self._learn(schema, gate))
        except ExceptionGroup as faults:
            # The first failure has cancelled the others, which would each wait as long.
            raise faults.exceptions[0] from None

    async def _learn(self, schema: int, gate: asyncio.Semaphore) -> None:
        try:
            async with gate:
                self._readers[schema] = await self._make(schema)
        except RegistryUnreachable:
            raise
        except Exception as fault:  # noqa: BLE001  # a bad schema must not stop the others
            why = str(fault) if isinstance(fault, SchemaError) else describe(fault)
            self._refused[schema] = self._clock() + REFUSED_FOR
            self._readers[schema] = _refusing(f"schema {schema}: {why}")

    async def _make(self, schema: int) -> Reader:
        if schema > LARGEST_ID:
            raise SchemaUnknown("no registry assigns an id as large as this")
        kind, text, references = await self.client.get(schema)
        # These libraries are not installed without the extra.
        if kind == "AVRO":
            from anomaly_app.schemas.avro import avro_reader as make  # noqa: PLC0415
        elif kind == "PROTOBUF":
            from anomaly_app.schemas.protobuf import protobuf_reader as make  # noqa: PLC0415
        elif kind == "JSON":
            return _as_it_is
        else:
            raise SchemaUnreadable(f"its type {kind:.40} is not supported")
        return _blaming(make(text, references), f"{kind.title()} schema {schema}")

    async def __aenter__(self) -> Self:
        """Return the registry itself."""
        return self

    async def __aexit__(self, *fault: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    def _forget_refused(self) -> None:
        now = self._clock()
        for schema in [schema for schema, until in self._refused.items() if until <= now]:
            del self._refused[schema], self._readers[schema]

    def _make_room(self, wanted: int, kept: set[int]) -> None:
        surplus = len(self._readers) + wanted - MOST_READERS
        for schema in [schema for schema in self._readers if schema not in kept][: max(surplus, 0)]:
            del self._readers[schema]
            self._refused.pop(schema, None)


def open_registry(settings: Settings) -> SchemaRegistry | None:
    """Create the registry of the settings, without a request; None if there is none.

    Raises
    ------
    SettingsError
        The extra is not installed, or the CA file cannot be used.
    """
    if settings.schema_registry is None:
        return None
    if missing := [name for name in LIBRARIES if not _is_installed(name)]:
        raise SettingsError(
            f"ANOMALY_SCHEMA_REGISTRY is set, but {missing[0]} is not installed: install "
            "anomaly-app[registry]"
        )
    return SchemaRegistry(RegistryClient(settings))


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False


def _as_it_is(body: bytes) -> bytes:
    return body


def _refusing(why: str) -> Reader:
    def refuse(body: bytes) -> bytes:  # noqa: ARG001
        raise RecordRejected(Rejection.NO_SCHEMA, why)

    return refuse


def _blaming(read: Reader, name: str) -> Reader:
    def reader(body: bytes) -> bytes:
        try:
            return read(body)
        except Exception as fault:  # noqa: BLE001  # the libraries raise many types
            raise RecordRejected(
                Rejection.SCHEMA_MISMATCH, f"the value does not fit {name}: {describe(fault)}"
            ) from None

    return reader
