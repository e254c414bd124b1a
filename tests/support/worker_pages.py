"""Workers in memory with their real pages on loopback, which ask each other."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import ClientSession, web
from pydantic import SecretStr

from anomaly_app.agents import remember_transactions
from anomaly_app.context import WorkerContext
from anomaly_app.settings import Settings
from anomaly_app.web.views import define_views
from harness.processes import free_port
from tests.support.factories import transaction
from tests.support.memories import model_with_memory
from tests.support.memory_kafka import MemoryBroker, MemoryWriter, clients_of
from tests.support.memory_workers import INTERVAL, TOPIC, Cluster, Worker

TOKEN = "open sesame"  # noqa: S105

BEARER = {"Authorization": f"Bearer {TOKEN}"}

SETTINGS = Settings(
    _env_file=None,
    broker=MemoryBroker.address,
    memory_interval=INTERVAL,
    web_token=SecretStr(TOKEN),
)


def context_with_memory(settings: Settings = SETTINGS, partitions: int = 3) -> WorkerContext:
    context = WorkerContext(settings)
    context.use(model_with_memory())
    context.partitions = {TOPIC: partitions}
    remember_transactions(context)
    return context


class PagesOf:
    """What `define_views` needs of Faust: pages become routes of a web server.

    Parameters
    ----------
    context
        Of the worker.
    broker
        Takes what people say.
    """

    def __init__(self, context: WorkerContext, broker: MemoryBroker | None = None) -> None:
        self.server = web.Application()
        self._broker = broker or MemoryBroker()
        define_views(cast("Any", self), context)

    async def maybe_start_producer(self) -> MemoryWriter:
        return MemoryWriter(self._broker)

    def page(self, path: str) -> Any:
        def keep(view: Any) -> Any:
            if isinstance(view, type):
                for method in ("get", "post", "delete"):
                    if method in vars(view):
                        self._add(method, path, getattr(view, method))
            else:
                self._add("get", path, view)
            return view

        return keep

    def _add(self, method: str, path: str, answer: Any) -> None:
        def bytes_(body: bytes, **options: Any) -> web.Response:
            return web.Response(body=body, **options)

        async def handle(request: web.Request) -> web.StreamResponse:
            faust = SimpleNamespace(bytes=bytes_, json=web.json_response)
            answered: web.StreamResponse = await answer(faust, request, **request.match_info)
            return answered

        self.server.router.add_route(method, path, handle)


@asynccontextmanager
async def serving(server: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve in this event loop, and give the address."""
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class PagedWorker:
    """A worker, and the address of its pages."""

    worker: Worker
    context: WorkerContext
    address: str
    stack: AsyncExitStack

    async def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        async with (
            ClientSession(headers=BEARER | headers) as session,
            session.get(self.address + path, allow_redirects=False) as response,
        ):
            return response.status, await response.read()

    async def take(self, *partitions: int) -> None:
        """Get partitions, restore their memories, and judge what there is."""
        await self.worker.assign(*partitions)
        await self.worker.judge_all()
        await self.worker.publish()


@dataclass
class Fleet:
    """Workers of one group."""

    cluster: Cluster
    workers: list[PagedWorker]

    def produce(self, entity: str, partition: int) -> None:
        """Produce an event of an entity, which happens in an hour: profiles are as of then."""
        value = transaction(12.5, "shop-1", time=time.time() + 3_600.0)
        self.cluster.broker.append(TOPIC, value, entity.encode(), partition)

    def __getitem__(self, place: int) -> PagedWorker:
        return self.workers[place]


@asynccontextmanager
async def fleet(count: int = 3, *, settings: Settings = SETTINGS) -> AsyncIterator[Fleet]:
    """Run workers that have no partitions yet; there are as many partitions as workers."""
    cluster = Cluster(settings=settings, partitions=count)
    async with AsyncExitStack() as stack:
        stack.enter_context(clients_of(cluster.broker))
        workers = []
        for _ in range(count):
            context = context_with_memory(settings, count)
            worker = Worker(cluster, remembered=context.memories.remembered[TOPIC])
            await context.memories.close()
            context.memories = worker.memories
            stack.push_async_callback(worker.memories.close)
            port, own = free_port(), AsyncExitStack()
            address = await own.enter_async_context(serving(PagesOf(context).server, port))
            stack.push_async_callback(own.aclose)
            context.memories.owner = address
            workers.append(PagedWorker(worker, context, address, own))
        yield Fleet(cluster, workers)
