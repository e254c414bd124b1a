"""The house keeps its walls: what each room may import and touch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "anomaly_app"

PURE_LIBRARIES = {
    *(
        "abc",
        "anomaly_app",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "functools",
        "hashlib",
    ),
    *(
        "importlib",
        "io",
        "itertools",
        "joblib",
        "math",
        "msgspec",
        "llvmlite",
        "numba",
        "numpy",
        "operator",
    ),
    *(
        "platform",
        "re",
        "scipy",
        "shlex",
        "sklearn",
        "struct",
        "types",
        "typing",
        "warnings",
        "zoneinfo",
    ),
}

IMPURE_CALLS = {"open", "print", "input", "now", "today", "time", "monotonic", "sleep", "getenv"}

ALLOWED = {
    "core": {"core"},
    "schemas": {"core", "settings", "schemas"},
    "web": {"core", "runtime", "web", ""},
    "alerting": {"core", "alerting"},
    "broker": {"core", "settings", "broker"},
    "stream": {
        *("core", "alerting", "broker", "records", "runtime", "schemas", "settings", "stream"),
        "model_store",
    },
    "dead_letters": {
        *("core", "broker", "runtime", "schemas", "settings", "model_store", "terminal"),
        "dead_letters",
    },
    "commands": {"core", "broker", "records", "settings", "terminal", "commands", ""},
    # A topic can be history, too: it is reached as a worker reaches it.
    "training": {"core", "schemas", "model_store", "broker", "settings"},
}
"""Rooms of `anomaly_app` that each room may import; "" is the package's own version."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", modules(APP / "core"), ids=lambda file: file.name)
def test_core_is_pure(file: Path) -> None:
    assert {name.split(".")[0] for name in imports(file)} <= PURE_LIBRARIES
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    names = {
        call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        for call in calls
        if isinstance(call.func, ast.Name | ast.Attribute)
    }
    assert not names & IMPURE_CALLS


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_one_way(room: str) -> None:
    folder = ROOT / "training" if room == "training" else APP / room
    for file in modules(folder):
        for name in imports(file):
            if name.split(".")[0] == "anomaly_app":
                target = name.split(".")[1] if "." in name else ""
                assert target in ALLOWED[room], f"{file} imports {name}"


def test_only_the_edge_knows_faust() -> None:
    knowing = {
        file.relative_to(APP).parts[0]
        for file in modules(APP)
        if any(name.split(".")[0] == "faust" for name in imports(file))
    }
    assert knowing == {"app.py", "commands", "records.py", "stream", "web"}


@pytest.mark.parametrize("folder", ["anomaly_app", "training", "tests/support"])
def test_nothing_needs_the_benchmark(folder: str) -> None:
    strangers = {"benchmarks", "quixstreams"}
    for file in modules(ROOT / folder):
        assert not strangers & {name.split(".")[0] for name in imports(file)}, file


def test_commands_load_no_library_that_only_models_or_schemas_need() -> None:
    strangers = {"sklearn", "numba", "scipy", "fastavro", "google.protobuf"}
    look = f"import sys, anomaly_app.app; print({strangers!r} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


def test_only_tests_and_benchmarks_know_another_client_of_kafka() -> None:
    for file in [*modules(APP), *modules(ROOT / "training")]:
        assert "confluent_kafka" not in {name.split(".")[0] for name in imports(file)}, file


def test_only_reports_know_matplotlib_and_jinja() -> None:
    for file in [*modules(APP), *modules(ROOT / "training")]:
        if file.parent != ROOT / "training/report":
            assert not {"matplotlib", "jinja2"} & {name.split(".")[0] for name in imports(file)}


def test_modules_have_one_subject_and_a_readable_size() -> None:
    sizes = {
        file.relative_to(ROOT): len(file.read_text().splitlines())
        for file in [*modules(APP), *modules(ROOT / "training"), *modules(ROOT / "benchmarks")]
    }
    assert {str(file): size for file, size in sizes.items() if size > 225} == {}


def test_every_module_says_what_it_is_for() -> None:
    for file in [*modules(APP), *modules(ROOT / "training"), *modules(ROOT / "benchmarks")]:
        assert ast.get_docstring(ast.parse(file.read_text())), file
