"""What holds for all tests: they assert, wait for conditions, and know nothing of a developer."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from anomaly_app.settings.app import Settings, load_settings

ROOT = Path(__file__).parents[2]

MODULES = sorted([*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("*_contract.py")])
HELPERS = sorted([*(ROOT / "tests/support").glob("*.py"), *(ROOT / "harness").glob("*.py")])

ASSERTING = ("assert_", "raises", "warns")
"""How functions of numpy and pytest begin that make a test fail."""

Function = ast.FunctionDef | ast.AsyncFunctionDef

parsed = cache(ast.parse)


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def calls_of(tree: ast.AST) -> set[str]:
    """Names of what is called, without the modules and objects that they belong to."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {f.id for f in called if isinstance(f, ast.Name)} | {
        f.attr for f in called if isinstance(f, ast.Attribute)
    }


def asserts(function: Function, helpers: frozenset[str]) -> bool:
    """Whether a function asserts, or calls a helper that does, or has a check as its argument."""
    decorators = set().union(*map(calls_of, function.decorator_list))
    return (
        any(isinstance(node, ast.Assert) for node in ast.walk(function))
        or any(name in helpers or name.startswith(ASSERTING) for name in calls_of(function))
        or "parametrize_with_checks" in decorators
    )


def asserting_helpers(*trees: ast.AST) -> frozenset[str]:
    """Give the functions that assert themselves, and are no tests."""
    found = {
        function.name
        for tree in trees
        for function in functions_of(tree)
        if not function.name.startswith("test_") and asserts(function, frozenset())
    }
    return frozenset(found)


SHARED = asserting_helpers(*(parsed(file.read_text()) for file in HELPERS))


def silent_tests(source: str) -> list[str]:
    """Name the tests that assert nothing."""
    tree = parsed(source)
    helpers = SHARED | asserting_helpers(tree)
    tests = (f for f in functions_of(tree) if f.name.startswith("test_"))
    return [test.name for test in tests if not asserts(test, helpers)]


def sleeps(source: str) -> list[int]:
    """Give the lines on which a clock is waited for; a sleep of 0 is a turn of the event loop."""
    return [
        node.lineno
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"sleep", "asyncio.sleep", "time.sleep"}
        and [ast.unparse(argument) for argument in node.args] != ["0"]
    ]


def own_event_loops(source: str) -> list[int]:
    """Give the lines on which a test runs a coroutine."""
    return [
        node.lineno
        for test in functions_of(parsed(source))
        if test.name.startswith("test_")
        for node in ast.walk(test)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.run"
    ]


def commands_in_the_checkout(source: str) -> list[str]:
    """Give the commands that are started in the project's own folder."""
    return [
        ast.unparse(node.args[0])
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call)
        and any(k.arg == "cwd" and ast.unparse(k.value) == "ROOT" for k in node.keywords)
    ]


def found(look: Callable[[str], Sequence[object]], *files: Path) -> dict[str, Sequence[object]]:
    """Give what is found in which file."""
    looks = {str(file.relative_to(ROOT)): look(file.read_text()) for file in files}
    return {file: seen for file, seen in looks.items() if seen}


def test_no_test_asserts_nothing() -> None:
    assert found(silent_tests, *MODULES) == {}


def test_no_test_sleeps_and_hopes() -> None:
    assert found(sleeps, *MODULES) == {}, "tests/support/waiting.py has what waits"


def test_tests_await_and_run_no_event_loop_of_their_own() -> None:
    assert found(own_event_loops, *MODULES) == {}


def test_no_process_runs_in_the_checkout_but_those_that_read_no_settings() -> None:
    """A command of the app would read the developer's ``.env`` there."""
    known = {"['make', '--dry-run', target]", "['make', 'help']", "[sys.executable, '-c', look]"}
    known.add("[linter, '--no-cache', '--no-logo']")
    commands = found(commands_in_the_checkout, *MODULES, *HELPERS)
    assert {str(command) for seen in commands.values() for command in seen} == known


def test_what_asserts_nothing_and_what_sleeps_is_found() -> None:
    source = """
def is_right(answer):
    assert answer

def test_that_asserts():
    assert 1

def test_whose_helper_asserts():
    is_right(1)

def test_that_expects_an_error():
    with pytest.raises(ValueError):
        int("x")

async def test_that_only_runs():
    await asyncio.sleep(0)
    await asyncio.sleep(0.5)
    time.sleep(PAUSE)
"""
    assert silent_tests(source) == ["test_that_only_runs"]
    assert [source.splitlines()[line - 1].strip() for line in sorted(sleeps(source))] == [
        "await asyncio.sleep(0.5)",
        "time.sleep(PAUSE)",
    ]


def test_the_settings_are_the_defaults() -> None:
    assert not Path.cwd().is_relative_to(ROOT)
    broker = os.environ.get("ANOMALY_BROKER", "kafka://127.0.0.1:9092")
    assert load_settings() == Settings(_env_file=None, broker=broker)
    assert Settings().group == "anomaly-app"


def test_what_a_developer_has_set_reaches_no_test(tmp_path: Path) -> None:
    """Start pytest where a hostile ``.env`` is, and in a hostile environment."""
    (tmp_path / ".env").write_text("ANOMALY_NO_SUCH_SETTING=1\nANOMALY_BATCH_SIZE=none\n")
    test = f"{Path(__file__)}::{test_the_settings_are_the_defaults.__name__}"
    options = ["-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    started = subprocess.run(
        [sys.executable, "-m", "pytest", *options, test],
        cwd=tmp_path,
        env={**os.environ, "ANOMALY_GROUP": "hostile", "SLACK_CHANNEL": "#hostile"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stdout
    assert "1 passed" in started.stdout
