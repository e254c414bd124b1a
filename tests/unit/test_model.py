"""Artifacts: what is written is what is read, and what is not trusted is not unpickled."""

import hashlib
import pickle
from pathlib import Path

import msgspec
import numpy as np
import pytest

from anomaly_app.core.model.manifest import FORMAT, Manifest
from anomaly_app.core.model.model import Model
from anomaly_app.errors import ModelCorrupt, ModelError, ModelIncompatible, ModelMissing
from anomaly_app.registry.artifacts import (
    load_model,
    next_version,
    save_model,
)
from anomaly_app.registry.versions import MANIFEST_FILE, MODEL_FILE
from tests.support.factories import fitted, model

MATRIX = np.array([[20.0, 0.0], [950.0, -1.0], [np.nan, np.nan]])


def saved(root: Path) -> Path:
    return save_model(root, fitted().manifest, fitted().pickle)


def with_manifest(folder: Path, **changes: object) -> None:
    fields = msgspec.json.decode((folder / MANIFEST_FILE).read_bytes())
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.encode({**fields, **changes}))


def test_a_saved_model_scores_as_before(tmp_path: Path) -> None:
    saved(tmp_path)
    read = load_model(tmp_path / "transactions")
    assert read.manifest == fitted().manifest
    np.testing.assert_array_equal(read.score_samples(MATRIX), model().score_samples(MATRIX))


def test_the_highest_version_is_taken_by_number(tmp_path: Path) -> None:
    manifest = fitted().manifest
    for version in ("2", "10", "9"):
        save_model(tmp_path, msgspec.structs.replace(manifest, version=version), fitted().pickle)
    assert load_model(tmp_path / "transactions").manifest.version == "10"
    assert load_model(tmp_path / "transactions" / "9").manifest.version == "9"
    assert next_version(tmp_path, "transactions") == "11"
    assert next_version(tmp_path, "other") == "1"


@pytest.mark.parametrize("name", ["", "transactions", "transactions/1"])
def test_a_missing_model_says_what_to_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match="python -m training fit"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("lost", [MODEL_FILE, MANIFEST_FILE])
def test_half_an_artifact_is_named(tmp_path: Path, lost: str) -> None:
    folder = saved(tmp_path)
    (folder / lost).unlink()
    with pytest.raises(ModelMissing, match=f"has no {lost}"):
        load_model(folder)


class Bomb:
    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.crater,))


def test_a_changed_pickle_is_refused_before_it_is_unpickled(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    crater = tmp_path / "crater"
    bomb = pickle.dumps(Bomb(crater))
    (folder / MODEL_FILE).write_bytes(bomb)
    with pytest.raises(ModelCorrupt, match="it was not loaded"):
        load_model(folder)
    assert not crater.exists()
    # The bomb works: with the hash that belongs to it, unpickling sets it off.
    with_manifest(folder, sha256=hashlib.sha256(bomb).hexdigest())
    with pytest.raises(ModelIncompatible, match="cannot be unpickled"):
        load_model(folder)
    assert crater.exists()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"name": 1}'])
def test_an_unreadable_manifest_is_named(tmp_path: Path, text: bytes) -> None:
    folder = saved(tmp_path)
    (folder / MANIFEST_FILE).write_bytes(text)
    with pytest.raises(ModelCorrupt, match="manifest.json is unreadable"):
        load_model(folder)


def test_another_scikit_learn_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    with_manifest(folder, libraries={**fitted().manifest.libraries, "scikit-learn": "0.24.1"})
    with pytest.raises(ModelIncompatible, match=r"scikit-learn 0\.24\.1, but \S+ is installed"):
        load_model(folder)


@pytest.mark.parametrize("other", [FORMAT - 1, 99])
def test_another_format_is_refused(other: int, tmp_path: Path) -> None:
    folder = saved(tmp_path)
    with_manifest(folder, format=other)
    line = (
        f"has format {other}, but this version reads {FORMAT}: fit one with python -m training fit"
    )
    with pytest.raises(ModelIncompatible, match=line):
        load_model(folder)


def test_a_folder_without_permission_is_a_model_error(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / MODEL_FILE).unlink()
    (folder / MODEL_FILE).mkdir()
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(folder)


def test_the_manifest_says_what_the_model_was_trained_on() -> None:
    manifest: Manifest = fitted().manifest
    assert manifest.training.rows + manifest.training.held_back == 2_000
    assert {"python", "numpy", "scikit-learn"} <= set(manifest.libraries)
    assert [feature.name for feature in manifest.schema.features] == ["amount", "shop"]
    assert set(manifest.metrics) == {
        "alert_rate",
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
    }


def test_no_rows_have_no_scores() -> None:
    assert isinstance(model(), Model)
    assert model().score_samples(np.empty((0, 3))).shape == (0,)
