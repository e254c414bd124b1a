"""Retraining: labels point in time, what is learnt from them, and the old model against the new."""

import dataclasses
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS
from anomaly_app.core.detectors.trimming import drawn_rows, most_ordinary, ordinary_rows
from anomaly_app.core.learning.label import About, Undo, Verdict
from anomaly_app.core.model.model import Model
from anomaly_app.core.wording import NOTHING
from anomaly_app.errors import DataError
from tests.support.factories import NOON, history
from tests.support.retraining import (
    EXPECTED,
    FRAUD,
    first,
    label,
    labels_of,
    model_on,
    unlabelled,
)
from training.encoding import encode_history
from training.fit import FitOptions, fit_model
from training.history import History
from training.holdout import hold_back
from training.retraining import wording
from training.retraining.joining import as_names, join, verdicts_of
from training.retraining.judging import Outcome, judge_both
from training.retraining.kept import Kept, kept_history, with_kept
from training.retraining.known_labels import KnownLabels, known_labels
from training.retraining.learning import Cut, cut_of, lesson_of
from training.retraining.retrain import choices_of, held_back_of, retrain

PAST = unlabelled(400)

ALWAYS = float("inf")


def said_of(past: History, known: KnownLabels, as_of: float = ALWAYS) -> dict[int, str]:
    """The verdict of each row that has one."""
    found = verdicts_of(join(past, known), len(past), as_of)
    return {
        int(row): name
        for name, rows in found._asdict().items()
        for row in np.flatnonzero(rows).tolist()
    }


def test_a_label_of_a_transaction_reaches_the_row_with_its_id() -> None:
    known = labels_of([3], [5])
    assert said_of(PAST, known) == {3: "fraud", 5: "expected"}


@pytest.mark.parametrize(
    "ids",
    [pl.Series([7, 8]), pl.Series([7.0, 8.0]), pl.Series(["7", "8"]), pl.Series([7.0, None])],
)
def test_ids_are_compared_as_labels_write_them(ids: pl.Series) -> None:
    assert as_names(ids)[0] == "7"


def test_a_label_of_an_anomaly_reaches_the_row_with_its_place_and_counts_once() -> None:
    places = pl.Series([f"transactions-0-{row}" for row in range(len(PAST))])
    past = dataclasses.replace(PAST, places=places)
    place = label(0, id="l-1", about=About.ANOMALY, name="transactions-0-9")
    # The same label by both ways, and a vote against it: a tie, not two to one.
    known = known_labels([place, label(9, EXPECTED, user="bob")])
    known.of_transaction("9", known.anomalies["transactions-0-9"][0])
    assert said_of(past, known) == {9: "disputed"}
    assert said_of(PAST, known_labels([place])) == {}


def test_a_label_of_an_entity_reaches_its_time_and_never_beyond_when_it_was_given() -> None:
    card: dict[str, Any] = {
        "id": "l-1",
        "about": About.ENTITY,
        "name": "card-1",
        "at": NOON + 60.0 * 50,
    }
    of_card = [row for row in range(len(PAST)) if row % 7 == 1]
    found = said_of(PAST, known_labels([label(0, since=NOON + 600.0, **card)]))
    assert sorted(found) == [row for row in of_card if 10 <= row <= 50]
    found = said_of(PAST, known_labels([label(0, until=NOON + 60.0 * 300, **card)]))
    assert sorted(found) == [row for row in of_card if row <= 50]


def test_what_was_said_of_the_row_itself_outweighs_what_was_said_of_its_entity() -> None:
    entity = label(0, id="e", about=About.ENTITY, name="card-1", at=NOON + 1e6)
    found = said_of(PAST, known_labels([entity, label(8, EXPECTED)]))
    assert (found[1], found[8]) == ("fraud", "expected")


def test_a_label_counts_from_when_it_was_given_until_it_is_taken_back() -> None:
    known = known_labels([label(3, at=100.0)], [Undo(id="u", said="l-3-fraud", user="b", at=200.0)])
    found = [said_of(PAST, known, as_of) for as_of in (99.0, 100.0, 199.0, 200.0, ALWAYS)]
    assert found == [{}, {3: "fraud"}, {3: "fraud"}, {}, {}]


TIMES = st.integers(0, len(PAST) + 100).map(lambda minutes: NOON + 60.0 * minutes)

LABELS = st.lists(
    st.builds(
        lambda row, verdict, user, at, about: label(
            row,
            verdict,
            user=user,
            at=at,
            about=about,
            name=f"card-{row % 7}" if about == About.ENTITY else str(row),
        ),
        st.integers(0, len(PAST) - 1),
        st.sampled_from(Verdict),
        st.sampled_from(["ada", "bob"]),
        TIMES,
        st.sampled_from([About.TRANSACTION, About.ENTITY]),
    ),
    max_size=30,
)


@given(labels=LABELS, undone=st.lists(st.tuples(st.integers(0, 29), TIMES), max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_label_or_undo_from_after_the_cut_changes_what_is_learnt(
    labels: list[Any], undone: list[tuple[int, float]]
) -> None:
    labels = [numbered(one, number) for number, one in enumerate(labels)]
    undos = [
        Undo(id=f"u-{number}", said=f"l-{of}", user="eve", at=at)
        for number, (of, at) in enumerate(undone)
    ]
    cut = cut_of(PAST, 0.3, None)
    at_the_cut = known_labels(
        [one for one in labels if one.at <= cut.at], [one for one in undos if one.at <= cut.at]
    )
    everything = known_labels(labels, sorted(undos, key=lambda one: one.at))
    learnt, later = (
        lesson_of(PAST, join(PAST, known), cut, "default") for known in (at_the_cut, everything)
    )
    assert learnt.history.ids is not None
    assert later.history.ids is not None
    assert learnt.history.ids.to_list() == later.history.ids.to_list()
    assert max(learnt.history.times) <= cut.at  # type: ignore[arg-type]
    certain = [
        [] if one.history.certain is None else one.history.certain.tolist()
        for one in (learnt, later)
    ]
    assert certain[0] == certain[1]
    assert learnt[1:] == later[1:]


def numbered(one: Any, number: int) -> Any:
    """The same label with an id of its own."""
    return msgspec.structs.replace(one, id=f"l-{number}")


def test_a_fit_is_the_same_to_the_byte_whatever_is_said_after_the_cut() -> None:
    past = unlabelled(600)
    old = model_on(first(past, 200))
    early, late = {7: NOON, 9: NOON}, dict.fromkeys(range(60, 400, 3), NOON + 10000000.0)
    few = labels_of([7], [9], at=early)
    many = labels_of([7, *late], [9], at=early | late)
    fits = [
        retrain(old, past, known, choices_of(old), version="2").fitted.pickle
        for known in (few, many)
    ]
    assert fits[0] == fits[1]


def test_frauds_are_left_out_expected_rows_are_certain_and_disputed_ones_unlabelled() -> None:
    known = known_labels(
        [label(3), label(5, EXPECTED), label(7, FRAUD), label(7, EXPECTED, user="bob")]
    )
    lesson = lesson_of(PAST, join(PAST, known), Cut(NOON + 60.0 * 299, 0.0), "default")
    assert (lesson.left_out, lesson.certain, lesson.disputed) == (1, 1, 1)
    ids = lesson.history.ids
    assert ids is not None
    assert ids.to_list() == [row for row in range(300) if row != 3]
    assert lesson.history.certain is not None
    assert ids.filter(pl.Series(lesson.history.certain)).to_list() == [5]
    assert lesson.history.labels is None


def test_a_detector_that_learns_from_labels_gets_both_kinds() -> None:
    cut = Cut(NOON + 60.0 * 299, 0.0)
    lesson = lesson_of(PAST, join(PAST, labels_of([3], [5])), cut, "gradient_boosting")
    assert (len(lesson.history), lesson.left_out) == (300, 0)
    assert lesson.history.labels is not None
    assert lesson.history.labelled is not None
    assert np.flatnonzero(lesson.history.labels).tolist() == [3]
    assert np.flatnonzero(lesson.history.labelled).tolist() == [3, 5]


def test_the_label_column_of_a_history_is_not_learnt_from() -> None:
    past = history(400, anomalies=20)
    lesson = lesson_of(past, {}, cut_of(past, 0.3, None), "default")
    assert (lesson.left_out, lesson.history.labels) == (0, None)


def test_rows_known_to_be_ordinary_are_not_held_back() -> None:
    certain = np.zeros(400, dtype=bool)
    certain[[10, 390, 399]] = True
    fitted_on, held_back = hold_back(dataclasses.replace(PAST, certain=certain), 0.25, 0)
    assert (len(fitted_on), len(held_back)) == (302, 98)
    assert held_back.certain is not None
    assert not held_back.certain.any()


@given(seed=st.integers(0, 1_000), share=st.floats(0, 0.49), many=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_certain_rows_survive_trimming_and_the_others_are_trimmed_as_before(
    seed: int, share: float, many: int
) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(size=200)
    certain = np.zeros(200, dtype=bool)
    certain[random.choice(200, many, replace=False)] = True
    kept = most_ordinary(scores, share, certain)
    assert {*np.flatnonzero(certain)} <= {*kept}
    assert len(kept) == max(200 - int(200 * share), many)
    unlucky = np.setdiff1d(np.arange(200), kept)
    others = np.setdiff1d(np.flatnonzero(~certain), unlucky)
    if len(unlucky) and len(others):
        assert scores[unlucky].max() <= scores[others].min()


def test_a_forest_isolates_an_outlier_unless_it_is_certain() -> None:
    matrix = np.concatenate([np.random.default_rng(0).normal(size=(300, 2)), [[50.0, 50.0]]])
    certain = np.arange(301) == 300
    random = np.random.RandomState
    assert 300 not in ordinary_rows(matrix, 0.02, random(0))
    assert 300 in ordinary_rows(matrix, 0.02, random(0), certain)


def test_certain_rows_are_drawn_first_but_not_more_than_a_tenth_beyond_their_share() -> None:
    random = np.random.RandomState(0)
    few, many = np.arange(1_000) < 5, np.arange(1_000) < 600
    assert {0, 1, 2, 3, 4} <= {*drawn_rows(1_000, 100, random, few)}
    drawn = drawn_rows(1_000, 100, random, many)
    assert (len(drawn), int((drawn < 600).sum())) == (100, 60)
    assert len(drawn_rows(1_000, 100, random, np.arange(1_000) < 200)) == 100


@pytest.mark.parametrize("detector", ["default", "knn"])
def test_an_expected_group_that_would_be_trimmed_is_learnt(detector: str) -> None:
    past = unlabelled(1_500, anomalies=0)
    rows = np.arange(40, 1_000, 80)
    amount = past.frame["amount"].to_numpy().copy()
    amount[rows] = 400.0 + np.arange(len(rows))
    past = dataclasses.replace(past, frame=past.frame.with_columns(amount=pl.Series(amount)))
    certain = np.isin(np.arange(1_500), rows)
    params = {"trim": 0.05}
    options = FitOptions(detector=detector, params=params)
    told = dataclasses.replace(past, certain=certain)
    plain, knowing = (
        Model.from_bytes(made.manifest.to_json(), made.pickle, where=detector)
        for made in (fit_model(one, options, version="1") for one in (past, told))
    )
    group = past.take(rows)
    before, after = (
        one.score_samples(encode_history(group, one.schema)) for one in (plain, knowing)
    )
    assert np.median(after) > np.median(before)


@pytest.mark.parametrize("detector", sorted({*DETECTORS} - {*NEEDS_LABELS}))
def test_every_detector_can_be_told_what_is_ordinary(detector: str) -> None:
    past = unlabelled(200, anomalies=0)
    certain = dataclasses.replace(past, certain=np.arange(200) < 20)
    made = model_on(certain, detector=detector)
    assert np.isfinite(made.score_samples(encode_history(past, made.schema))).all()


def test_the_same_choices_are_made_again() -> None:
    old = model_on(
        PAST, name="cards", detector="knn", params={"n_neighbors": 7, "trim": 0.1}, random_state=5
    )
    found = choices_of(old)
    assert (found.name, found.detector, found.random_state) == ("cards", "knn", 5)
    assert (found.params["n_neighbors"], found.params["trim"]) == (7, 0.1)
    assert found.held_back == held_back_of(old.manifest) == 0.25
    assert found.threshold.alert_rate == old.manifest.alert_rate
    again = fit_model(PAST, found, version="1")
    assert again.manifest.sha256 == old.manifest.sha256


def test_a_model_says_until_when_its_data_went() -> None:
    assert model_on(PAST).manifest.training.trained_until == NOON + 60.0 * 399


def test_rows_that_the_old_model_has_seen_are_not_judged() -> None:
    old = model_on(first(PAST, 250))
    retrained = retrain(old, PAST, KnownLabels(), choices_of(old), version="2", holdout=0.5)
    assert retrained.cut.at == NOON + 60.0 * 199
    assert retrained.cut.judged_after == NOON + 60.0 * 249
    assert len(retrained.judgement.history) == 150
    assert retrained.fitted.manifest.training.trained_until == retrained.cut.at


def test_data_that_the_old_model_has_seen_cannot_judge_it() -> None:
    old = model_on(PAST)
    with pytest.raises(DataError, match=r"the old model has seen the data.*newer data"):
        retrain(old, PAST, KnownLabels(), choices_of(old), version="2")
    with pytest.raises(DataError, match=r"^20 rows .* 100 are needed to judge on: give more data"):
        cut_of(PAST, 0.05, None)
    with pytest.raises(DataError, match="has none: set --roles time=COLUMN"):
        cut_of(dataclasses.replace(PAST, times=None), 0.2, None)


def stored(row: int, time: float, **features: Any) -> Kept:
    usual: dict[str, Any] = {"amount": 9.0, "shop": "food"}
    return Kept(f"t-0-{row}", str(row), "card-1", time, usual | features)


def test_stored_transactions_are_used_if_they_are_older_and_have_what_the_model_saw() -> None:
    old = model_on(first(PAST, 200))
    before = NOON - 100.0
    found = kept_history(
        [
            stored(1, before + 2.0),
            stored(2, before + 1.0, shop=None),
            stored(3, NOON + 60.0),  # it is among the data
            stored(4, before, amount="masked"),
            Kept("t-0-5", None, None, before, {"amount": 9.0}),
        ],
        old.schema,
        PAST,
    )
    assert found is not None
    assert found.ids is not None
    assert found.ids.to_list() == ["2", "1"]
    assert found.frame.schema == PAST.frame.schema
    assert kept_history([stored(3, NOON + 60.0)], old.schema, PAST) is None


def test_stored_transactions_are_learnt_as_they_were_known_at_the_cut() -> None:
    cut = cut_of(PAST, 0.3, None)
    old = model_on(first(PAST, 200))
    kept = kept_history(
        [stored(row, NOON - 10.0 - row) for row in range(900, 904)], old.schema, PAST
    )
    assert kept is not None
    known = known_labels(
        [
            *(label(900, EXPECTED), label(901, FRAUD), label(902, EXPECTED, at=cut.at + 1.0)),
            label(3, EXPECTED),
        ]
    )
    lesson = lesson_of(PAST, join(PAST, known), cut, "default")
    more = with_kept(lesson, kept, join(kept, known), cut.at)
    assert (more.kept, more.certain, len(more.history)) == (1, 2, len(lesson.history) + 1)
    assert more.history.ids is not None
    assert more.history.certain is not None
    assert more.history.ids.filter(pl.Series(more.history.certain)).to_list() == [900, 3]
    assert more.history.frame["amount"][0] == 9.0
    assert more.history.times is not None
    assert np.all(np.diff(more.history.times) > 0.0)


def test_frauds_that_only_the_old_model_finds_are_listed_with_its_reason() -> None:
    past = unlabelled(1_000, 1, anomalies=0)
    amount = past.frame["amount"].to_numpy().copy()
    frauds = np.arange(900, 1_000, 10)
    amount[frauds] = 500.0
    past = dataclasses.replace(past, frame=past.frame.with_columns(amount=pl.Series(amount)))
    old = model_on(first(past, 600))
    blind = model_on(
        dataclasses.replace(past, frame=past.frame.with_columns(amount=pl.Series(amount * 50)))
    )
    later = past.take(np.arange(700, 1_000))
    verdicts = verdicts_of(join(later, labels_of(frauds)), 300, ALWAYS)
    found = judge_both(old, blind, later, verdicts)
    assert (int(found.lost.sum()), int(found.won.sum())) == (10, 0)
    assert found.outcome == Outcome.WORSE
    rows = wording.lost_frauds(found)
    assert {row[0] for row in rows} == {str(row) for row in frauds}
    assert all("amount is 500, usually" in row[3] for row in rows)
    assert "better than version 1: from version 1" in wording.verdict(found)


def test_too_few_labels_are_said_and_what_to_judge_by() -> None:
    old = model_on(first(PAST, 200))
    retrained = retrain(old, PAST, labels_of([390]), choices_of(old), version="2", holdout=0.3)
    found = retrained.judgement
    assert found.outcome == Outcome.UNKNOWN
    said = wording.verdict(found)
    assert said.startswith("too few labels to tell which is better: 1 known fraud among")
    assert "most anomalous 1% of rows" in said
    assert wording.measures(found)[2][1:] == (NOTHING, NOTHING)


def test_a_model_that_does_not_say_what_it_has_seen_is_said_to_be_favoured() -> None:
    old = model_on(first(PAST, 200))
    manifest = old.manifest
    unknown = msgspec.structs.replace(manifest.training, trained_until=None)
    old.manifest = msgspec.structs.replace(manifest, training=unknown)
    found = retrain(old, PAST, KnownLabels(), choices_of(old), version="2", holdout=0.3)
    assert "may have seen the rows" in wording.cautions(found.judgement)[0]
