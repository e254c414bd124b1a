"""The command line as users have it: a process, its exit code and what it said."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.kafka import Kafka
from tests.support.waiting import PATIENCE

FAUST = str(Path(sys.executable).with_name("faust"))


class Ended(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Of a command that did what it should, without a word on standard error."""
        assert (self.code, self.err) == (0, "")
        return self.out

    @property
    def letters(self) -> list[dict[str, Any]]:
        """Of `dlq list --json`: standard output is JSON lines and nothing else."""
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error_line(self) -> str:
        assert self.code == 1
        assert self.out == ""
        [line] = self.err.splitlines()
        assert line.lower().startswith("error: ")
        return line


def faust(kafka: Kafka, *arguments: str, stdin: str = "", **environment: str) -> Ended:
    """Run ``faust -A anomaly_app.app`` to its end."""
    ended = subprocess.run(
        [FAUST, "-A", "anomaly_app.app", *arguments],
        env={**os.environ, **kafka.environment, **environment},
        input=stdin.encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert b"Traceback" not in ended.stderr, ended.stderr.decode()
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
