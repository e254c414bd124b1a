"""Labelled sets: read or refused, split as the protocols say, and measured."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from anomaly_app.errors import DataError
from training.evaluation.benchmark import Average, Measurement, averages, benchmark
from training.evaluation.protocols import (
    CONTAMINATION,
    MAX_ROWS,
    LabelledSet,
    Protocol,
    Split,
    find_sets,
    read_set,
    split,
)
from training.history import read_history

BOTH: tuple[Protocol, ...] = ("A", "C")


def numbered(ordinary: int = 1_000, anomalies: int = 100) -> LabelledSet:
    """Rows that carry their own number: those of anomalies are below 0."""
    numbers = np.concatenate([np.arange(ordinary), -1.0 - np.arange(anomalies)])
    numbers = np.random.default_rng(3).permutation(numbers)
    return LabelledSet("numbered", numbers[:, np.newaxis] * [1.0, 10.0], numbers < 0)


def numbers_of(matrix: npt.NDArray[np.float64]) -> list[float]:
    numbers: list[float] = matrix[:, 0].tolist()
    return numbers


def anomalies_to_learn(parts: Split) -> int:
    return sum(number < 0 for number in numbers_of(parts.train))


@pytest.mark.parametrize("protocol", BOTH)
@pytest.mark.parametrize("rows", [(1_000, 100), (301, 7), (30_000, 900), (20_000, 1)])
def test_no_row_is_in_both_parts_or_twice_in_one(protocol: Protocol, rows: tuple[int, int]) -> None:
    labelled = numbered(*rows)
    parts = split(labelled, protocol, seed=1)
    seen = numbers_of(parts.train) + numbers_of(parts.test)
    assert len(set(seen)) == len(seen) == min(sum(rows), MAX_ROWS)
    assert set(seen) <= set(numbers_of(labelled.matrix))


@pytest.mark.parametrize("protocol", BOTH)
def test_rows_stay_whole_and_keep_their_labels(protocol: Protocol) -> None:
    parts = split(numbered(), protocol, seed=1)
    assert (parts.test[:, 1] == 10.0 * parts.test[:, 0]).all()
    assert ((parts.test[:, 0] < 0) == parts.labels).all()


def test_protocol_a_learns_half_of_the_ordinary_rows_and_tests_on_all_else() -> None:
    parts = split(numbered(1_001, 100), "A", seed=1)
    assert anomalies_to_learn(parts) == 0
    assert (len(parts.train), len(parts.test), parts.labels.sum()) == (500, 601, 100)


def test_protocol_c_has_two_per_cent_of_anomalies_to_learn_that_are_not_tested_on() -> None:
    parts = split(numbered(9_800, 200), "C", seed=1)
    assert (len(parts.train), anomalies_to_learn(parts)) == (5_000, 100)
    assert anomalies_to_learn(parts) / len(parts.train) == CONTAMINATION
    assert (len(parts.test), parts.labels.sum()) == (5_000, 100)


@pytest.mark.parametrize(("anomalies", "learnt"), [(12, 6), (7, 3), (1, 0)])
def test_half_of_few_anomalies_is_left_for_the_test(anomalies: int, learnt: int) -> None:
    parts = split(numbered(2_000, anomalies), "C", seed=1)
    assert anomalies_to_learn(parts) == learnt
    assert parts.labels.sum() == anomalies - learnt


def test_anomalies_to_learn_are_not_the_first_rows_nor_the_last() -> None:
    learnt = np.array(numbers_of(split(numbered(), "C", seed=1).train)) < 0
    places = np.flatnonzero(learnt)
    assert 0 < places.min() < 250 < places.max() < len(learnt) - 1


@pytest.mark.parametrize("protocol", BOTH)
def test_large_sets_are_subsampled_with_their_rate_of_anomalies(protocol: Protocol) -> None:
    made = numbered(38_000, 2_000)
    in_order = np.argsort(made.matrix[:, 0])
    labelled = LabelledSet("in order", made.matrix[in_order], made.labels[in_order])
    parts = split(labelled, protocol, seed=1)
    assert len(parts.train) + len(parts.test) == MAX_ROWS
    assert anomalies_to_learn(parts) + parts.labels.sum() == 500
    for kept in (parts.train[:, 0], parts.test[:, 0]):  # drawn from all rows, not the first ones
        assert np.median(kept[kept >= 0]) == pytest.approx(19_000, rel=0.05)


def test_a_set_of_just_so_many_rows_is_kept_whole() -> None:
    parts = split(numbered(MAX_ROWS - 10, 10), "A", seed=1)
    assert len(parts.train) + len(parts.test) == MAX_ROWS
    assert parts.labels.sum() == 10


def test_two_anomalies_at_least_are_kept_of_a_large_set() -> None:
    assert split(numbered(40_000, 3), "A", seed=1).labels.sum() == 2


@pytest.mark.parametrize("rows", [(1_000, 100), (30_000, 900)])
def test_the_same_seed_gives_both_protocols_the_same_ordinary_rows(rows: tuple[int, int]) -> None:
    clean, dirty = (split(numbered(*rows), protocol, seed=4) for protocol in BOTH)
    ordinary = {number for number in numbers_of(dirty.train) if number >= 0}
    assert ordinary == set(numbers_of(clean.train))
    left = set(numbers_of(clean.test)) - set(numbers_of(dirty.test))
    assert left == {number for number in numbers_of(dirty.train) if number < 0}
    assert left


@pytest.mark.parametrize("protocol", BOTH)
def test_a_seed_decides_the_split(protocol: Protocol) -> None:
    first, again, other = (split(numbered(), protocol, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.test, again.test)
    assert set(numbers_of(first.train)) != set(numbers_of(other.train))


def saved(folder: Path, name: str = "small", **arrays: Any) -> Path:
    file = folder / f"{name}.npz"
    np.savez(file, **arrays)
    return file


def bytes_of(file: Path, change: Callable[[bytes], bytes]) -> Path:
    file.write_bytes(change(file.read_bytes()))
    return file


def test_a_set_is_read_with_the_name_of_its_file(tmp_path: Path) -> None:
    labelled = read_set(saved(tmp_path, X=[[1, 2], [3, 4], [5, 6]], y=[0, 1, 0]))
    assert labelled.name == "small"
    assert labelled.matrix.dtype == np.float64
    assert labelled.matrix.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert labelled.labels.tolist() == [False, True, False]


ROWS = np.ones((3, 2))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": ROWS}, "cannot read .* as arrays X and y"),
        ({"y": [0, 1, 0]}, "cannot read .* as arrays X and y"),
        ({"X": [["a"]], "y": [1]}, "cannot read .* as arrays X and y"),
        ({"X": np.array([[None]]), "y": [1]}, "cannot read .* as arrays X and y"),
        ({"X": ROWS, "y": [0, 1]}, "needs a label in y for each row"),
        ({"X": ROWS, "y": [0, 0, 0]}, "both kinds"),
        ({"X": ROWS, "y": [1, 1, 1]}, "both kinds"),
        ({"X": ROWS, "y": [[0], [1], [0]]}, "needs a label in y for each row"),
        ({"X": ROWS[0], "y": [0, 1]}, "needs a label in y for each row"),
        ({"X": 5.0, "y": 1}, "needs a label in y for each row"),
        ({"X": np.empty((0, 2)), "y": []}, "both kinds"),
        ({"X": ROWS * np.nan, "y": [0, 1, 0]}, "missing or infinite values"),
        ({"X": ROWS * np.inf, "y": [0, 1, 0]}, "missing or infinite values"),
    ],
)
def test_what_is_no_labelled_set_is_refused_in_one_line(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    file = saved(tmp_path, **arrays)
    with pytest.raises(DataError, match=words) as refusal:
        read_set(file)
    assert str(refusal.value).removeprefix("cannot read ").startswith(str(file))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        lambda good: b"",
        lambda good: b"nothing",
        lambda good: good[: len(good) // 2],
        lambda good: good.replace(b"NUMPY", b"numpy"),
    ],
    ids=["empty", "text", "cut off", "other magic"],
)
@pytest.mark.parametrize("read", [read_set, read_history])
def test_a_broken_file_is_refused_in_one_line(
    tmp_path: Path, content: Callable[[bytes], bytes], read: Callable[[Path], Any]
) -> None:
    file = bytes_of(saved(tmp_path, X=ROWS, y=[0, 1, 0]), content)
    with pytest.raises(DataError, match="cannot read .* as") as refusal:
        read(file)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("read", [read_set, read_history])
def test_one_bare_array_is_refused_in_one_line(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    file = tmp_path / "bare.npz"
    with file.open("wb") as opened:
        np.save(opened, ROWS)
    with pytest.raises(DataError, match="cannot read .* as"):
        read(file)


def test_sets_are_found_by_name_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("b", "a"):
        saved(tmp_path, name, X=ROWS)
    (tmp_path / "notes.txt").write_text("none")
    assert [file.name for file in find_sets(tmp_path)] == ["a.npz", "b.npz"]


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no npz files"):
        find_sets(tmp_path)


def test_a_benchmark_measures_each_detector_on_each_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(120) < 12
    far = rng.normal(size=(120, 2)) + 50.0 * truth[:, np.newaxis]
    files = [
        saved(tmp_path, "clear", X=far, y=truth),
        saved(tmp_path, "noise", X=rng.normal(size=(120, 2)), y=truth),
    ]
    measured = list(benchmark(files, ["pca", "robust_zscore"], BOTH, seeds=2))
    cases = [(m.dataset, m.protocol, m.seed, m.detector) for m in measured]
    assert cases == [
        (dataset, protocol, seed, detector)
        for dataset in ("clear", "noise")
        for protocol in BOTH
        for seed in range(2)
        for detector in ("pca", "robust_zscore")
    ]
    assert set(msgspec.to_builtins(measured[0])) == {
        *("detector", "dataset", "protocol", "seed", "auc", "ap", "us_per_row", "fit_seconds")
    }
    clear = [m for m in measured if m.dataset == "clear" and m.detector == "robust_zscore"]
    assert [m.ap for m in clear if m.protocol == "A"] == pytest.approx([1.0] * 2)
    assert all(0.1 < m.auc < 0.9 and m.ap < 0.8 for m in measured if m.dataset == "noise")
    assert all(m.us_per_row > 0.0 and m.fit_seconds > 0.0 for m in measured)


class Memory:
    """A detector that remembers what it learnt, and finds negative numbers abnormal."""

    learnt: ClassVar[list[npt.NDArray[np.float64]]] = []

    def __init__(self, name: str, *, random_state: int) -> None:
        pass

    def fit(self, matrix: npt.NDArray[np.float64]) -> Self:
        self.learnt.append(matrix)
        return self

    def score_samples(self, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return matrix[:, 0]

    score_rows = score_samples


def test_a_detector_learns_from_the_training_part_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.evaluation.benchmark.make_detector", Memory)
    monkeypatch.setattr(Memory, "learnt", [])
    labelled = numbered(200, 20)
    file = saved(tmp_path, X=labelled.matrix, y=labelled.labels)
    (one,) = benchmark([file], ["memory"], ["C"], seeds=1)
    (learnt,) = Memory.learnt
    np.testing.assert_array_equal(learnt, split(labelled, "C", seed=0).train)
    assert [one.auc, one.ap] == pytest.approx([1.0, 1.0])  # low scores are abnormal


MEASURED = Measurement(
    detector="pca",
    dataset="first",
    protocol="A",
    seed=0,
    auc=0.6,
    ap=0.2,
    us_per_row=3.0,
    fit_seconds=1.0,
)


def measured(detector: str, protocol: str, ap: float, **changes: Any) -> Measurement:
    return msgspec.structs.replace(MEASURED, detector=detector, protocol=protocol, ap=ap, **changes)


def test_averages_are_over_seeds_and_sets() -> None:
    found = averages(
        [
            measured("pca", "A", 0.2, auc=0.5, us_per_row=1.0, fit_seconds=1.0),
            measured("pca", "A", 0.4, auc=0.7, us_per_row=2.0, fit_seconds=2.0, seed=1),
            measured("pca", "A", 0.9, auc=0.9, us_per_row=90.0, fit_seconds=6.0, dataset="second"),
        ]
    )
    (one,) = found
    assert (one.detector, one.protocol, one.us_per_row, one.fit_seconds) == ("pca", "A", 2.0, 3.0)
    assert [one.auc, one.ap] == pytest.approx([0.7, 0.5])


def test_averages_are_ordered_by_average_precision_within_a_protocol() -> None:
    found: list[Average] = averages(
        [
            measured("weak", "C", 0.1),
            measured("weak", "A", 0.3, auc=0.99),
            measured("strong", "C", 0.5),
            measured("strong", "A", 0.8),
            measured("middle", "A", 0.6),
        ]
    )
    assert [(one.protocol, one.detector) for one in found] == [
        ("A", "strong"),
        ("A", "middle"),
        ("A", "weak"),
        ("C", "strong"),
        ("C", "weak"),
    ]
