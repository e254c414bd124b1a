"""How well detectors judge a stream with a memory."""

from collections.abc import Callable, Sequence
from itertools import islice
from statistics import mean

import msgspec
import numpy as np

from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.model.estimator import make_estimator
from benchmarks.ablation.stream import Part, Stream
from benchmarks.ablation.variants import Variant, variants
from training.encoding import encode_history
from training.memory import Preset, bind
from training.memory.remember import remember
from training.metrics import rank_metrics
from training.schema import infer_schema


class Measured(msgspec.Struct, frozen=True):
    """One detector on one stream with one memory: means over the stream's parts."""

    stream: str
    held_out: bool
    preset: str
    variant: str
    detector: str
    seed: int
    roc_auc: float
    average_precision: float


def measure_stream(
    stream: Stream,
    detectors: Sequence[str],
    seeds: int,
    size: float,
    *,
    presets_only: bool = False,
    done: Callable[[str], None] = lambda _: None,
) -> list[Measured]:
    """Judge a stream with all variants of its preset.

    Parameters
    ----------
    stream
        The stream.
    detectors
        Names; see `anomaly_app.core.detectors.DETECTORS`.
    seeds
        How many seeds, for made streams and detectors alike.
    size
        Rows of made streams, relative to their usual number.
    presets_only
        Whether to judge without a memory and with the preset alone.
    done
        Called with the name of each variant that was judged.
    """
    found = []
    for seed in range(1, seeds + 1):
        parts = stream.parts(seed, size)
        for variant in islice(variants(stream.preset), 2 if presets_only else None):
            for detector in detectors:
                figures = [_judge(part, variant.preset, detector, seed) for part in parts]
                found.append(_measured(stream, variant, detector, seed, figures))
            done(variant.name)
    return found


def _measured(
    stream: Stream, variant: Variant, detector: str, seed: int, figures: list[tuple[float, float]]
) -> Measured:
    areas, precisions = zip(*figures, strict=True)
    return Measured(
        stream=stream.name,
        held_out=stream.held_out,
        preset=stream.preset,
        variant=variant.name,
        detector=detector,
        seed=seed,
        roc_auc=mean(areas),
        average_precision=mean(precisions),
    )


def _judge(part: Part, preset: Preset | None, detector: str, seed: int) -> tuple[float, float]:
    """Return the area under the ROC curve and the average precision of the rows to judge."""
    history = part.history
    if preset is not None:
        bound = bind(preset, history)
        history = remember(history, bound.spec, only_remembered=bound.only_remembered)
    learnt, judged = (history.take(np.flatnonzero(rows)) for rows in (part.learnt, ~part.learnt))
    schema = infer_schema(learnt).schema
    labels = None
    if detector in NEEDS_LABELS and learnt.labels is not None:
        labels = np.where(learnt.labels, -1, 1)
    estimator = make_estimator(schema, detector, random_state=seed)
    estimator.fit(encode_history(learnt, schema), labels)
    scores = -estimator.score_samples(encode_history(judged, schema))
    assert judged.labels is not None  # noqa: S101
    ranking = rank_metrics(scores, judged.labels)
    return float(ranking.roc_auc), float(ranking.average_precision)
