"""What the documents say is so."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from anomaly_app.core.errors import Rejection
from anomaly_app.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DELIVERY = (ROOT / "docs/delivery.md").read_text()


def setting_rows() -> dict[str, str]:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
    )
    return dict(rows)


def test_every_setting_is_documented_and_no_other() -> None:
    assert set(setting_rows()) == {
        Settings.environment_name(name) for name in Settings.model_fields
    }


@pytest.mark.parametrize("field", Settings.model_fields)
def test_documented_defaults_are_the_defaults(field: str) -> None:
    default = Settings.model_fields[field].default
    shown = setting_rows()[Settings.environment_name(field)]
    if default is None:
        assert shown == "none"
        return
    value = shown.split("`")[1]
    assert TypeAdapter(type(default)).validate_python(value) == default


def test_every_rejection_is_in_the_table_of_bad_input() -> None:
    words = re.findall(r"\| `([a-z0-9-]+)` \|", (ROOT / "docs/bad-input.md").read_text())
    assert sorted(words) == sorted(str(rejection) for rejection in Rejection)


def test_every_promise_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\| \*\*.* \| (.*) \|$", DELIVERY, re.MULTILINE)
    assert len(rows) >= 10
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named or row == "the same"
        for name in named:
            assert f"def {name}(" in tests, name


def test_the_readmes_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"^make ([\w-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        ran = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in phony[1].split():
        assert re.search(rf"^  make {target} ", shown.stdout, re.MULTILINE), target


def test_the_readmes_house_has_every_room() -> None:
    rooms = [
        p.name for p in (ROOT / "anomaly_app").iterdir() if not p.name.startswith(("_", "py.typed"))
    ]
    rooms += [p.name for p in (ROOT / "anomaly_app/core").glob("*.py") if p.name != "__init__.py"]
    for room in rooms:
        assert room in README, room


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_dependencies_have_their_reason() -> None:
    decisions = (ROOT / "docs/decisions.md").read_text()
    pyproject = (ROOT / "pyproject.toml").read_text()
    for name in re.findall(r'^    "([a-z-]+)[><=]', pyproject, re.MULTILINE):
        assert name in decisions, name


def test_locks_hold_what_pyproject_asks_for() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    for left_out, lock_file in (
        (["bench"], "requirements-dev.lock"),
        (["dev"], "requirements-bench.lock"),
        (["dev", "bench", "demo", "training"], "requirements-registry.lock"),
    ):
        asked = pyproject
        for name in left_out:
            extra = re.search(rf"^{name} = \[.*?\]$", pyproject, re.MULTILINE | re.DOTALL)
            assert extra is not None
            asked = asked.replace(extra[0], "")
        lock = (ROOT / lock_file).read_text()
        for name in re.findall(r'"([a-z-]+)[><=]+[0-9]', asked):
            if name != "setuptools":
                assert re.search(rf"^{name}==", lock, re.MULTILINE), name


def test_the_version_is_the_same_everywhere() -> None:
    from anomaly_app import __version__  # noqa: PLC0415

    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"[{__version__}]" in (ROOT / "CHANGELOG.md").read_text()
