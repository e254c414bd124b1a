"""One Apache Kafka node in KRaft mode, which can be killed and restarted."""

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BrokerNotStarted
from harness.kafka_properties import PROPERTIES
from harness.processes import (
    HOST,
    free_port,
    start_process,
    stop_process,
    wait_until_listening,
)

START_TIMEOUT = 60.0
"""Seconds within which the node must listen."""

USER = "anomaly-app"
"""A user that may do everything."""

STRANGER = "stranger"
"""A user with only the permissions that a test grants it; it exists for PLAIN only."""


@dataclass
class ApacheKafka:
    """One node; its ports and its data survive a kill.

    Parameters
    ----------
    jars
        Folder with Kafka and its dependencies.
    folder
        Folder for its data, configuration and log.
    port, secure_port, controller_port
        Ports of its listeners.
    password
        Password of its users and of its key.
    process
        The node's process, once it has been started.
    """

    jars: Path
    folder: Path
    port: int = field(default_factory=free_port)
    secure_port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Address of the plaintext listener, without users: ``kafka://host:port``."""
        return f"kafka://{HOST}:{self.port}"

    @property
    def secure_address(self) -> str:
        """Address of the TLS listener, which requires a user and a password."""
        return f"kafka://{HOST}:{self.secure_port}"

    @property
    def certificate(self) -> Path:
        """The certificate that a client has to trust."""
        return self.folder / "server.pem"

    @property
    def log(self) -> Path:
        """File with the node's output."""
        return self.folder / "kafka.log"

    def format(self) -> None:
        """Write the configuration, the certificate and the storage, once.

        Raises
        ------
        BrokerNotStarted
            Java is not installed, or one of Kafka's programs failed.
        """
        self._make_certificate()
        (self.folder / "server.properties").write_text(
            PROPERTIES.format(
                host=HOST,
                port=self.port,
                secure_port=self.secure_port,
                controller_port=self.controller_port,
                folder=self.folder,
                password=self.password,
                user=USER,
                stranger=STRANGER,
            )
        )
        scram = f"SCRAM-SHA-512=[name={USER},password={self.password}]"
        # With a dash in front it would be taken for an option.
        cluster = f"K{secrets.token_urlsafe(16)[1:]}"
        self._java("kafka.tools.StorageTool", "format", "-t", cluster, "--add-scram", scram)

    def start(self) -> None:
        """Start the node and return when it listens.

        Raises
        ------
        BrokerNotStarted
            It ended, or did not listen in time.
        """
        self.launch()
        self.wait_until_listening()

    def launch(self) -> None:
        """Start the node; it is killed when the calling thread ends."""
        self.process = start_process(
            [*self._command("-Xmx1g", "kafka.Kafka"), str(self.folder / "server.properties")],
            log=self.log,
        )

    def wait_until_listening(self) -> None:
        """Return when a node that was launched listens.

        Raises
        ------
        BrokerNotStarted
            It was not launched, it ended, or did not listen in time.
        """
        wait_until_listening(
            self._launched, self.port, within=START_TIMEOUT, name="Apache Kafka", log=self.log
        )

    async def restart(self) -> None:
        """Start the node again, without blocking the test."""
        self.launch()
        await asyncio.to_thread(self.wait_until_listening)

    def kill(self) -> None:
        """End the node as a power cut would."""
        self._launched.kill()
        self._launched.wait()

    def stop(self) -> None:
        """Stop the node gracefully, if it was started."""
        if self.process is not None:
            stop_process(self.process)

    @property
    def _launched(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise BrokerNotStarted("the Apache Kafka node has not been started")
        return self.process

    def _java(self, program: str, *arguments: str) -> None:
        properties = str(self.folder / "server.properties")
        _run([*self._command(program), *arguments, "-c", properties])

    def _command(self, *program: str) -> list[str]:
        return [_tool("java"), "-cp", str(self.jars.absolute() / "*"), *program]

    def _make_certificate(self) -> None:
        common = ["-keystore", str(self.folder / "server.p12"), "-storepass", self.password]
        make = ["-genkeypair", "-alias", "kafka", "-keyalg", "EC", "-dname", "CN=localhost"]
        make += ["-ext", f"SAN=IP:{HOST},DNS:localhost", "-validity", "2", "-storetype", "PKCS12"]
        export = ["-exportcert", "-rfc", "-alias", "kafka", "-file", str(self.certificate)]
        for arguments in (make, export):
            _run([_tool("keytool"), *arguments, *common])


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BrokerNotStarted(f"there is no {name} on the PATH: Apache Kafka needs a JDK")
    return path


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603  # our own command
        command, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        # The command is left out: its arguments include a password.
        program = Path(command[0]).name
        raise BrokerNotStarted(f"{program} failed: {done.stdout}{done.stderr}")


@contextmanager
def apache_kafka(jars: Path, folder: Path) -> Iterator[ApacheKafka]:
    """Run an Apache Kafka node on free ports, and stop it at the end of the block.

    Parameters
    ----------
    jars
        Folder with Kafka and its dependencies.
    folder
        Folder for its data, configuration and log.

    Raises
    ------
    BrokerNotStarted
        It did not start.
    """
    node = ApacheKafka(jars, folder)
    node.format()
    try:
        node.start()
        yield node
    finally:
        node.stop()
        shutil.rmtree(folder / "logs", ignore_errors=True)
