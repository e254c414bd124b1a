"""``python -m benchmarks memory-ablation``."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.terminal import one_line_errors
from benchmarks.ablation.catalogue import streams
from benchmarks.ablation.measure import Measured, measure_stream
from benchmarks.ablation.stream import Stream
from benchmarks.ablation.summary import Line, summaries
from benchmarks.screen import wide_console
from training.commands.progress import progress

FILE = "memory-ablation.json"


@click.command("memory-ablation")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with public streams: sparkov_dev_100c.csv.gz, skab and nab.",
)
@click.option("--streams", "names", metavar="NAMES", help="Streams, separated by commas.")
@click.option(
    "--detectors",
    default="default,isolation_forest",
    show_default=True,
    metavar="NAMES",
    help="Detectors, separated by commas.",
)
@click.option("--seeds", default=2, show_default=True, type=click.IntRange(1), help="How many.")
@click.option(
    "--size",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Rows of simulated streams, relative to the usual 30,000.",
)
@click.option(
    "--out",
    default=Path("build"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results.",
)
@click.option(
    "--presets-only", is_flag=True, help="Compare the presets with no memory, and nothing else."
)
@one_line_errors
def memory_ablation(
    data: Path | None,
    names: str | None,
    detectors: str,
    seeds: int,
    size: float,
    out: Path,
    *,
    presets_only: bool,
) -> None:
    """Measure what each feature of the memories is worth.

    A model learns from the first part of each stream, and the rest is judged: without a memory,
    with its preset, and with the preset less or plus one feature. Streams that are held out have
    a mean of their own: choose features by the others.

    \b
    Examples:
      python -m benchmarks memory-ablation
      python -m benchmarks memory-ablation --streams cards,rings --detectors default --seeds 5
      python -m benchmarks memory-ablation --data ../streams --detectors isolation_forest
      python -m benchmarks memory-ablation --data ../streams --presets-only
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = wide_console()
    chosen = _chosen(streams(data), names)
    judges = [name.strip() for name in detectors.split(",")]
    if unknown := [name for name in judges if name not in DETECTORS]:
        raise click.BadParameter(
            f"unknown detector {unknown[0]}; choose from {', '.join(DETECTORS)}",
            param_hint="--detectors",
        )
    found: list[Measured] = []
    # Sums have another order with several threads, and small fits are slower.
    with threadpool_limits(1), progress(Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(chosen))
        for stream in chosen:

            def show(variant: str, stream: Stream = stream) -> None:
                bar.update(task, description=f"{stream.name}: {variant}")

            found += measure_stream(
                stream, judges, seeds, size, presets_only=presets_only, done=show
            )
            _write(out / FILE, found)
            bar.advance(task)
    lines = summaries(found)
    for of in dict.fromkeys((line.preset, line.detector) for line in lines):
        console.print(table_of(*of, [line for line in lines if (line.preset, line.detector) == of]))
    console.print(f"wrote {out / FILE}")


def _write(file: Path, found: Sequence[Measured]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def _chosen(known: Sequence[Stream], names: str | None) -> list[Stream]:
    if names is None:
        return [*known]
    by_name = {stream.name: stream for stream in known}
    wanted = [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in by_name]:
        raise click.BadParameter(
            f"unknown stream {unknown[0]}; choose from {', '.join(by_name)}"
            " (public ones need --data)",
            param_hint="--streams",
        )
    return [by_name[name] for name in wanted]


def table_of(preset: str, detector: str, lines: Sequence[Line]) -> Table:
    """Return the table of a preset and a detector: a row for each memory, a column for a stream."""
    table = Table(title=f"{preset}, {detector}: ROC AUC / average precision", box=None)
    table.add_column("memory", no_wrap=True)
    streams = [*dict.fromkeys(line.stream for line in lines)]
    for stream in streams:
        table.add_column(stream, justify="right")
    cells = {(line.variant, line.stream): line.text for line in lines}
    for variant in dict.fromkeys(line.variant for line in lines):
        table.add_row(variant, *(cells.get((variant, stream), "") for stream in streams))
    return table
