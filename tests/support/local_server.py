"""A web application on loopback, in a thread of its own."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web


def run_on_asyncio(serving: Coroutine[Any, Any, None]) -> None:
    """Run a server on asyncio's own loop: the app may have chosen uvloop in this process, which
    does not tell its transports, and ends connections in other ways."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(serving)


@contextmanager
def local_server(
    app: web.Application, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve an application and give its address; a port of 0 takes a free one."""
    started = threading.Event()
    stop = asyncio.Event()
    running: list[tuple[asyncio.AbstractEventLoop, str]] = []

    async def serve() -> None:
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        address = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        running.append((asyncio.get_running_loop(), address))
        started.set()
        await stop.wait()
        server = runner.server
        assert server is not None
        await runner.cleanup()
        # A connection that was accepted meanwhile is not among those that the cleanup closed, and
        # one that still has something to write is not closed at once. All of them end in the
        # loop's next turns.
        for _ in range(2):
            await asyncio.sleep(0.05)
            await server.shutdown(0.0)
            for transport in [*asyncio.get_running_loop()._transports.values()]:  # type: ignore[attr-defined]
                transport.abort()

    thread = threading.Thread(target=lambda: run_on_asyncio(serve()))
    thread.start()
    started.wait()
    [(loop, address)] = running
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
