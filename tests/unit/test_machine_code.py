"""Machine code is kept for one state of the sources, and never used for another."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anomaly_app import machine_code

ROOT = Path(__file__).parents[2]
CORE = ROOT / "anomaly_app/core"

CONSTANT = "TENS = 10.0\n"

ADDS = """
import numba
from anomaly_app.core.compiled import compiled

@compiled(numba.float64(numba.float64), inlined=True)
def more(number):
    return number + 1.0
"""

CALLER = """
import numba
from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.adds import more
from anomaly_app.core.memory.units import TENS
from anomaly_app.core.hundreds import HUNDREDS

@compiled(numba.float64(numba.float64))
def sum_up(number):
    return more(number) + TENS + HUNDREDS
"""

RUN = "from anomaly_app.core.memory.caller import sum_up; print(sum_up(0.0))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, with a caller of what three other modules have."""
    copy = tmp_path / "copy/anomaly_app"
    shutil.copytree(ROOT / "anomaly_app", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "core/hundreds.py").write_text("HUNDREDS = 100.0\n")
    (copy / "core/memory/units.py").write_text(CONSTANT)
    (copy / "core/memory/adds.py").write_text(ADDS)
    (copy / "core/memory/caller.py").write_text(CALLER)
    return copy


def result(package: Path, **environment: str) -> float:
    """What the caller returns in a new process."""
    ended = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", RUN],
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return float(ended.stdout)


def kept(folder: Path) -> set[Path]:
    """Files with machine code."""
    return {*folder.rglob("*.nbc")}


def replace(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_caller_is_compiled_again_when_another_file_changes(package: Path) -> None:
    assert result(package) == 111.0
    at_first = kept(package)
    assert len(at_first) == 2
    assert result(package) == 111.0
    assert kept(package) == at_first, "what has not changed is not compiled again"
    replace(package / "core/memory/adds.py", "number + 1.0", "number + 2.0")
    assert result(package) == 112.0
    replace(package / "core/memory/units.py", "10.0", "20.0")
    assert result(package) == 122.0
    replace(package / "core/hundreds.py", "100.0", "200.0")
    assert result(package) == 222.0


def test_where_nothing_can_be_kept_everything_is_compiled(package: Path) -> None:
    (package / "core/memory/__pycache__").write_text("in the way")
    assert result(package, XDG_CACHE_HOME="/dev/null") == 111.0
    assert kept(package) == set()


def test_beside_sources_that_cannot_be_written_to_the_users_cache_is_used(
    package: Path, tmp_path: Path
) -> None:
    (package / "core/memory/__pycache__").write_text("in the way")
    assert result(package, XDG_CACHE_HOME=str(tmp_path / "cache")) == 111.0
    assert len(kept(tmp_path / "cache/anomaly-app")) == 2


def test_the_user_may_choose_the_place(package: Path, tmp_path: Path) -> None:
    # What would be trusted with changes of the function's own file only is not used.
    chosen = {"NUMBA_CACHE_DIR": str(tmp_path / "chosen")}
    chosen["NUMBA_CACHE_LOCATOR_CLASSES"] = "InTreeCacheLocator"
    assert result(package, **chosen) == 111.0
    assert len(kept(tmp_path / "chosen")) == 2
    assert kept(package) == set()


@pytest.fixture
def folder_of(tmp_path: Path) -> Iterator[Callable[[str], Path | None]]:
    """Give the folder of a package whose only file has this text."""

    def folder(text: str) -> Path | None:
        machine_code.folder_of.cache_clear()
        machine_code._digest_of.cache_clear()
        (tmp_path / "module.py").write_text(text)
        return machine_code.folder_of((tmp_path,))

    yield folder
    machine_code.folder_of.cache_clear()
    machine_code._digest_of.cache_clear()


def test_older_folders_are_removed_but_a_few(
    folder_of: Callable[[str], Path | None], tmp_path: Path
) -> None:
    made = []
    for number in range(6):
        folder = folder_of(f"NUMBER = {number}")
        assert folder is not None
        os.utime(folder, (number, number))
        made.append(folder)
    assert len({*made}) == 6
    assert {*(tmp_path / "__pycache__").iterdir()} == {*made[-machine_code.KEPT :]}
    assert folder_of("NUMBER = 4") == made[4]
    assert {*(tmp_path / "__pycache__").iterdir()} == {*made[-machine_code.KEPT :]}


def imports(file: Path) -> Iterator[str]:
    """Modules of this project that a module may take something from."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def files_behind(file: Path) -> set[Path]:
    """A module and all of this project that it imports, over any number of steps."""
    found, new = {file}, {file}
    while new:
        names = {name for one in new for name in imports(one) if name.startswith("anomaly_app.")}
        files = {ROOT / f"{name.replace('.', '/')}.py" for name in names}
        new = {one for one in files if one.exists()} - found
        found |= new
    return found


COMPILED = [file for file in sorted(CORE.rglob("*.py")) if "@compiled(" in file.read_text()]

NOT_COMPILED_IN = {ROOT / "anomaly_app/machine_code.py"}
"""Where machine code is kept."""


@pytest.mark.parametrize("file", COMPILED, ids=lambda file: file.name)
def test_all_that_may_be_compiled_in_counts(file: Path) -> None:
    assert "anomaly_app.errors" not in {*imports(file)}
    counted = {file.parent, CORE}
    behind = files_behind(file) - NOT_COMPILED_IN
    assert {one for one in behind if one.parent not in counted} == set()
