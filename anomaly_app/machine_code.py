"""Where numba keeps machine code: in a folder of its own for each state of the sources.

numba compiles a function again when its own file has changed, but not when another file has, whose
functions and constants are part of the same machine code. Here the name of the folder has a hash
over all files that may be: those beside the function's own, and those of the ground floor of the
core. `tests/unit/test_machine_code.py` checks that what is compiled imports no others.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import numba

KEPT = 3
"""Folders of one package that are kept in one place: this state of the sources, and older ones."""

_config: Any = numba.config

# Modules can be imported in several threads, and numba's configuration is one for all.
_configuring = Lock()


@contextmanager
def kept_machine_code(*sources: str) -> Iterator[bool]:
    """Let numba read and keep machine code, in the block, where these sources have theirs.

    Parameters
    ----------
    sources
        The function's own file first. All Python files in the folders of all of them count.

    Yields
    ------
    bool
        Whether it can be kept: there is a folder that can be written to.
    """
    packages = tuple(dict.fromkeys(Path(file).parent for file in sources))
    with _configuring:
        users = _config.CACHE_DIR, _config.CACHE_LOCATOR_CLASSES
        folder = folder_of(packages, _config.CACHE_DIR)
        # No other place, if this one fails: there, other files would not count.
        ours = str(folder or ""), "UserProvidedCacheLocator"
        _config.CACHE_DIR, _config.CACHE_LOCATOR_CLASSES = ours
        try:
            yield folder is not None
        finally:
            _config.CACHE_DIR, _config.CACHE_LOCATOR_CLASSES = users


@cache
def folder_of(packages: tuple[Path, ...], chosen: str = "") -> Path | None:
    """Find or make the folder for machine code that is compiled from the first of these packages.

    Parameters
    ----------
    packages
        Folders with Python files.
    chosen
        Where the user wants it: ``NUMBA_CACHE_DIR``. Otherwise it is beside the sources, or in the
        user's cache.

    Returns
    -------
    Path or None
        None if none of these places can be written to.
    """
    digests = "".join(map(_digest_of, packages))
    name = f"anomaly-app-{packages[0].name}-{sha256(digests.encode()).hexdigest()[:16]}"
    for place in _places(packages[0], chosen):
        folder = place / name
        try:
            is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        if is_new:
            _remove_old(place, packages[0].name)
        return folder
    return None


@cache
def _digest_of(package: Path) -> str:
    hashed = sha256()
    for file in sorted(package.glob("*.py")):
        hashed.update(f"{package.name}/{file.name} ".encode())
        hashed.update(sha256(file.read_bytes()).digest())
    return hashed.hexdigest()


def _places(package: Path, chosen: str) -> Iterator[Path]:
    if chosen:
        yield Path(chosen)
    yield package / "__pycache__"
    if users := os.environ.get("XDG_CACHE_HOME"):
        yield Path(users) / "anomaly-app"
    else:
        with suppress(RuntimeError):  # a user without a home
            yield Path.home() / ".cache/anomaly-app"


def _remove_old(place: Path, package: str) -> None:
    """Keep only the newest folders of a package."""
    found = sorted(place.glob(f"anomaly-app-{package}-*"), key=_changed, reverse=True)
    for folder in found[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another worker that starts has removed it
        return 0.0
