"""Notices in the worker's log, and as JSON lines in a file that is rotated, cut, or full."""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from anomaly_app.channels.channel import Delivered, Later, Place
from anomaly_app.channels.log import JsonLinesChannel, WorkerLogChannel
from anomaly_app.channels.wording import one_line
from anomaly_app.core.alerts.notice import Note, Notice
from tests.support.slack_notices import digest, notice, notices

NOWHERE = Place()


async def append(file: Path, *told: Notice) -> list[Delivered | Later]:
    channel = JsonLinesChannel(file)
    try:
        return [await channel.deliver(one, NOWHERE) for one in told or (notice(),)]
    finally:
        await channel.close()


def lines_of(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_the_workers_log_has_one_line_for_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert await WorkerLogChannel().deliver(notice(), NOWHERE) == Delivered()
    assert caplog.messages == [
        "ALERT High anomaly: card-0042 at 2026-01-05 12:00:00 UTC | opened, 1 anomaly | about 1 in "
        "1,250 transactions is this unusual | amount is 4,210, usually 28.8 (70%) | category is "
        "travel, usually food (20%) | transactions partition 3 offset 1042 | incident incident-1"
    ]


def test_digests_and_notes_are_one_line_too() -> None:
    assert one_line(notice(digest(2))) == (
        "2 incidents without a message | card-0000: medium | card-0001: medium"
    )
    assert one_line(notice(Note(title="A silence ends", text="at\n14:00"))) == (
        "A silence ends | at 14:00"
    )


@given(notices)
def test_whatever_the_stream_holds_a_line_is_one_printable_line(told: Notice) -> None:
    line = one_line(told)
    assert line.isprintable()
    assert len(line) < 15_000


async def test_notices_are_lines_of_json(tmp_path: Path) -> None:
    file = tmp_path / "anomalies.jsonl"
    assert await append(file, notice(), notice(version=2)) == [Delivered(), Delivered()]
    assert await append(file, notice(version=3)) == [Delivered()]
    assert [(line["id"], line["version"]) for line in lines_of(file)] == (
        [("incident-1", 1), ("incident-1", 2), ("incident-1", 3)]
    )
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_was_rotated_or_removed_is_made_anew(tmp_path: Path) -> None:
    file, moved = tmp_path / "anomalies.jsonl", tmp_path / "anomalies.jsonl.1"
    channel = JsonLinesChannel(file)
    await channel.deliver(notice(version=1), NOWHERE)
    file.rename(moved)
    await channel.deliver(notice(version=2), NOWHERE)
    assert [line["version"] for line in lines_of(moved)] == [1]
    assert [line["version"] for line in lines_of(file)] == [2]
    file.unlink()
    await channel.deliver(notice(version=3), NOWHERE)
    await channel.close()
    assert [line["version"] for line in lines_of(file)] == [3]


async def test_a_line_that_a_crash_has_cut_is_ended_first(tmp_path: Path) -> None:
    file = tmp_path / "anomalies.jsonl"
    file.write_text('{"id": "incident-0", "vers')
    await append(file)
    cut, whole = file.read_text().splitlines()
    assert cut == '{"id": "incident-0", "vers'
    assert json.loads(whole)["id"] == "incident-1"


async def test_workers_that_share_a_file_mix_no_lines(tmp_path: Path) -> None:
    file = tmp_path / "anomalies.jsonl"
    told = [notice(digest(30), id=f"digest-{n}") for n in range(40)]
    await asyncio.gather(*(append(file, *told) for _ in range(4)))
    assert len(lines_of(file)) == 160


async def test_a_disk_that_is_full_is_said_and_the_notice_kept() -> None:
    [answer] = await append(Path("/dev/full"))
    assert answer == Later("/dev/full cannot be written: No space left on device")


async def test_a_line_that_fits_in_part_only_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = tmp_path / "anomalies.jsonl", os.write
    channel = JsonLinesChannel(file)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda to, line: write(to, line[:20]))
        answer = await channel.deliver(notice(), NOWHERE)
    assert isinstance(answer, Later)
    assert "20 of " in answer.why
    assert await channel.deliver(notice(), NOWHERE) == Delivered()
    await channel.close()
    cut, whole = file.read_text().splitlines()
    assert len(cut) == 20
    assert json.loads(whole)["id"] == "incident-1"


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    [answer] = await append(tmp_path / "no" / "file")
    assert isinstance(answer, Later)
    assert answer.why.endswith("no/file cannot be written: No such file or directory")
    [answer] = await append(tmp_path)
    assert isinstance(answer, Later)
    assert answer.why.endswith("Is a directory")


async def test_a_pipe_that_nobody_reads_holds_up_no_worker(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    [answer] = await append(pipe)
    assert isinstance(answer, Later)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert await append(pipe) == [Delivered()]
        assert json.loads(os.read(reader, 100_000))["id"] == "incident-1"
    finally:
        os.close(reader)
