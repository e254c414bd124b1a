"""The models whose pipelines are tried: small ones, since what is tried is the way around them."""

from typing import NamedTuple

import numpy as np
import polars as pl

from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.fuzz.mutation import LONGEST, Mutator
from training.fit import FitOptions, fit_model
from training.history import History
from training.threshold import ThresholdOptions

NOON = 1_767_268_800.0

FOREST = ("isolation_forest", {"n_estimators": 8, "max_samples": 64})
FEW_ROWS = 200

ROLES = "key=customer_id time=ts id=tx timezone=Europe/Berlin"
RENAMED = "key=who.id time=meta.ts amount=row.amt"


class Subject(NamedTuple):
    """One pipeline, and what makes records for it."""

    name: str
    pipeline: Pipeline
    mutator: Mutator


def make_subjects() -> list[Subject]:
    """Fit models of every kind of schema, and one with the default detector."""
    random = np.random.default_rng(0)
    amounts = random.normal(20.0, 4.0, (FEW_ROWS, 3))
    shops = random.choice(["food", "fuel", "books", "311"], FEW_ROWS)
    numbers = pl.DataFrame({f"value{place + 1}": amounts[:, place] for place in range(3)})
    mixed = pl.DataFrame({"amount": amounts[:, 0], "shop": shops})
    times = NOON + 600.0 * np.arange(FEW_ROWS, dtype=np.float64)
    quoted = pl.DataFrame({"amount": amounts[:, 0], 'a "b"\\': shops})
    wide = pl.DataFrame({"row.amount": amounts[:, 0], "row.shop": shops, "row": amounts[:, 1]})
    return [
        _subject("roles", History("fuzz", mixed, times=times), *FOREST, roles=ROLES),
        _subject("path", History("fuzz", mixed), *FOREST, roles=RENAMED, payload="payload.after"),
        _subject("debezium", History("fuzz", mixed), *FOREST, roles=ROLES, payload="debezium"),
        _subject("quoted", History("fuzz", quoted), *FOREST, roles="id=op time=after"),
        _subject("prefix", History("fuzz", wide), *FOREST, roles="key=row.shop", strict=True),
        _subject("numbers", History("fuzz", numbers), *FOREST),
        _subject("categories", History("fuzz", mixed), *FOREST),
        _subject("hours", History("fuzz", mixed, times=times), *FOREST),
        _subject("default", History("fuzz", mixed), "default", {}),
    ]


def _subject(
    name: str,
    history: History,
    detector: str,
    params: dict[str, int],
    *,
    roles: str = "",
    payload: str | None = None,
    strict: bool = False,
) -> Subject:
    rule = ThresholdOptions(alert_rate=0.05)
    options = FitOptions(detector=detector, params=params, threshold=rule)
    made = fit_model(history, options, version="1")
    model = Model.from_bytes(made.manifest.to_json(), made.pickle, where="fuzz")
    pipeline = Pipeline(
        model,
        max_record_bytes=LONGEST - 1_000,
        max_reasons=5,
        roles=Roles.parse(roles),
        payload=payload,
        strict=strict,
        readers={8: lambda body: body[::-1][::-1]},
    )
    return Subject(name, pipeline, Mutator(pipeline.decoder.wire))
