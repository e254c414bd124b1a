"""Which readers there are for framed records: learnt from a schema registry, and kept."""

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
"""Readers that are kept, beyond those of the batch in flight."""

REFUSED_FOR = 60.0
"""Seconds after which a schema that could not be had is asked for again."""

AT_ONCE = 8
"""Requests under way."""

LARGEST_ID = 2**31 - 1
"""Registries count in signed numbers of 32 bits; the frame has room for more."""

LIBRARIES = ("fastavro", "google.protobuf")
"""Of the extra `registry`."""


class SchemaRegistry:
    """Keep a reader for each schema that records have named.

    A schema's id stands for the same schema for ever. One that cannot be had has a reader, too,
    which says why, and is asked for again after a while.

    Parameters
    ----------
    client
        Asks the registry.
    clock
        Seconds, from anywhere.
    """

    def __init__(
        self, client: RegistryClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.waits_for: str | None = None
        """Why records wait for the registry; None while none do."""
        self._clock = clock
        self._checked = False
        self._readers: dict[int, Reader] = {}
        self._refused: dict[int, float] = {}
        """When each of those that could not be had is asked for again."""

    @property
    def readers(self) -> Readers:
        """The readers that there are, and those that will be."""
        return self._readers

    async def check(self) -> None:
        """Check that a schema registry answers, and lets the app in.

        Raises
        ------
        RegistryRefused
            Something else answers, or it does not let the app in.
        RegistryUnreachable
            Nobody answers.
        """
        await self.client.check()
        self._checked = True

    def missing(self, schemas: Iterable[int]) -> list[int]:
        """Give those of the schemas that are to be asked for."""
        if self._refused:
            self._forget_refused()
        return [schema for schema in schemas if schema not in self._readers]

    async def learn(self, schemas: Collection[int]) -> None:
        """Return when there is a reader for each schema.

        Raises
        ------
        RegistryUnreachable
            The registry does not answer; what it said before is kept.
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
            # The first one has ended the others: each would wait as long for its answer.
            raise faults.exceptions[0] from None

    async def _learn(self, schema: int, gate: asyncio.Semaphore) -> None:
        try:
            async with gate:
                self._readers[schema] = await self._make(schema)
        except RegistryUnreachable:
            raise
        except Exception as fault:  # noqa: BLE001  # a schema that is odd must stop no others
            why = str(fault) if isinstance(fault, SchemaError) else describe(fault)
            self._refused[schema] = self._clock() + REFUSED_FOR
            self._readers[schema] = _refusing(f"schema {schema}: {why}")

    async def _make(self, schema: int) -> Reader:
        if schema > LARGEST_ID:
            raise SchemaUnknown("the registry does not have it, since none counts so far")
        kind, text, references = await self.client.get(schema)
        # Neither library is there without the extra.
        if kind == "AVRO":
            from anomaly_app.schemas.avro import avro_reader as make  # noqa: PLC0415
        elif kind == "PROTOBUF":
            from anomaly_app.schemas.protobuf import protobuf_reader as make  # noqa: PLC0415
        elif kind == "JSON":
            return _as_it_is
        else:
            raise SchemaUnreadable(f"it is of the kind {kind:.40}")
        return _blaming(make(text, references), f"{kind.title()} schema {schema}")

    async def __aenter__(self) -> Self:
        """Begin; the connections are closed at the end."""
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
    """Make the registry of the settings; None where there is none. Nothing is asked yet.

    Raises
    ------
    SettingsError
        The extra is not installed, or the file of authorities cannot be used.
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
        except Exception as fault:  # noqa: BLE001  # the libraries raise whatever there is
            raise RecordRejected(
                Rejection.SCHEMA_MISMATCH, f"the value does not fit {name}: {describe(fault)}"
            ) from None

    return reader
