"""A PostgreSQL server of this machine's packages, which can be killed, frozen and started again."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import PostgresNotStarted
from harness.processes import HOST, free_port, start_process, stop_process

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian has the programs, by version."""

START_TIMEOUT = 60.0
"""Seconds within which the server must answer, also after a crash."""

OWNER = "postgres"
"""Who runs the server if this process is root, which PostgreSQL refuses."""

OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "40",
}


def programs() -> Path:
    """Return the folder with the programs of the newest PostgreSQL.

    Raises
    ------
    PostgresNotStarted
        There is none on this machine.
    """
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresNotStarted("there is no PostgreSQL: apt install postgresql")
    return Path(on_path).parent


@dataclass
class Postgres:
    """One server; its data survive a kill.

    Parameters
    ----------
    folder
        For its data and its log; its owner can reach it.
    port
        On which it listens.
    options
        More settings of the server, such as ``shared_buffers``.
    process
        Once it has been started.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    options: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Address of its database for SQLAlchemy."""
        return f"postgresql+psycopg://{OWNER}@{HOST}:{self.port}/postgres"

    @property
    def log(self) -> Path:
        """File with its output."""
        return self.folder / "postgres.log"

    def create(self) -> None:
        """Make the folder of its data, once.

        Raises
        ------
        PostgresNotStarted
            It cannot be made.
        """
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER)
        command = [str(programs() / "initdb"), "-D", str(self.folder / "data"), "-U", OWNER]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(  # noqa: S603  # our own command
            _as_owner(command), capture_output=True, text=True, check=False, cwd=self.folder
        )
        if done.returncode != 0:
            raise PostgresNotStarted(f"initdb failed: {done.stdout}{done.stderr}")

    def start(self) -> None:
        """Start it, and return when it answers.

        Raises
        ------
        PostgresNotStarted
            It does not in time.
        """
        options = OPTIONS | {"port": str(self.port)} | self.options
        command = [str(programs() / "postgres"), "-D", str(self.folder / "data")]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                # After a kill its children still have its memory for a moment.
                self.process = start_process(_as_owner(command), log=self.log, cwd=self.folder)
            if self._answers():
                return
            time.sleep(0.1)
        raise PostgresNotStarted(
            f"PostgreSQL does not answer on {HOST}:{self.port}; see {self.log}"
        )

    def kill(self) -> None:
        """End it as a power cut would, without a word to its clients."""
        for process in self._processes():
            _send(process, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self) -> None:
        """Stop it where it is: connections stay open, and nobody answers."""
        for process in self._processes():
            _send(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        for process in reversed(self._processes()):
            _send(process, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            # Without waiting for its clients.
            self.process.send_signal(signal.SIGINT)
            stop_process(self.process)

    def _processes(self) -> list[int]:
        if self.process is None:
            return []
        parent = self.process.pid
        children: list[int] = []
        with suppress(OSError):
            listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
            children = [int(child) for child in listed.split()]
        return [parent, *children]

    def _answers(self) -> bool:
        command = [str(programs() / "pg_isready"), "-h", HOST, "-p", str(self.port), "-t", "1"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


@contextmanager
def postgres(**options: str) -> Iterator[Postgres]:
    """Run a server on a free port, and stop it at the end of the block.

    Parameters
    ----------
    **options
        Settings of the server.

    Raises
    ------
    PostgresNotStarted
        There is none on this machine, or it did not start.
    """
    with TemporaryDirectory(prefix="anomaly-app-postgres-") as folder:
        server = Postgres(Path(folder), options=options)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _as_owner(command: Sequence[str]) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    try:
        owner = pwd.getpwnam(OWNER)
    except KeyError:
        raise PostgresNotStarted(f"there is no user {OWNER}, and PostgreSQL refuses root") from None
    change = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return [*change, "--pdeathsig", "KILL", *command]


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
