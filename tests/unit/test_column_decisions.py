"""The table of the columns' roles."""

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from rich.console import Console

from anomaly_app.core.model.manifest import Manifest, Training
from anomaly_app.core.roles.roles import Roles
from tests.support.factories import fitted, history
from training.commands.column_decisions import decisions, other_warnings, show_decisions
from training.fit import FitOptions, fit_model


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return fitted().manifest


def with_roles(manifest: Manifest, words: str, **left_out: str) -> Manifest:
    training = msgspec.structs.replace(manifest.training, left_out=left_out)
    return msgspec.structs.replace(manifest, roles=Roles.parse(words), training=training)


def shown(manifest: Manifest, said: Roles | None, *, width: int = 120) -> str:
    with (console := Console(width=width)).capture() as captured:
        show_decisions(console, manifest, change="ROLES='{}'", said=said)
    return captured.get()


def test_each_part_is_said_or_inferred_or_not_there(manifest: Manifest) -> None:
    found = with_roles(manifest, "key=cust time=ts label=none", note="it has only one value")
    rows = [tuple(row) for row in decisions(found, Roles.parse("key=cust label=none"))]
    assert rows[:4] == [
        ("key", "cust", "set"),
        ("time", "ts", "inferred"),
        ("id", "none", ""),
        ("label", "none: detection cannot be measured", "set"),
    ]
    assert ("left out", "note", "it has only one value") in rows


def test_without_what_was_said_nothing_is_claimed(manifest: Manifest) -> None:
    found = with_roles(manifest, "key=cust time=ts")
    assert {row.how for row in decisions(found) if row.part != "feature"} == {""}
    assert "set or inferred" not in shown(found, None)


def test_features_that_were_said_and_renamed_are_told_apart(manifest: Manifest) -> None:
    names = [feature.name for feature in manifest.schema.wire_features]
    words = f"features={names[0]} {names[0]}=x.y"
    rows = decisions(with_roles(manifest, words), Roles.parse(words))
    assert ("features", f"{names[0]} (from x.y)", "set") in rows
    assert ("features", ", ".join(names[1:]), "inferred") in rows


def test_the_zone_is_shown_where_it_is_not_utc(manifest: Manifest) -> None:
    assert "timezone" not in shown(with_roles(manifest, "key=a"), Roles())
    assert "Europe/Berlin" in shown(with_roles(manifest, "timezone=Europe/Berlin"), Roles())


def test_columns_left_out_for_one_reason_are_one_line(manifest: Manifest) -> None:
    left_out = {f"c{i}": "it has only one value" for i in range(50)}
    rows = [r for r in decisions(with_roles(manifest, "", **left_out)) if r.part == "left out"]
    assert len(rows) == 1
    assert rows[0].column.endswith("c19 and 30 more")


def test_the_table_ends_with_how_to_change_it_and_takes_hostile_names(manifest: Manifest) -> None:
    output = shown(with_roles(manifest, "key='[/] [red]x'"), Roles())
    assert "[/] [red]x" in output
    assert output.endswith("change it with ROLES='key=none without=amount'\n")


def test_warnings_do_not_repeat_the_table(manifest: Manifest) -> None:
    training: Training = msgspec.structs.replace(
        manifest.training,
        left_out={"note": "it has only one value"},
        warnings=("note was left out: it has only one value", "12 rows are odd"),
    )
    found = msgspec.structs.replace(manifest, training=training)
    assert list(other_warnings(found)) == ["12 rows are odd"]


def test_a_fit_keeps_what_the_reading_warned_of_and_what_was_left_out() -> None:
    made = history(300)
    frame = made.frame.with_columns(pl.Series("note", np.full(300, "x")))
    made = replace(made, frame=frame, warnings=("3 rows were odd",))
    training = fit_model(made, FitOptions(detector="robust_zscore"), version="1").manifest.training
    assert training.warnings[0] == "3 rows were odd"
    assert set(training.left_out) == {"note"}
