"""Isolation Forests of payments: without a memory, with the preset, and with thirty features."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.memory.spec import MemorySpec
from anomaly_app.registry.artifacts import save_model
from benchmarks.entity_memory.payments import NAMES, Payments
from benchmarks.entity_memory.spec import thirty_features
from benchmarks.records import SEED, Block, blocks
from training.fit import FitOptions, fit_model
from training.history import History
from training.memory import bind, read_preset
from training.memory.remember import remember
from training.threshold import ThresholdOptions

TRAINING_ROWS = 20_000
TRAINING_CARDS = 2_000
PRESET = "card-transactions"

ALERT_RATE = 0.0003
"""So low that all models report the same payments, the injected ones, and few others."""

MERCHANT = "merchant"


class Models(NamedTuple):
    """Folders of the artifacts."""

    without: Path
    """Without a memory."""
    preset: Path
    """With the first key of the preset."""
    thirty: Path
    """With thirty features."""


def make_models(folder: Path, *, capacity: int) -> Models:
    """Fit the models on payments that no worker reads.

    Parameters
    ----------
    folder
        Folder for the artifacts.
    capacity
        Entities of a partition, of the model with thirty features.
    """
    history = _history([*blocks(TRAINING_ROWS, seed=SEED + 1)], Payments(TRAINING_CARDS))
    bound = bind(read_preset(PRESET), history)
    preset = MemorySpec(bound.spec.keys[:1], bound.spec.timezone)
    specs = (None, preset, thirty_features(capacity))
    names = Models._fields
    return Models(*(_save(folder, *each, history) for each in zip(names, specs, strict=True)))


def _save(folder: Path, name: str, spec: MemorySpec | None, history: History) -> Path:
    if spec is None:
        used = _with_columns(history, NAMES)
    else:
        used = remember(history, spec, only_remembered=[MERCHANT])
    options = FitOptions(
        name=name, detector="isolation_forest", threshold=ThresholdOptions(alert_rate=ALERT_RATE)
    )
    fitted = fit_model(used, options, version="1")
    return save_model(folder, fitted.manifest, fitted.pickle)


def _with_columns(history: History, names: Sequence[str]) -> History:
    return History(
        history.source, history.frame.select(names), history.entities, times=history.times
    )


def _history(made: Sequence[Block], payments: Payments) -> History:
    matrix = np.vstack([block.matrix for block in made])
    merchants = [f"shop-{shop}" for block in made for shop in payments.merchants_of(block)]
    cards = [f"card-{card}" for block in made for card in payments.cards_of(block)]
    ordinary = ~np.concatenate([block.injected for block in made])
    columns = dict(zip(NAMES, matrix.T, strict=True)) | {MERCHANT: merchants}
    return History(
        "payments",
        pl.DataFrame(columns).filter(ordinary),
        pl.Series(cards).filter(pl.Series(ordinary)),
        times=np.concatenate([payments.times(block) for block in made])[ordinary] / 1000.0,
    )
