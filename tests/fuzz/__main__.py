"""``python -m tests.fuzz``: mutated records, until something does not hold."""

import argparse
import sys
from pathlib import Path

FOLDER = Path("build/fuzz")

LINES = 20
"""Of progress, where it does not go to a terminal."""


def main() -> int:
    options = _options()
    if options.guided:
        # What it measures has to be imported by it.
        from tests.fuzz.guided import run_guided  # noqa: PLC0415

        return run_guided(seconds=options.seconds, seed=options.seed, folder=FOLDER)
    from tests.fuzz.checks import Broken  # noqa: PLC0415
    from tests.fuzz.run import Tally, reproduce, run  # noqa: PLC0415

    if options.reproduce:
        try:
            _say(f"all of it holds: {dict(reproduce(options.reproduce))}")
        except Broken as fault:
            _say(f"BROKEN: {fault}")
            return 1
        return 0

    said = 0

    def progress(tally: Tally, seconds: float) -> None:
        nonlocal said
        if sys.stdout.isatty():
            sys.stdout.write(f"\r{tally.figures(seconds)}")
        elif (part := LINES * tally.records // options.records) > said:
            said = part
            sys.stdout.write(f"{tally.figures(seconds)}\n")
        sys.stdout.flush()

    tally, seconds = run(
        records=options.records,
        seed=options.seed,
        seconds=options.seconds,
        processes=options.processes,
        folder=FOLDER,
        say=progress,
    )
    sys.stdout.write("\n")
    for outcome, count in tally.outcomes.most_common():
        _say(f"{count:>14,}  {outcome}")
    _say(tally.figures(seconds))
    _say(f"BROKEN: {tally.broken}" if tally.broken else "all of it held")
    return 1 if tally.broken else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--seconds", type=float, default=3_600.0, metavar="T", help="at most")
    parser.add_argument("--processes", type=int, default=2, metavar="P")
    parser.add_argument("--guided", action="store_true", help="by coverage; needs atheris")
    parser.add_argument("--reproduce", type=Path, metavar="FILE", help="check a file's records")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
