"""Evaluations, comparisons, and the pages that tell of them."""

import dataclasses
import re
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from anomaly_app.core.calibration import score_of
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.model import Model
from anomaly_app.errors import DataError
from tests.support.factories import SCHEMA, history, incident
from training.evaluation.agreement import mean_overlap, overlap, top_rows
from training.evaluation.compare import compare
from training.evaluation.contenders import Comparison
from training.evaluation.evaluate import Evaluation, evaluate
from training.evaluation.synthetic_anomalies import (
    MAX_SYNTHETIC,
    synthetic_anomalies,
    synthetic_auc,
)
from training.fit import FitOptions, fit_model
from training.history import History
from training.report.comparison import comparison_report
from training.report.evaluation import evaluation_report
from training.report.page import _ENVIRONMENT, incident_rows, unbroken
from training.report.plots import scores_of
from training.report.traffic import DAY, HOUR, WEEK, alerts_over_time, traffic_of
from training.report.words import moment, span
from training.threshold import ThresholdOptions

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

HOSTILE = "<script>alert('$x$')</script>"


def fitted(data: History) -> Model:
    rule = ThresholdOptions(alert_rate=0.02)
    made = fit_model(data, FitOptions(detector="robust_zscore", threshold=rule), version="1")
    return Model.from_bytes(made.manifest.to_json(), made.pickle, where="test")


@cache
def evaluated(*, labelled: bool = True, timed: bool = True) -> Evaluation:
    def bare(data: History) -> History:
        changes = ({} if labelled else {"labels": None}) | ({} if timed else {"times": None})
        return dataclasses.replace(data, **changes)  # type: ignore[arg-type]

    return evaluate(fitted(bare(history(800))), bare(history(600, 1)))


@cache
def compared(*, labelled: bool = True) -> Comparison:
    data = history(800)
    if not labelled:
        data = dataclasses.replace(data, labels=None)
    return compare(data, ["pca", "robust_zscore", "ecdf"])


class Page(HTMLParser):
    """What a page holds: its tags, its text, and all that it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.loads: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "srcset", "data", "action"}:
                self.loads.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def report(evaluation: Evaluation) -> str:
    return evaluation_report(evaluation, when=WHEN)


def test_a_report_is_one_file_that_loads_nothing_and_runs_nothing() -> None:
    for page in (report(evaluated()), comparison_report(compared(), when=WHEN)):
        read = Page(page)
        assert not {"script", "link", "img", "iframe", "object", "base"} & set(read.tags)
        assert all(place.startswith("#") for place in read.loads)
        assert "http:" not in page
        assert "https:" not in page
        assert "@import" not in page
        assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_a_report_says_what_was_judged_when_and_by_which_model() -> None:
    text = Page(report(evaluated())).text
    for words in (
        "transactions 1 on factory",
        "600 rows, from 2026-01-01 12:00 to 2026-01-01 21:59 UTC",
        "20 labelled as anomalies",
        "Judged on 2026-03-01 09:30 UTC",
        "robust_zscore",
        "2% of ordinary rows",
        "(recall, ",
        "(precision, ",
        "alerts a day",
    ):
        assert words in text


def test_the_same_evaluation_gives_the_same_page() -> None:
    assert report(evaluated()) == report(evaluated())


@pytest.mark.parametrize(("labelled", "plots"), [(True, 4), (False, 3)])
def test_precision_and_recall_are_plotted_where_there_are_labels(
    labelled: bool, plots: int
) -> None:
    read = Page(report(evaluated(labelled=labelled)))
    assert read.tags.count("svg") == plots
    assert ("Precision and recall" in read.text) == labelled


def test_without_times_alerts_are_counted_by_rows() -> None:
    read = Page(report(evaluated(timed=False)))
    assert "per 1,000 rows" in read.text
    assert "Alerts over time" not in read.text


@pytest.mark.parametrize("rows", [1, 2, 30])
@pytest.mark.parametrize("labels", [None, False, True])
def test_few_rows_and_labels_of_one_kind_make_a_report_too(rows: int, labels: bool | None) -> None:
    few = history(600, 1).take(np.arange(rows))
    known = None if labels is None else np.full(rows, labels)
    page = report(evaluate(fitted(history(800)), dataclasses.replace(few, labels=known)))
    assert "Precision and recall" not in Page(page).text


def test_plots_and_measures_leave_out_rows_that_nobody_labelled() -> None:
    data = history(600, 1)
    assert data.labels is not None
    known = np.arange(600) < 400
    half = dataclasses.replace(data, labels=data.labels & known, labelled=known)
    read = Page(report(evaluate(fitted(history(800)), half)))
    assert read.tags.count("svg") == 4
    assert "400 of them labelled" in read.text


def test_the_most_anomalous_rows_are_listed_with_reasons_in_words() -> None:
    evaluation = evaluated()
    assert 10 < len(evaluation.incidents) <= 20
    assert all(incident.anomalies for incident in evaluation.incidents[:5])
    scores = [incident.score for incident in evaluation.incidents]
    assert scores == sorted(scores, reverse=True)
    text = Page(report(evaluation)).text
    assert re.search(r"amount is [\d,.]+, usually [12]\d\.?\d* \([\d.]+%\)", text)
    assert "critical" in text
    assert "card-" in text


def test_what_comes_from_data_is_text_and_never_markup() -> None:
    def hostile(seed: int) -> History:
        made = history(600, seed)
        frame = made.frame.rename({"amount": HOSTILE}).with_columns(
            pl.when(pl.col("shop") == "food").then(pl.lit(HOSTILE)).otherwise("shop").alias("shop")
        )
        return dataclasses.replace(
            made, source=HOSTILE, frame=frame, entities=pl.Series([HOSTILE] * len(frame))
        )

    model = fitted(hostile(0))
    evaluation = evaluate(model, hostile(1))
    comparison = dataclasses.replace(
        compare(hostile(0), ["robust_zscore"]), left_out={HOSTILE: HOSTILE}
    )
    for page in (report(evaluation), comparison_report(comparison, when=WHEN)):
        assert "<script" not in page
        assert HOSTILE in Page(page).text


def test_a_comparison_with_labels_ranks_by_average_precision_and_explains_its_columns() -> None:
    comparison = compared()
    merits = [contender.metrics["average_precision"] for contender in comparison.contenders]
    assert merits == sorted(merits, reverse=True)
    read = Page(comparison_report(comparison, when=WHEN))
    assert read.tags.count("svg") == 2
    for words in (
        "Share of the alerts that are anomalies",
        "were held back",
        "of 3",
    ):
        assert words in read.text


def test_a_comparison_without_labels_makes_anomalies_and_looks_for_agreement() -> None:
    comparison = compared(labelled=False)
    for contender in comparison.contenders:
        assert contender.unlabelled is not None
        assert contender.merit == contender.unlabelled.synthetic_auc > 0.6
        assert 0.0 <= contender.unlabelled.agreement <= 1.0
        assert contender.unlabelled.stability == 1.0, "these have no chance in them"
    assert "synthetic AUC" in Page(comparison_report(comparison, when=WHEN)).text


def test_the_judged_rows_of_a_comparison_are_the_latest_and_seen_by_no_fit() -> None:
    comparison = compared()
    assert comparison.judged.ids is not None
    assert comparison.judged.ids.to_list() == list(range(600, 800))
    assert comparison.fitted_rows == 600
    training = comparison.best.model.manifest.training
    assert training.rows + training.held_back == 600


def test_a_comparison_of_too_few_rows_is_refused() -> None:
    with pytest.raises(DataError, match="100 are needed"):
        compare(history(110, anomalies=2), ["pca"])


def test_synthetic_anomalies_differ_from_their_rows_in_one_to_three_values() -> None:
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.normal(20.0, 4.0, 500), rng.integers(0, 3, 500)])
    made = synthetic_anomalies(matrix, SCHEMA, seed=3)
    np.testing.assert_array_equal(made, synthetic_anomalies(matrix, SCHEMA, seed=3))
    assert len(made) == 500
    assert len(synthetic_anomalies(np.tile(matrix, (9, 1)), SCHEMA, seed=3)) == MAX_SYNTHETIC
    assert (made[:, 0] > matrix[:, 0].max()).any()
    assert (made[:, 1] == UNKNOWN_CATEGORY).any()
    values = set(matrix[:, 0])
    assert any(value in values for value in made[:, 0])


def test_synthetic_anomalies_are_told_apart_by_their_p_values() -> None:
    assert synthetic_auc(np.array([-1.0, -2.0]), np.array([-3.0, -4.0])) == 1.0
    assert synthetic_auc(np.array([-1.0, -2.0]), np.array([-1.0, -2.0])) == 0.5


def test_the_overlap_of_top_rows_is_that_of_jaccard() -> None:
    assert top_rows(np.linspace(0.0, -9.0, 300)) == {297, 298, 299}
    assert overlap({1, 2}, {2, 3}) == pytest.approx(1 / 3)
    assert mean_overlap(0, [{1}, {1}, {2}]) == 0.5
    assert np.isnan(mean_overlap(0, [{1}]))


def test_scores_of_plots_are_those_of_alerts() -> None:
    log_p = np.array([0.0, -1.0, -20.0])
    np.testing.assert_allclose(scores_of(log_p), score_of(np.exp(log_p)))


@pytest.mark.parametrize(("span", "width"), [(2 * DAY, HOUR), (90 * DAY, DAY), (400 * DAY, WEEK)])
def test_alerts_are_counted_in_a_readable_number_of_spans(span: float, width: float) -> None:
    times = np.linspace(0.0, span, 1_000)
    alerts, labels = np.arange(1_000) % 10 == 0, np.arange(1_000) % 20 == 0
    counted = alerts_over_time(times, alerts, labels)
    assert counted.width == width
    assert counted.alerts.sum() == 100
    assert counted.right is not None
    assert counted.right.sum() == 50
    assert len(counted.starts) == len(counted.alerts) <= 151


def test_traffic_is_in_days_or_else_in_thousands() -> None:
    assert traffic_of(np.array([0.0, 2 * DAY]), 2) == (2.0, "a day")
    assert traffic_of(np.array([5.0, 5.0]), 2) == (0.002, "per 1,000 rows")
    assert traffic_of(None, 500) == (0.5, "per 1,000 rows")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("card-0042 and 1 in 67", '<span class="name">card-0042</span> and 1 in 67'),
        ("<b> a/b-c", '&lt;b&gt; <span class="name">a/b-c</span>'),
        ("x" * 30 + "-" + "y" * 30, "x" * 30 + "-" + "y" * 30),
        ("two\n words", "two\n words"),
    ],
)
def test_names_are_not_broken_unless_they_are_too_long(text: str, kept: str) -> None:
    assert unbroken(text) == kept


def test_the_name_of_a_feature_is_never_broken() -> None:
    reason = Reason(feature="Volume Flow RateRMS", value=32.0, expected=30.0, share=0.5)
    (row,) = incident_rows([incident(reasons=[reason])])
    page = _ENVIRONMENT.from_string(
        '{% from "parts.html" import incidents_table %}{{ incidents_table(rows) }}'
    ).render(rows=[row])
    assert '<span class="name">Volume Flow RateRMS</span> is 32, usually 30 (50%)' in page


def test_times_and_spans_are_to_the_minute() -> None:
    assert moment(0.0) == "1970-01-01 00:00"
    assert span(0.0, 59.0) == ("1970-01-01 00:00", "")
    assert span(0.0, 3_600.0) == ("1970-01-01 00:00", "01:00")
    assert span(0.0, DAY) == ("1970-01-01 00:00", "1970-01-02 00:00")
