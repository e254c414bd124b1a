"""The same checks, led by the coverage of the app's own code: atheris on libFuzzer."""

import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import atheris

DETECTORS = Path("anomaly_app/core/detectors")

COMPILED = [
    "anomaly_app.core.compiled",
    *(".".join(p.with_suffix("").parts) for p in DETECTORS.glob("*.py")),
]
"""Modules that do not lead: numba cannot compile what measures coverage."""

LONGEST_INPUT = 4_096

STRUCTURAL = 0.5
"""Share of the mutations that tear JSON's structure; libFuzzer makes the others."""


def run_guided(*, seconds: float, seed: int, folder: Path) -> int:
    """Let libFuzzer find records; it ends the process.

    Parameters
    ----------
    seconds
        How long.
    seed
        Of all that is random.
    folder
        For what it found: records that reach something new, and those that break something.
    """
    with atheris.instrument_imports(include=["anomaly_app"], exclude=COMPILED):
        from anomaly_app.kafka.consumer.record_batches import Record  # noqa: PLC0415
        from tests.fuzz import checks, literals, mutation, run  # noqa: PLC0415
        from tests.fuzz.subjects import Subject  # noqa: PLC0415

    subjects: list[Subject] = run.subjects()
    shapes = [tokens for subject in subjects for tokens in subject.mutator.corpus]

    def one_record(data: bytes) -> None:
        # The first bytes choose the pipeline, the timestamp and the key.
        if len(data) < len(HEAD):
            return
        subject = subjects[data[0] % len(subjects)]
        timestamp = literals.TIMESTAMPS[data[1] % len(literals.TIMESTAMPS)]
        key = literals.KEYS[data[2] % len(literals.KEYS)]
        record = Record("transactions", 0, 0, timestamp, key, data[len(HEAD) :])
        checks.check(subject, [record], Counter())

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)  # noqa: S311
        if len(data) <= len(HEAD) or random.random() >= STRUCTURAL:
            mutated: bytes = atheris.Mutate(data, most)
            return mutated
        tokens = mutation.tokens_of(data[len(HEAD) :])
        return (data[: len(HEAD)] + mutation.mutate(tokens, random, shapes))[:most]

    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, tokens in enumerate(shapes):
        (corpus / f"shape-{number}").write_bytes(bytes([number % 4, 0, 0]) + b"".join(tokens))
    arguments: list[Any] = [
        *(sys.argv[0], f"-max_total_time={seconds:.0f}", f"-seed={seed + 1}", "-timeout=10"),
        *(f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={folder}/", "-print_final_stats=1"),
        str(corpus),
    ]
    atheris.Setup(arguments, one_record, custom_mutator=mutator)
    atheris.Fuzz()
    return 0


HEAD = bytes(3)
