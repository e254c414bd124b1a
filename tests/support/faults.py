"""A model with faults that a test switches on and off while a worker runs."""

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from anomaly_app.core.alerts import sighting as intake
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.model import Model, pickle_model, unpickle_model
from anomaly_app.registry.artifacts import save_model
from tests.support.factories import fitted

POISON = 66_666.0
"""The amount at which a poisoned model raises."""


@dataclass
class Faults:
    """The switches: files, which the model looks for at every call.

    Parameters
    ----------
    folder
        Holds them.
    """

    folder: Path

    def sleep(self, seconds: float) -> None:
        """Make every scoring call take so long."""
        (self.folder / "sleep").write_text(str(seconds))

    @property
    def slow_calls(self) -> int:
        """How many scoring calls have begun to take their time."""
        calls = self.folder / "slow-calls"
        return calls.stat().st_size if calls.exists() else 0

    def fail(self) -> None:
        """Make every scoring call raise."""
        (self.folder / "fail").touch()

    def poison(self) -> None:
        """Make scoring raise at the amount `POISON`."""
        (self.folder / "poison").touch()

    def kill(self) -> None:
        """Make scoring end the process at the amount `POISON`, as a fault in native code would."""
        (self.folder / "kill").touch()

    def lose_the_word(self, *, for_all: bool = False) -> None:
        """Make putting an anomaly into words raise at the amount `POISON`, or at any."""
        (self.folder / ("speechless" if for_all else "word")).touch()

    def heal(self) -> None:
        for switch in self.folder.iterdir():
            switch.unlink()


class FaultyStep(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A step of a model's pipeline that passes on its rows, unless a fault is on."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def fit(self, matrix: Any, y: Any = None) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, matrix: Any) -> Any:
        switches = Path(self.folder)
        _break_words(switches)
        if (switches / "sleep").exists():
            with (switches / "slow-calls").open("a") as calls:
                calls.write(".")
            time.sleep(float((switches / "sleep").read_text()))
        if (switches / "fail").exists():
            raise RuntimeError("a fault of the test")
        if (switches / "poison").exists() and np.any(matrix == POISON):
            raise RuntimeError("poison")
        if (switches / "kill").exists() and np.any(matrix == POISON):
            os.kill(os.getpid(), signal.SIGKILL)
        return matrix


def _break_words(switches: Path) -> None:
    """Bring the alerts' faults into the process that a model is loaded in."""
    if getattr(intake, "broken_by_a_test", False):
        return
    words = vars(intake)
    sound = words["_cause"]

    def cause(reason: Reason) -> Any:
        if (switches / "speechless").exists():
            raise RuntimeError("no words for anything")
        if (switches / "word").exists() and reason.value == POISON:
            raise RuntimeError("no word for this")
        return sound(reason)

    if (switches / "speechless").exists() or (switches / "word").exists():
        words["_cause"] = cause
        intake.broken_by_a_test = True  # type: ignore[attr-defined]


def faulty_model(switches: Path) -> tuple[Model, bytes]:
    """Make the factory's model with a `FaultyStep` before its other steps."""
    sound = fitted()
    estimator, ordinary = unpickle_model(sound.pickle)
    faulty = Pipeline([("faults", FaultyStep(str(switches))), *estimator.steps])
    pickle = pickle_model(faulty, ordinary)
    manifest = msgspec.structs.replace(sound.manifest, sha256=hashlib.sha256(pickle).hexdigest())
    return Model.from_bytes(manifest.to_json(), pickle, where="faulty"), pickle


def save_faulty_model(folder: Path) -> tuple[Path, Faults]:
    """Write a faulty model below a folder, and give its place and its switches."""
    switches = folder / "faults"
    switches.mkdir()
    made, pickle = faulty_model(switches)
    return save_model(folder / "models", made.manifest, pickle), Faults(switches)
