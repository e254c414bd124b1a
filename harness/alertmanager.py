"""Alertmanager, from Debian's package, and a webhook that it calls; all on loopback."""

import asyncio
import fcntl
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession, web

from harness.errors import AlertmanagerNotStarted
from harness.processes import HOST, free_port, start_process, stop_process

PACKAGE = "prometheus-alertmanager"
FOLDER = Path("build/alertmanager")

TEMPLATES = "/usr/share/prometheus/alertmanager"
"""Where the package's binary looks for templates, which nothing here uses but its start."""

WITHIN = 20.0
"""Seconds until it is ready."""

LOOK = 0.05


def fetch_alertmanager(folder: Path = FOLDER) -> None:
    """Download Debian's package and unpack it into a folder, without being root.

    Raises
    ------
    AlertmanagerNotStarted
        This is no Debian, or the package cannot be downloaded.
    """
    if _binary(folder).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Processes of tests may want it at the same time.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _binary(folder).exists():
            _fetch(folder)


def _fetch(folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise AlertmanagerNotStarted("Alertmanager is fetched with apt-get, which is not here")
    _run("apt-get", "download", "--quiet", PACKAGE, cwd=folder)
    [package] = folder.glob(f"{PACKAGE}_*.deb")
    _run("dpkg-deb", "--extract", package.name, ".", cwd=folder)
    package.unlink()
    binary = _binary(folder)
    # Its templates are not where a package that is installed has them. The name of the working
    # directory, written as long, leads there.
    here = "./" * (len(TEMPLATES) // 2)
    binary.write_bytes(binary.read_bytes().replace(TEMPLATES.encode(), here.encode()))


class Alertmanager:
    """A running Alertmanager.

    Parameters
    ----------
    session
        Client for its API.
    address
        Such as ``http://127.0.0.1:9093``.
    """

    def __init__(self, session: ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def post(self, alerts: Sequence[dict[str, Any]]) -> None:
        """Send alerts, as the second version of its API has them.

        Raises
        ------
        AlertmanagerNotStarted
            It refuses them.
        """
        url = f"{self._address}/api/v2/alerts"
        async with self._session.post(url, json=alerts) as response:
            if not response.ok:
                raise AlertmanagerNotStarted(f"Alertmanager: {await response.text()}")

    async def is_ready(self) -> bool:
        """Return whether it answers."""
        try:
            async with self._session.get(f"{self._address}/-/ready") as response:
                return response.ok
        except ClientError:
            return False


@asynccontextmanager
async def alertmanager(config: str, folder: Path = FOLDER) -> AsyncIterator[Alertmanager]:
    """Run Alertmanager alone, without a cluster.

    Parameters
    ----------
    config
        Its configuration in YAML.
    folder
        Where `fetch_alertmanager` has put it.

    Raises
    ------
    AlertmanagerNotStarted
        It has not been fetched, ended, or was not ready in time.
    """
    binary = _binary(folder).resolve()
    if not binary.exists():
        raise AlertmanagerNotStarted(f"{binary} does not exist; fetch_alertmanager() makes it")
    with TemporaryDirectory(prefix="alertmanager-") as name:
        data = Path(name)
        (data / "alertmanager.yml").write_text(config)
        port = free_port()
        options = {
            "config.file": data / "alertmanager.yml",
            "storage.path": data / "data",
            "web.listen-address": f"{HOST}:{port}",
            "cluster.listen-address": "",
            "log.level": "warn",
        }
        log = data / "log"
        process = start_process(
            [str(binary), *(f"--{key}={value}" for key, value in options.items())],
            log=log,
            cwd=binary.parents[2] / TEMPLATES.lstrip("/"),
        )
        try:
            async with ClientSession() as session:
                running = Alertmanager(session, f"http://{HOST}:{port}")
                await _until_ready(running, process, log)
                yield running
        finally:
            await asyncio.to_thread(stop_process, process)


@asynccontextmanager
async def webhook(receive: Callable[[dict[str, Any]], None]) -> AsyncIterator[str]:
    """Listen for what Alertmanager sends, and give the address for its configuration."""

    async def answer(request: web.Request) -> web.Response:
        receive(msgspec.json.decode(await request.read()))
        return web.Response()

    app = web.Application(client_max_size=2**28)
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def _until_ready(
    running: Alertmanager, process: "subprocess.Popen[bytes]", log: Path
) -> None:
    for _ in range(int(WITHIN / LOOK)):
        if await running.is_ready():
            return
        if process.poll() is not None:
            break
        await asyncio.sleep(LOOK)
    raise AlertmanagerNotStarted(f"Alertmanager did not start: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text()[-500:]


def _binary(folder: Path) -> Path:
    return folder / "usr" / "bin" / PACKAGE


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise AlertmanagerNotStarted(f"{' '.join(command)}: {done.stderr.strip()}")
