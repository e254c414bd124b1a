"""Workers: the real command, in separate processes."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from harness.errors import WorkerEnded
from harness.exit_reason import exit_reason
from harness.processes import HOST, free_port, start_process, stop_process

READY_TIMEOUT = 60.0
"""Seconds within which a worker must be ready."""

POLL_INTERVAL = 0.2
"""Seconds between two requests for a page."""


class Worker:
    """One ``faust worker`` process and its pages.

    Parameters
    ----------
    process
        The running process.
    port
        Port of its web pages.
    log
        File with its output.
    """

    def __init__(self, process: "Popen[bytes]", port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    @classmethod
    def start(
        cls,
        folder: Path,
        env: Mapping[str, str],
        *,
        app: str = "anomaly_app.app",
        faust: Path | None = None,
    ) -> Self:
        """Start a worker on a free web port.

        Parameters
        ----------
        folder
            Folder for its log and its data.
        env
            Its settings, added to the environment.
        app
            The module with the app.
        faust
            Faust executable; None: the one of this environment.
        """
        port = free_port()
        log = folder / f"worker-{port}.log"
        command = [
            str(faust or Path(sys.executable).with_name("faust")),
            *("-A", app, "--datadir", str(folder / f"worker-{port}-data")),
            *("worker", "-l", "info", "--web-port", str(port)),
        ]
        # Otherwise it would keep a database in the folder that it is started in.
        settings = {"ANOMALY_STORE": "none", **env}
        return cls(start_process(command, log=log, env=settings), port, log)

    async def get(self, page: str) -> tuple[int, Any]:
        """Return the HTTP status and the JSON of a page; status 0 if the worker does not answer."""
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=5)) as session,
                session.get(f"http://{HOST}:{self.port}{page}") as response,
            ):
                is_json = response.content_type == "application/json"
                return response.status, await response.json() if is_json else None
        except (ClientError, TimeoutError, OSError):
            return 0, None

    async def wait_until_ready(self) -> None:
        """Return when the worker has its model and its partitions.

        Raises
        ------
        WorkerEnded
            It ended, or was not ready within `READY_TIMEOUT`.
        """
        deadline = time.monotonic() + READY_TIMEOUT
        while (await self.get("/readyz"))[0] != 200:  # noqa: PLR2004
            if (code := self.process.poll()) is not None:
                raise WorkerEnded(f"a worker ended with exit code {code}: {self.exit_reason()}")
            if time.monotonic() > deadline:
                raise WorkerEnded(
                    f"a worker was not ready after {READY_TIMEOUT:.0f} s: {self.exit_reason()}"
                )
            await asyncio.sleep(POLL_INTERVAL)

    def exit_reason(self) -> str:
        """Return the line of the worker's log that explains what is wrong, and the log's path."""
        said = exit_reason(self.log.read_text(errors="replace"))
        return f"{said.removeprefix('error: ')} (full log: {self.log})"

    def stop(self) -> int:
        """Stop the worker gracefully and return its exit code."""
        return stop_process(self.process)


def clear_old_logs(folder: Path) -> None:
    """Remove the logs and data of earlier runs from a folder, and nothing else."""
    (folder / "broker.log").unlink(missing_ok=True)
    for log in folder.glob("worker-*.log"):
        if log.stem.removeprefix("worker-").isdigit():
            log.unlink(missing_ok=True)
            shutil.rmtree(folder / f"{log.stem}-data", ignore_errors=True)


@asynccontextmanager
async def running_workers(
    count: int, folder: Path, env: Mapping[str, str]
) -> AsyncIterator[list[Worker]]:
    """Run workers, wait until all are ready, and stop them at the end of the block."""
    workers = [Worker.start(folder, env) for _ in range(count)]
    try:
        await asyncio.gather(*(worker.wait_until_ready() for worker in workers))
        yield workers
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.stop()
