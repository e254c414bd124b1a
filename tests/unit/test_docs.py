"""What the documents say is so."""

import re
import shlex
import subprocess
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
from pydantic import TypeAdapter

from anomaly_app import __version__
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import Rejection
from anomaly_app.settings.app import Settings
from demo.__main__ import main as demo
from training.cli import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DELIVERY = (ROOT / "docs/delivery.md").read_text()
PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "data/README.md", *PAGES]


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


def test_the_documents_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        name
        for d in DOCUMENTS
        for name in re.findall(r"^make ([\w-]+)", d.read_text(), re.MULTILINE)
    }
    assert named >= {"demo", "test", "docs"}
    for target in named:
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


def test_the_architecture_has_every_room() -> None:
    architecture = (ROOT / "docs/architecture.md").read_text()
    rooms = [
        f"`{path.parent.relative_to(ROOT)}/`".replace("`anomaly_app/", "`")
        for package in ("anomaly_app", "benchmarks", "demo", "harness", "training")
        for path in (ROOT / package).rglob("__init__.py")
    ]
    rooms += [f"{p.name}`" for p in (ROOT / "anomaly_app").glob("*.py") if p.stem != "__init__"]
    assert len(rooms) > 30
    for room in rooms:
        if room == "`anomaly_app/`":
            continue
        # A room within `training` or `benchmarks` stands beside its house.
        assert room in architecture or f"`{room.split('/', 1)[1]}" in architecture, room


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len(README.split()) <= 900


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES]:
        for target in re.findall(r"\]\(([^)#]+)\)|<img src=\"([^\"]+)\"", document.read_text()):
            link = target[0] or target[1]
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_files_that_documents_name_are_there() -> None:
    for document in [ROOT / "README.md", *PAGES]:
        for name in re.findall(r"`([\w/]+/\w+\.py)`", document.read_text()):
            found = any((ROOT / house / name).exists() for house in (".", "anomaly_app"))
            assert found, f"{document.name}: {name}"


def test_the_site_has_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in PAGES:
        assert f"{page.relative_to(ROOT / 'docs')}\n" in navigation, page.name


def test_the_objects_of_the_api_page_are_there() -> None:
    names = re.findall(r"^::: (\S+)$", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    assert len(names) >= 5
    for name in names:
        assert resolve_name(name) is not None


def test_decisions_are_listed_with_their_date_and_title() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "index.md").read_text()
    pages = sorted(folder.glob("2*.md"))
    assert len(pages) >= 20
    for page in pages:
        date, title = page.name[:10], page.read_text().splitlines()[0].removeprefix("# ")
        assert f"| {date} | [{title}]({page.name}) |" in index, page.name


def test_dependencies_have_their_reason() -> None:
    reasons = (ROOT / "docs/decisions/2026-11-22-dependencies.md").read_text()
    rows = "\n".join(re.findall(r"^\| (.*?) \|", reasons, re.MULTILINE))
    for name in asked_for((ROOT / "pyproject.toml").read_text()):
        assert re.search(rf"(^|, ){name}\b", rows, re.MULTILINE), name


def asked_for(pyproject: str) -> set[str]:
    """Names of the packages that a part of pyproject.toml asks for, with a version each."""
    names = re.findall(r'"([a-z-]+)(?:\[[\w,]+\])?[><=]+[0-9]', pyproject)
    return set(names) - {"setuptools"}


def locked(name: str) -> str:
    """Text of a lock, and of those that it builds on."""
    text = (ROOT / name).read_text()
    return text + "".join(locked(below) for below in re.findall(r"^-r (\S+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "left_out"),
    [
        (
            "requirements.lock",
            ["dev", "bench", "demo", "training", "registry", "store", "apprise", "docs"],
        ),
        (
            "requirements-registry.lock",
            ["dev", "bench", "demo", "training", "store", "apprise", "docs"],
        ),
        ("requirements-store.lock", ["dev", "bench", "demo", "training", "apprise", "docs"]),
        ("requirements-dev.lock", ["bench", "docs"]),
        ("requirements-bench.lock", ["dev", "store", "apprise", "docs"]),
        (
            "requirements-docs.lock",
            ["dependencies", "dev", "bench", "demo", "training", "registry", "store", "apprise"],
        ),
    ],
)
def test_locks_hold_what_pyproject_asks_for(lock: str, left_out: list[str]) -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    for name in left_out:
        extra = re.search(rf"^{name} = \[.*?\]$", pyproject, re.MULTILINE | re.DOTALL)
        assert extra is not None
        pyproject = pyproject.replace(extra[0], "")
    text = locked(lock)
    for name in asked_for(pyproject):
        assert re.search(rf"^{name}==", text, re.MULTILINE), name
    assert "//" not in text, "a lock names no host"


def test_the_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    headings = re.findall(
        r"^## \[(.+)\] - (?:unreleased|\d{4}-\d{2}-\d{2})$",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE,
    )
    assert headings[0] == __version__


def commands_of(document: Path, beginning: str) -> list[list[str]]:
    """Words of the commands in a document's blocks, without comments and what goes before."""
    blocks = re.findall(
        r"^```(?:sh|console)\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE
    )
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if beginning in line]
    first, length = beginning.split(maxsplit=1)[0], len(beginning.split())
    return [words[words.index(first) + length :] for words in found]


def test_the_documents_training_commands_are_understood() -> None:
    found = [words for d in DOCUMENTS for words in commands_of(d, "python -m training")]
    assert len(found) >= 10
    for name, *words in found:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        command.make_context(name, words)


def test_the_documents_demo_commands_have_known_variables_and_data_that_is_there() -> None:
    names = {option.envvar for option in demo.params if isinstance(option, click.Option)}
    found = [words for d in DOCUMENTS for words in commands_of(d, "make demo")]
    assert len(found) >= 5
    for words in found:
        variables = dict(word.split("=", 1) for word in words)
        assert variables.keys() <= names
        data = variables.get("DATA", "")
        assert not data.startswith("data/") or (ROOT / data).exists()
        Roles.parse(variables.get("ROLES", ""))


def test_commands_are_written_for_an_activated_environment() -> None:
    # What cron and systemd start has no environment, so there the whole path is right.
    lines = [line for d in DOCUMENTS for line in d.read_text().splitlines()]
    named = [line for line in lines if ".venv/bin" in line and "/srv/anomaly-app" not in line]
    assert set(named) == {". .venv/bin/activate"}
    assert README.count(". .venv/bin/activate") == 1


def test_data_that_ships_has_its_source_and_licence() -> None:
    said = (ROOT / "data/README.md").read_text()
    ignored = (ROOT / ".gitignore").read_text()
    for file in re.findall(r"^!data/(.*\.csv)$", ignored, re.MULTILINE):
        assert f"`{file}`" in said
        assert (ROOT / "data" / file).stat().st_size <= 300_000
    assert "**Source:**" in said
    assert "**Licence:**" in said
