"""``.ci/run`` runs all tiers, and leaves out none of them unasked where it decides."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci/run"

WITHOUT_SERVICES = ["test", "test-hard"]
ALL = [*WITHOUT_SERVICES, "test-services"]
NEEDED = ("bash", "dirname", "env")


def ran(folder: Path, *programs: str, **environment: str) -> tuple[int, list[str], str]:
    """Run the script where there are only these programs; give the targets that it made."""
    (folder / ".ci").mkdir()
    (folder / ".ci/run").symlink_to(SCRIPT)
    programs_folder = folder / "bin"
    programs_folder.mkdir()
    for name in NEEDED:
        [found] = [Path(p) / name for p in ("/usr/bin", "/bin") if (Path(p) / name).exists()][:1]
        (programs_folder / name).symlink_to(found)
    for name in ("make", *programs):
        program = programs_folder / name
        program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >> "$CALLS"\n')
        program.chmod(0o755)
    calls = folder / "calls"
    ended = subprocess.run(
        ["bash", folder / ".ci/run"],
        env={"PATH": str(programs_folder), "CALLS": str(calls), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    made = [line.split()[1] for line in calls.read_text().splitlines() if line.startswith("make ")]
    return ended.returncode, made, ended.stdout + ended.stderr


def test_all_tiers_run_where_they_can(tmp_path: Path) -> None:
    assert ran(tmp_path, "mvn", "java", CI="1")[:2] == (0, ALL)


def test_a_broker_that_is_named_needs_no_java(tmp_path: Path) -> None:
    assert ran(tmp_path, CI="1", ANOMALY_BROKER="kafka://a:1")[:2] == (0, ALL)


def test_a_tier_that_is_left_out_unasked_fails_in_ci(tmp_path: Path) -> None:
    code, made, said = ran(tmp_path, "java", CI="1")
    assert (code, made) == (1, WITHOUT_SERVICES)
    assert "error: Maven or Java is missing, and SKIP_SERVICES=1 does not say" in said


@pytest.mark.parametrize("programs", [(), ("mvn", "java")])
def test_a_tier_may_be_left_out_when_asked(tmp_path: Path, programs: tuple[str, ...]) -> None:
    code, made, said = ran(tmp_path, *programs, CI="1", SKIP_SERVICES="1")
    assert (code, made) == (0, WITHOUT_SERVICES)
    assert "the tests on Apache Kafka are left out" in said


def test_a_developer_without_java_is_told(tmp_path: Path) -> None:
    code, made, said = ran(tmp_path)
    assert (code, made) == (0, WITHOUT_SERVICES)
    assert "make test decides" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can install packages")
def test_what_is_missing_is_installed_by_root(tmp_path: Path) -> None:
    code, made, said = ran(tmp_path, "apt-get", CI="1")
    assert "installing Maven and Java" in said
    assert (code, made) == (1, WITHOUT_SERVICES), "they are still missing"
