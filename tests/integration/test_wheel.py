"""The wheel: built from a source distribution, and tried where nothing else of this project is."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from anomaly_app import __version__
from tests.support.factories import history

ROOT = Path(__file__).parents[2]
PACKAGES = ("anomaly_app", "training")
DATA_FILES = {".html", ".typed", ".yaml", ".css", ".js"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a source distribution of this checkout, built as a release builds it."""
    # A copy, since a build leaves folders behind, whose files the next build would take along.
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in (*PACKAGES, "demo", "harness", "tests"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*-data")
        )
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", "dist", "."],
        cwd=source,
        capture_output=True,
        check=True,
    )
    assert [file.suffix for file in sorted((source / "dist").iterdir())] == [".whl", ".gz"]
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that has the wheel, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    scripts = folder / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "--quiet"]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return scripts


@pytest.fixture
def run(scripts: Path, tmp_path: Path) -> Callable[..., str]:
    """Run a script of that environment in an empty folder, and return what it prints."""

    def run(script: str, *words: str) -> str:
        ended = subprocess.run(
            [scripts / script, *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return run


def files_of(package: str) -> Iterator[str]:
    for file in (ROOT / package).rglob("*"):
        if file.suffix in {".py", *DATA_FILES}:
            yield str(file.relative_to(ROOT))


def test_the_wheel_holds_the_app_and_training_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = f"anomaly_app-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(metadata)} == {
        file for package in PACKAGES for file in files_of(package)
    }
    assert {f"{metadata}entry_points.txt", f"{metadata}licenses/LICENSE"} <= names


def test_the_installed_commands_answer(run: Callable[..., str], scripts: Path) -> None:
    found = run("python", "-c", "import training; print(training.__file__)")
    assert found.startswith(str(scripts.parent))
    assert run("anomaly-app", "--version") == f"anomaly-app, version {__version__}\n"
    assert "train fit history.csv" in run("anomaly-app", "--help")
    assert "--web-port" in run("anomaly-app", "worker", "--help")


def test_an_installed_command_fits_a_model(run: Callable[..., str], tmp_path: Path) -> None:
    made = history(400, anomalies=8)
    labelled = made.frame.with_columns(pl.Series("is_fraud", made.labels).cast(pl.Int8))
    labelled.write_csv(tmp_path / "history.csv")
    fitted = run("anomaly-app", "train", "fit", "history.csv", "--detector", "robust_zscore")
    assert "models/transactions/1" in fitted
    assert (tmp_path / "models/transactions/1/manifest.json").exists()
