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
@one_line_errors
def memory_ablation(
    data: Path | None, names: str | None, detectors: str, seeds: int, size: float, out: Path
) -> None:
    """Measure what each feature of the memories is worth.

    A model learns from the first part of each stream, and the rest is judged: without a memory,
    with its preset, and with the preset less or plus one feature. Streams that are held out are
    only reported: the presets were not chosen by them.

    \b
    Examples:
      python -m benchmarks memory-ablation
      python -m benchmarks memory-ablation --streams cards,rings --detectors default --seeds 5
      python -m benchmarks memory-ablation --data ../streams
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

            found += measure_stream(stream, judges, seeds, size, done=show)
            bar.advance(task)
    lines = summaries(found)
    for preset in dict.fromkeys(line.preset for line in lines):
        console.print(table_of(preset, [line for line in lines if line.preset == preset]))
    out.mkdir(parents=True, exist_ok=True)
    written = msgspec.json.encode(found)
    (out / FILE).write_bytes(msgspec.json.format(written, indent=2) + b"\n")
    console.print(f"wrote {out / FILE}")


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


def table_of(preset: str, lines: Sequence[Line]) -> Table:
    """Return the table of a preset: a row for each memory, and its figures by detector."""
    table = Table(title=f"{preset}: area under the ROC curve / average precision", box=None)
    table.add_column("memory", no_wrap=True)
    columns = [*dict.fromkeys((line.detector, line.stream) for line in lines)]
    for detector, stream in columns:
        table.add_column(f"{stream}\n{detector}", justify="right")
    cells = {(line.variant, line.detector, line.stream): line.text for line in lines}
    for variant in dict.fromkeys(line.variant for line in lines):
        table.add_row(variant, *(cells.get((variant, *column), "") for column in columns))
    return table
