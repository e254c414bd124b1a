"""Whether there is a store, and calls of it that may never return."""

import asyncio
import logging
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from anomaly_app.errors import SettingsError, StoreUnavailable
from anomaly_app.settings.app import Settings, load_settings
from anomaly_app.store import presence
from anomaly_app.store.daemon import in_daemon
from anomaly_app.store.store import Store


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(Settings.environment_name(field), raising=False)


def settings_with(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    for name, value in changes.items():
        monkeypatch.setenv(f"ANOMALY_STORE{name}", value)
    return load_settings()


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Let a package not be installed."""

    def find(name: str, *rest: Any) -> Any:
        return None if name == missing else find_spec(name, *rest)

    monkeypatch.setattr(presence, "find_spec", find)


def test_by_default_there_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch)
    assert presence.has_store(settings)
    assert not settings.asks_for_store
    assert Store.of(settings).address == "sqlite:///anomalies.db"


@pytest.mark.parametrize("value", ["none", ""])
def test_there_may_be_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert not presence.has_store(settings_with(monkeypatch, **{"": value}))


@pytest.mark.parametrize(
    "value", ["mysql://host/db", "sqlite://", "sqlite:///a?b", "anomalies.db", "postgresql://"]
)
def test_other_databases_are_refused_without_showing_a_password(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(SettingsError, match=r"^ANOMALY_STORE: it must be") as caught:
        settings_with(monkeypatch, **{"": value})
    assert "(it is" not in str(caught.value)


def test_the_password_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss/w:rd\n")
    settings = settings_with(
        monkeypatch,
        **{"": "postgresql://ann@db/anomalies", "_PASSWORD_FILE": str(tmp_path / "secret")},
    )
    store = Store.of(settings)
    assert store.engine.url.password == "p@ss/w:rd"  # noqa: S105
    assert store.address == "postgresql+psycopg://ann:***@db/anomalies"
    assert "p@ss" not in repr(settings)


def test_a_store_that_is_asked_for_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "alembic")
    settings = settings_with(monkeypatch, **{"": "sqlite:///here.db"})
    with pytest.raises(SettingsError, match=r"pip install .anomaly-app\[store\]"):
        presence.has_store(settings)


def test_without_packages_a_worker_says_how_to_get_a_store(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    without(monkeypatch, "psycopg")
    settings = settings_with(monkeypatch)
    with caplog.at_level(logging.INFO):
        presence.say_why_not(settings)
    assert not presence.has_store(settings)
    assert "pip install" in caplog.text


async def test_an_answer_and_a_fault_come_back_from_the_thread() -> None:
    assert await in_daemon(threading.get_ident, lambda: False) != threading.get_ident()
    with pytest.raises(KeyError):
        await in_daemon(lambda: dict[str, int]()["none"], lambda: False)


async def test_a_call_that_does_not_return_is_abandoned() -> None:
    release = threading.Event()
    stopping: list[bool] = []
    waiting = asyncio.create_task(in_daemon(release.wait, lambda: bool(stopping)))
    await asyncio.sleep(0)
    stopping.append(True)
    with pytest.raises(StoreUnavailable, match="before the worker stopped"):
        await waiting
    release.set()
