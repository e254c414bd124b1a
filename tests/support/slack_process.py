"""The local Slack as a process of its own, which can be killed: what it has taken is in a file.

A message is written down before the call is answered, so that a kill loses answers, never messages.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from harness.processes import free_port, start_process, stop_process, wait_until_listening
from tests.support.kafka import ROOT
from tests.support.slack_server import Json, SlackServer, slack_server

KEPT = {"chat.postMessage", "chat.update"}

STARTING = 30.0
"""Seconds."""


class KeptSlack(SlackServer):
    """A server that writes down what it takes, and goes on with it when it is started again."""

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self._journal = journal
        self.messages = Journal(journal).go_on().messages
        self._last_ts = max((int(m["ts"].replace(".", "")) for m in self.messages), default=0)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        faults = self.answers if method == "chat.postMessage" else self.faults[method]
        if faults and faults[0] != "ok":
            self._write({"fault": faults[0]})
        return await super().serve(request)

    def _done(self, method: str, request: web.Request, arguments: Json) -> web.Response:
        answer = super()._done(method, request, arguments)
        said = json.loads(answer.text or "")
        if method in KEPT and said["ok"]:
            [message] = [m for m in self.messages if m["ts"] == said["ts"]]
            self._write({"message": message})
        return answer

    def _write(self, line: Json) -> None:
        # One write, which is in the file as a whole also if the process is killed after it.
        with self._journal.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")


class Journal:
    """What a Slack has taken so far, in any of its processes.

    Parameters
    ----------
    file
        Where it is written down.
    """

    def __init__(self, file: Path) -> None:
        self.faults: Counter[str] = Counter()
        self._file, self._read = file, 0
        self._messages: dict[str, Json] = {}

    @property
    def messages(self) -> list[Json]:
        """As they are shown now, in the order in which they were posted."""
        return [*self._messages.values()]

    @property
    def shown(self) -> list[Json]:
        """The messages that are no replies."""
        return [m for m in self.messages if "thread_ts" not in m]

    @property
    def replies(self) -> list[Json]:
        return [m for m in self.messages if "thread_ts" in m]

    @property
    def edits(self) -> int:
        return sum(message.get("edits", 0) for message in self.messages)

    def go_on(self) -> "Journal":
        """Read what has been written since."""
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self._read)
                # What comes after the last end of a line is being written.
                written, end, _ = file.read().rpartition(b"\n")
            self._read += len(written + end)
            for line in written.splitlines():
                self._take(json.loads(line))
        return self

    def _take(self, line: Json) -> None:
        if message := line.get("message"):
            self._messages[message["ts"]] = message
        else:
            self.faults[line["fault"]] += 1


class SlackProcess:
    """Starts and kills processes of one Slack, which has the same address each time.

    Parameters
    ----------
    folder
        For what it has taken, and for its log.
    """

    def __init__(self, folder: Path) -> None:
        self.outages = 0
        self._port = free_port()
        self._file, self._log = folder / "slack.jsonl", folder / "slack.log"
        self._journal = Journal(self._file)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def taken(self) -> Journal:
        return self._journal.go_on()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.support.slack_process"]
        command += [str(self._port), str(self._file)]
        process = start_process(command, log=self._log, env={"PYTHONPATH": str(ROOT)})
        self._process = process
        wait_until_listening(process, self._port, within=STARTING, name="Slack", log=self._log)

    def kill(self) -> None:
        """Kill it; what it is doing is not done, or not answered."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.outages += 1

    async def fail(self, method: str, faults: Sequence[str]) -> bool:
        """Let the next calls of a method fail; tell whether it is there to be told so."""
        url = f"http://127.0.0.1:{self._port}/faults/{method}"
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=5)) as session,
                session.post(url, json=faults) as answer,
            ):
                return answer.status == web.HTTPOk.status_code
        except (ClientError, TimeoutError, OSError):
            return False

    def stop(self) -> None:
        if self._process is not None:
            stop_process(self._process)


async def _for_ever() -> None:
    await asyncio.Event().wait()


def main() -> None:
    """Serve until the process is ended."""
    port, journal = int(sys.argv[1]), Path(sys.argv[2])
    with slack_server(port, KeptSlack(journal)):
        asyncio.run(_for_ever())


if __name__ == "__main__":
    main()
