"""Files that other programs read: hooks, workflows and forms."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
YAML_FILES = [
    *ROOT.glob("*.y*ml"),
    *(ROOT / ".github").rglob("*.y*ml"),
    ROOT / ".pre-commit-config.yaml",
]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = [ROOT / f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "feature")]


class Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """Reads also the tags of mkdocs, which name a function of Python."""


Loader.add_multi_constructor("", lambda *_: None)


def read(file: Path) -> Any:
    return yaml.load(file.read_text(), Loader)  # noqa: S506  # a SafeLoader


def recipe(target: str) -> list[str]:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found is not None, target
    return [line.strip().removeprefix("@") for line in found[1].splitlines()]


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def test_no_merge_was_left_half_done() -> None:
    texts = [file for end in ("py", "md", "toml", "html", "y*ml") for file in ROOT.glob(f"*.{end}")]
    texts += [
        file
        for folder in ("anomaly_app", "training", "demo", "harness", "benchmarks", "docs", "tests")
        for file in (ROOT / folder).rglob("*.*")
        if file.suffix in {".py", ".md", ".html", ".json", ".yaml", ".yml"}
    ]
    marked = [
        file
        for file in texts
        if re.search(r"^(<{7}|>{7}) ", file.read_text(errors="replace"), re.MULTILINE)
    ]
    assert len(texts) > 500
    assert marked == []


@pytest.mark.parametrize("file", YAML_FILES, ids=lambda file: file.name)
def test_yaml_can_be_read(file: Path) -> None:
    assert read(file)


def test_hooks_run_what_make_lint_runs() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == [
        line.replace("$(BIN)", ".venv/bin") for line in recipe("lint")
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_calls_only_targets_and_files_that_there_are(workflow: Path) -> None:
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    targets = {word for line in commands for word in line.split() if line.startswith("make ")}
    for target in targets - {"make"}:
        assert recipe(target)
    for file in re.findall(r"(?:tests|\.ci)/\S+", " ".join(commands)):
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(workflow: Path) -> None:
    assert read(workflow)["permissions"] == {"contents": "read"}


def test_every_python_that_the_package_allows_is_tested() -> None:
    allowed = re.search(
        r'^requires-python = ">=3\.(\d+),<3\.(\d+)"$',
        (ROOT / "pyproject.toml").read_text(),
        re.MULTILINE,
    )
    assert allowed is not None
    matrix = read(ROOT / ".github/workflows/ci.yml")["jobs"]["unit"]["strategy"]["matrix"]
    first, end = map(int, allowed.groups())
    assert matrix["python"] == [f"3.{minor}" for minor in range(first, end)]


@pytest.mark.parametrize("form", FORMS, ids=lambda file: file.name)
def test_an_issue_form_has_what_a_form_needs(form: Path) -> None:
    asked = read(form)
    assert {"name", "description", "body"} <= asked.keys()
    for part in asked["body"]:
        assert "attributes" in part
        assert part["type"] in {"markdown", "textarea", "input"}
        assert part["type"] == "markdown" or {"label"} <= part["attributes"].keys()


def test_the_image_copies_what_the_build_may_see() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name in " ".join(copied).split():
        assert f"!{name}" in ignored
        assert (ROOT / name).exists()
