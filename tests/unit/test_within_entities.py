"""Attributes of the entity are told from features of the transaction."""

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.roles.roles import Roles
from training.checks.columns import column_warnings
from training.history import History
from training.schema import infer_schema

CARDS, EACH = 40, 30
ROWS = CARDS * EACH
RANDOM = np.random.default_rng(2)
CARD = RANDOM.permutation(np.arange(ROWS) % CARDS)
KEEP = "keep it with --roles keep=…"


def data(entities: Any = CARD, **columns: Any) -> History:
    frame = pl.DataFrame({"amount": RANDOM.gamma(2.0, 20.0, ROWS), **columns})
    names = [f"card-{card}" for card in entities]
    return History("made", frame, entities=pl.Series(names), roles=Roles(key="card"))


def left_out(history: History) -> dict[str, str]:
    return infer_schema(history).left_out


ATTRIBUTES = {
    "date of birth": [f"19{50 + card}-01-02" for card in CARD],
    "sex": np.where(CARD % 2 == 0, "f", "m"),
    "latitude": 40.0 + CARD * 0.37,
    "residents": CARD * 1_000 + 7,
    "business": CARD == 3,
    "missing for some": [None if card % 3 else 5.0 + card for card in CARD],
    "a few moved": np.where((np.arange(ROWS) > ROWS // 2) & (CARD == 0), 999, CARD),
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_what_hardly_changes_within_a_card_describes_the_card(kind: str) -> None:
    history = data(what=ATTRIBUTES[kind])
    reason = f"it hardly changes within card: it describes the card, not the transaction; {KEEP}"
    assert left_out(history) == {"what": reason}
    inferred = infer_schema(history)
    assert column_warnings(history, inferred.schema, inferred.left_out) == (
        f"what was left out: {reason}",
    )
    asked = dataclasses.replace(history, roles=Roles(key="card", features=("amount", "what")))
    assert left_out(asked) == {}


@pytest.mark.parametrize(
    "values",
    [
        RANDOM.choice(["food", "fuel"], ROWS),
        RANDOM.random(ROWS) < 0.005,
        np.where(RANDOM.random(ROWS) < 0.003, "abroad", "home"),
        np.arange(ROWS) // (ROWS // 8) % 2,
        CARD + RANDOM.integers(0, 2, ROWS) * 100,
        (CARD == 3) & (np.arange(ROWS) % 2 == 0),
    ],
    ids=[
        *("varies", "hardly ever true", "hardly ever abroad", "phases that all share"),
        *("two for each card", "at one card now and then"),
    ],
)
def test_what_changes_within_cards_as_it_does_between_them_is_kept(values: Any) -> None:
    assert left_out(data(what=values)) == {}


def test_runs_of_a_few_machines_may_be_constant_by_accident() -> None:
    runs = CARD % 10
    assert left_out(data(runs, what=runs * 1.5)) == {}


def test_entities_that_hardly_repeat_tell_nothing() -> None:
    strangers = np.arange(ROWS) // 3
    assert left_out(data(strangers, what=RANDOM.permutation(ROWS // 3)[strangers] * 0.5)) == {}


def test_without_a_key_nothing_describes_anybody() -> None:
    history = dataclasses.replace(data(what=ATTRIBUTES["sex"]), entities=None)
    assert left_out(history) == {}


def test_a_counter_within_each_entity_is_left_out() -> None:
    frame = pl.DataFrame({"card": CARD})
    nth = frame.select(pl.int_range(pl.len()).over("card")).to_series()
    history = data(nth=nth, spent=nth * 20.5)
    assert left_out(history) == {"nth": f"it only counts up within each card; {KEEP}"}
