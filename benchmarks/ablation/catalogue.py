"""The streams that memories are judged on."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.ablation import accounts, payments, public, telemetry
from benchmarks.ablation.stream import Part, Stream, first_part
from demo.simulators import SIMULATORS
from training.history import History

ROWS = 30_000
"""Of a made stream."""

LEAST = 2_000
LEARNT = 0.4
"""Share of the time that is learnt from."""


def streams(folder: Path | None) -> list[Stream]:
    """Return the streams, those to choose by before those that are held out.

    Parameters
    ----------
    folder
        Of the public streams; None leaves them out.
    """
    cards, machines = "card-transactions", "machine-readings"
    chosen, others = accounts.KINDS[:2], accounts.KINDS[2:]
    found = [
        Stream("cards", cards, _demo("cards")),
        Stream("handbook", cards, _made(payments.simulate)),
        Stream("accounts", cards, _made(partial(accounts.simulate, kinds=chosen))),
        Stream("network", "requests", _demo("network")),
        Stream("machines", machines, _demo("machines")),
        Stream("heavy cards", cards, _made(partial(payments.simulate, heavy=True)), held_out=True),
        Stream(
            "rings",
            cards,
            _made(partial(accounts.simulate, kinds=others)),
            held_out=True,
        ),
        Stream("patients", "vital-signs", _demo("patients"), held_out=True),
        Stream("telemetry", machines, _made(telemetry.simulate), held_out=True),
    ]
    if folder is not None:
        found += [
            Stream("sparkov", cards, lambda *_: public.sparkov(folder)),
            Stream("skab, even runs", machines, lambda *_: public.skab(folder, 0)),
            Stream("skab, odd runs", machines, lambda *_: public.skab(folder, 1), held_out=True),
            Stream("nab", machines, lambda *_: public.nab(folder), held_out=True),
        ]
    return sorted(found, key=lambda stream: stream.held_out)


def _made(simulate: Callable[..., History]) -> Callable[[int, float], Sequence[Part]]:
    def parts(seed: int, size: float) -> Sequence[Part]:
        return [first_part(simulate(max(round(ROWS * size), LEAST), seed=seed), LEARNT)]

    return parts


def _demo(name: str) -> Callable[[int, float], Sequence[Part]]:
    return _made(lambda rows, *, seed: SIMULATORS[name].simulate(rows, seed=seed).history)
