"""What each package may import and touch.

Which modules may import which is said in pyproject.toml, and checked by import-linter.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "anomaly_app"

PURE_LIBRARIES = {
    "abc",
    "anomaly_app",
    "collections",
    "contextlib",
    "cramjam",
    "cronsim",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "heapq",
    "hmac",
    "functools",
    "hashlib",
    "importlib",
    "io",
    "itertools",
    "joblib",
    "llvmlite",
    "math",
    "mmap",
    "msgspec",
    "numba",
    "numpy",
    "operator",
    "platform",
    "re",
    "scipy",
    "shlex",
    "sklearn",
    "struct",
    "types",
    "typing",
    "warnings",
    "zlib",
    "zoneinfo",
}

IMPURE_CALLS = {"open", "print", "input", "now", "today", "time", "monotonic", "sleep", "getenv"}

PACKAGES = ("anomaly_app", "training", "demo", "harness", "benchmarks")
"""Everything but the tests."""

LONGEST_MODULE = 225
"""Lines."""


@cache
def tree_of(file: Path) -> ast.Module:
    """Parse a module, once for all tests of this file."""
    return ast.parse(file.read_text())


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", modules(APP / "core"), ids=lambda file: file.name)
def test_core_is_pure(file: Path) -> None:
    assert {name.split(".")[0] for name in imports(file)} <= PURE_LIBRARIES
    calls = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]
    names = {
        call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        for call in calls
        if isinstance(call.func, ast.Name | ast.Attribute)
    }
    assert not names & IMPURE_CALLS


def test_imports_keep_the_contracts_of_pyproject() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_imported_by_its_public_modules(name: str) -> None:
    others = [file for other in PACKAGES if other != name for file in modules(ROOT / other)]
    used = {
        module.split(".")[1]
        for file in others
        for module in imports(file)
        if module.startswith(f"{name}.")
    }
    assert used <= set(import_module(name).__all__)


def test_commands_load_no_library_that_only_models_or_schemas_need() -> None:
    strangers = {"sklearn", "numba", "scipy", "fastavro", "google.protobuf"}
    look = f"import sys, anomaly_app.app; print({strangers!r} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


def test_what_remembers_nothing_does_not_wait_for_the_loop_of_the_memory() -> None:
    """It is compiled for a quarter of a minute, once, and loaded for half a second, each time."""
    look = "import sys, anomaly_app.registry.pipelines, training.commands.fit, demo.run; "
    look += "print([name for name in sys.modules if name.endswith('memory.kernel')])"
    loaded = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_modules_have_one_subject_and_a_readable_size() -> None:
    sizes = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines())
        for name in PACKAGES
        for file in modules(ROOT / name)
    }
    assert {file: size for file, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_every_module_says_what_it_is_for() -> None:
    for name in PACKAGES:
        for file in modules(ROOT / name):
            assert ast.get_docstring(tree_of(file)), file
