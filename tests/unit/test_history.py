"""From files to history: which column plays which part, and what is said of the others."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from anomaly_app.registry.artifacts import load_model
from training.cli import cli
from training.columns.labels import Labels, of_column
from training.evaluation.evaluate import evaluate
from training.fit import FitOptions, fit_model
from training.history import History, read_history
from training.metrics import measure
from training.threshold import ThresholdOptions


def read(folder: Path, content: str, words: str = "", name: str = "a.csv") -> History:
    (folder / name).write_text(content)
    return read_history(folder / name, Roles.parse(words))


def said_of(history: History, column: str) -> str:
    return " / ".join(line for line in history.warnings if column in line)


def rows(header: str, *cells: str, times: int = 1) -> str:
    return "\n".join([header, *(list(cells) * times)]) + "\n"


def labels_of(*values: object, value: str | None = None) -> Labels:
    return of_column(pl.Series("label", values, strict=False), value)


@pytest.mark.parametrize(
    ("anomaly", "ordinary"),
    [
        (1, 0),
        (1.0, 0.0),
        ("1", "0"),
        ("1.0", "0.0"),
        (True, False),
        ("true", "false"),
        ("TRUE ", " False"),
        ("Yes", "no"),
        ("Y", "n"),
        ("fraud", "legit"),
        ("Fraud", "Legitimate"),
        ("fraud", "not fraud"),
        ("attack", "normal"),
        ("anomaly", "normal"),
        ("anomaly.", "normal."),
        ("bad", "good"),
        ("ddos", "BENIGN"),
        ("smurf", "normal"),
        ("worm", "none"),
        ("fail", "ok"),
        (2, 1),
        ("2", "1"),
        (-1, 1),
        ("fraud", "transfer"),
        (3, 0),
        ("dos", "0"),
    ],
)
def test_two_values_of_a_label(anomaly: object, ordinary: object) -> None:
    made = labels_of(ordinary, anomaly, ordinary, ordinary)
    assert made.anomalous.tolist() == [False, True, False, False]
    assert made.labelled is None


def test_of_many_values_one_is_normal_and_the_others_are_not() -> None:
    made = labels_of("BENIGN", "DDoS", "PortScan", "BENIGN", "BENIGN")
    assert made.anomalous.tolist() == [False, True, True, False, False]
    assert "'DDoS', 'PortScan' counts as an anomaly and 'BENIGN' as normal" in made.warnings[0]


@pytest.mark.parametrize("empty", [None, "", "n/a", "unknown", "?"])
def test_rows_that_nobody_labelled_are_not_normal(empty: str | None) -> None:
    made = labels_of("fraud", empty, "legit", "legit")
    assert made.anomalous.tolist() == [True, False, False, False]
    assert made.labelled is not None
    assert made.labelled.tolist() == [True, False, True, True]
    assert "1 of 4 rows are unlabelled" in made.warnings[0]


def test_a_value_can_be_said_to_mean_an_anomaly() -> None:
    made = labels_of("a", "b", "c", value="B ")
    assert made.anomalous.tolist() == [False, True, False]
    assert labels_of(7, 8, 8.0, value="7").anomalous.tolist() == [True, False, False]
    with pytest.raises(DataError, match=r"no row of 'label' has the value 'z'.*'a' \(1 row\)"):
        labels_of("a", "b", value="z")


def test_values_that_are_not_understood_are_listed() -> None:
    with pytest.raises(DataError, match=r"'red' \(2 rows\), 'green' \(1 row\).*label=label:VALUE"):
        labels_of("red", "green", "red")
    with pytest.raises(DataError, match="more than 1,000 different values"):
        labels_of(*range(1_001))


def test_a_label_that_makes_most_rows_anomalies_is_warned_of() -> None:
    assert "75% of the labelled rows" in labels_of(1, 1, 1, 0).warnings[0]
    assert labels_of(0, 0, 1, 0).warnings == ()


@given(st.lists(st.text(max_size=6) | st.none(), min_size=1, max_size=9))
def test_any_values_are_labels_or_one_line(values: list[str | None]) -> None:
    try:
        made = of_column(pl.Series("label", values, dtype=pl.String))
    except DataError as refused:
        assert "label" in str(refused)  # noqa: PT017
        return
    assert len(made.anomalous) == len(values)
    assert made.labelled is None or not made.anomalous[~made.labelled].any()


CARDS = "Time Stamp,Customer ID,Tx ID,EVENT_LABEL,changepoint,amount\n"


def test_parts_are_inferred_from_names_and_values(tmp_path: Path) -> None:
    lines = [
        f"2026-01-05 10:{i // 60:02}:{i % 60:02},c{i % 9},{i},{'fraud' if i == 7 else ''},0,{i}.5"
        for i in range(300)
    ]
    made = read(tmp_path, CARDS + "\n".join(lines))
    roles = made.roles
    assert (roles.time, roles.key, roles.id, roles.label) == (
        *("Time Stamp", "Customer ID", "Tx ID", "EVENT_LABEL"),
    )
    assert made.frame.columns == ["amount"]
    assert "changepoint may be a label and was left out" in said_of(made, "changepoint")
    assert made.label_of(7) is True
    assert made.label_of(8) is None


@pytest.mark.parametrize(
    ("column", "values", "part"),
    [
        ("timestamp", ["fast", "slow"] * 60, "time"),
        ("time", [str(i * 37 % 101) for i in range(120)], "time"),
        ("customer", [f"c{i}" for i in range(120)], "key"),
        ("sensor", [f"{i * 0.37:.2f}" for i in range(120)], "key"),
        ("id", ["3", "4", "4"] * 40, "id"),
        ("class", [f"{i % 30}" for i in range(120)], "label"),
        ("target", [f"{i * 0.37:.2f}" for i in range(120)], "label"),
    ],
)
def test_a_name_alone_makes_no_part(
    tmp_path: Path, column: str, values: list[str], part: str
) -> None:
    lines = [f"{value},{i}.5" for i, value in enumerate(values)]
    made = read(tmp_path, f"{column},v\n" + "\n".join(lines))
    assert getattr(made.roles, part) != column


def test_what_is_not_understood_is_said(tmp_path: Path) -> None:
    made = read(tmp_path, rows("class,timestamp,v", "red,fast,1", "green,slow,2", times=60))
    assert made.labels is None
    assert "its 2 values are not known label values ('green', 'red')" in said_of(made, "class")
    assert "label=class:VALUE" in said_of(made, "class")
    assert "timestamp is not used as the time" in said_of(made, "timestamp")
    assert made.frame.columns == ["timestamp", "v"]


def test_coordinates_are_features(tmp_path: Path) -> None:
    made = read(tmp_path, "x,y\n" + "\n".join(f"{i}.5,{i * 3 % 50}.25" for i in range(120)))
    assert made.frame.columns == ["x", "y"]
    assert "y is a feature" in said_of(made, "y is")


def test_an_id_that_repeats_is_the_key(tmp_path: Path) -> None:
    made = read(tmp_path, "id,v\n" + "\n".join(f"{i % 7},{i}.5" for i in range(120)))
    assert made.roles.key == "id"
    assert made.entities is not None
    assert made.entities[8] == "1"


def test_said_parts_are_read_as_they_were_said(tmp_path: Path) -> None:
    content = rows("amt,shop,who,why", "1.5,7,0042,x", "2.5,8,0042,y", times=60)
    made = read(tmp_path, content, "amount=amt key=who categories=shop label=why:y")
    assert made.frame.columns == ["amount", "shop"]
    assert made.frame["shop"].to_list()[:2] == ["7", "8"]
    assert made.entities is not None
    assert made.entities[0] == "0042"
    assert made.labels is not None
    assert made.labels.sum() == 60
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("time=v", "cannot read the times in column 'v'"),
        ("label=v", "'x' (1 row), 'y' (1 row)"),
        ("label=nowhere", "neither a column nor a file with time windows"),
        ("key=nobody", "there is no column 'nobody'"),
        ("timezone=Mars", "no time zone 'Mars'"),
        ("features=v,w", "there is no column 'w'"),
        ("decimal=both", "decimal=point or decimal=comma"),
    ],
)
def test_what_was_said_and_cannot_be_is_an_error(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, "v,a\nx,1\ny,2\n", words)
    assert said in str(refused.value)


def test_words_about_the_file_are_read() -> None:
    assert Roles.parse("header=none decimal=,") == Roles(header=(), decimal="comma")
    assert Roles.parse("header=a,b").header == ("a", "b")
    learnt = Roles.parse("header=a,b decimal=comma key=a")
    assert learnt.changed_by(Roles.parse("decimal=point")).decimal == "point"
    assert learnt.changed_by(Roles()).header == ("a", "b")


def test_a_date_and_a_time_are_joined(tmp_path: Path) -> None:
    content = rows("Date;Time;v", "16/12/2006;17:24:00;1,5", "17/12/2006;17:25:00;2,5")
    made = read(tmp_path, content, "timezone=Europe/Berlin")
    assert made.times is not None
    assert made.times.tolist() == [1166286240.0, 1166372700.0]
    assert made.roles.time == "date_time"
    assert made.roles.time_format == "%d/%m/%Y %H:%M:%S"
    assert "Date and Time were joined" in said_of(made, "date_time")
    assert made.frame.columns == ["v"]


def test_times_of_the_day_may_have_points(tmp_path: Path) -> None:
    made = read(tmp_path, rows("Date;Time;v", "13/03/2004;18.05.30;2,6", "14/03/2004;19.00.00;2"))
    assert made.times is not None
    assert made.times.tolist() == [1079201130.0, 1079290800.0]


def test_rows_without_a_time_are_left_out_and_counted(tmp_path: Path) -> None:
    content = rows(
        "ts,v,label", "2026-01-06,1,0", ",2,1", "soon,3,0", "2026-01-05,4,1", "2026-01-07,5,0"
    )
    made = read(tmp_path, content)
    assert made.frame["v"].to_list() == [4, 1, 5]
    assert made.labels is not None
    assert made.labels.tolist() == [True, False, False]
    assert "2 of 5 rows have no readable time and were left out" in said_of(made, "rows")
    assert "(row 3)" in said_of(made, "rows")


def test_an_ambiguous_date_is_refused_until_the_format_is_said(tmp_path: Path) -> None:
    content = rows("date,v", "01/05/2026,1", "02/05/2026,2", times=60)
    (tmp_path / "a.csv").write_text(content)
    ran = CliRunner().invoke(cli, ["fit", str(tmp_path / "a.csv"), "--out", str(tmp_path / "m")])
    assert ran.exit_code == 1
    assert "--time-format '%d/%m/%Y' or '%m/%d/%Y'" in " ".join(ran.output.split())
    for words in (["--time-format", "%d/%m/%Y"], ["--roles", "time_format=%d/%m/%Y"]):
        fast = ["--detector", "robust_zscore", "--out", str(tmp_path / "m")]
        ran = CliRunner().invoke(cli, ["fit", str(tmp_path / "a.csv"), *fast, *words])
        assert ran.exit_code == 0, ran.output
    assert load_model(tmp_path / "m/transactions").manifest.roles.time_format == "%d/%m/%Y"


def test_windows_of_anomalies_are_in_the_zone_of_the_times(tmp_path: Path) -> None:
    content = "timestamp,v\n" + "\n".join(f"2026-07-05 {i:02}:00,{i}" for i in range(24))
    windows = tmp_path / "windows.json"
    windows.write_text(json.dumps({"x/a.csv": [["2026-07-05 03:00", "2026-07-05 04:00"]]}))
    made = read(tmp_path, content, f"label={windows} timezone=Europe/Berlin")
    assert made.labels is not None
    assert np.flatnonzero(made.labels).tolist() == [3, 4]
    windows.write_text(json.dumps({"other.csv": [["2026-07-05 03:00", "2026-07-05 04:00"]]}))
    assert (
        "no windows for any series of the data"
        in read(tmp_path, content, f"label={windows}").warnings[-1]
    )


def half_labelled(seed: int = 0) -> History:
    """Anomalies, of which every row of the second kind is labelled; most others are not."""
    rng = np.random.default_rng(seed)
    anomalous = np.arange(2_000) % 10 == 0
    labelled = np.arange(2_000) % 4 == 0
    values = rng.normal(size=2_000) + 9.0 * anomalous
    return History(
        "half",
        pl.DataFrame({"a": values, "b": rng.normal(size=2_000)}),
        labels=anomalous & labelled,
        labelled=labelled,
    )


def test_unlabelled_rows_count_in_no_measure() -> None:
    data = half_labelled()
    assert data.labels is not None
    log_p = -np.abs(data.frame["a"].to_numpy())
    found = measure(log_p, data.labels, np.exp(-5.0), data.labelled)
    # Their anomalies, which nobody labelled, alert as well, and are no false alerts.
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    assert found["alert_rate"] == pytest.approx(0.1, abs=0.002)
    assert measure(log_p, data.labels, np.exp(-5.0))["precision"] < 0.6


@pytest.mark.parametrize("detector", ["robust_zscore", "gradient_boosting"])
@pytest.mark.parametrize(
    "rule", [ThresholdOptions(f_beta=1.0), ThresholdOptions(costs=(50.0, 1.0))]
)
def test_a_fit_and_an_evaluation_leave_unlabelled_rows_out(
    detector: str, rule: ThresholdOptions
) -> None:
    data = half_labelled()
    options = FitOptions(detector=detector, threshold=rule)
    fitted = fit_model(data, options, version="1")
    metrics = fitted.manifest.metrics
    assert metrics["precision"] > 0.9
    assert metrics["recall"] > 0.9


def test_a_newer_file_is_read_by_the_roles_of_the_model(tmp_path: Path) -> None:
    content = "when;who;amt\n" + "\n".join(
        f"{13 + i // 100}/01/2026 10:{i % 60:02};c{i % 5};{i % 17},25" for i in range(400)
    )
    made = read(tmp_path, content, "time=when key=who amount=amt")
    fitted = fit_model(made, FitOptions(detector="robust_zscore"), version="1")
    model = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="made")
    (tmp_path / "newer.csv").write_text("when;who;amt\n02/01/2026 10:00;c1;3,25\n")
    newer = read_history(tmp_path / "newer.csv", learnt=model.manifest.roles)
    assert newer.frame.columns == ["amount"]
    assert newer.times is not None
    assert newer.times.tolist() == [1767348000.0]
    assert evaluate(model, newer).log_p.shape == (1,)
    (tmp_path / "other.csv").write_text("amount,when\n3.25,2026-01-02T10:00:00Z\n")
    other = read_history(tmp_path / "other.csv", learnt=model.manifest.roles)
    assert other.frame.columns == ["amount"]
    assert other.times is not None
    assert other.times.tolist() == [1767348000.0]
