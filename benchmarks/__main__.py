"""``python -m benchmarks``: what ``make bench`` and ``make bench-growth`` run."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.broker import benchmark_broker
from benchmarks.catalogue import SYSTEMS, Pace, System
from benchmarks.compare import Comparison
from benchmarks.errors import BenchmarkError
from benchmarks.growth import measure_growth
from benchmarks.machine import machine_line
from benchmarks.model import make_model
from benchmarks.plan import Plan
from benchmarks.report import show, show_goals, write_json
from benchmarks.results import judge
from benchmarks.screen import progress_bars, wide_console
from training.cli import one_line_errors

MEDIUM_PART = 10
"""Systems of medium pace are given this part of the events."""

LEAST_EVENTS = 200

GROWTH, QUICK_GROWTH = 200_000, 20_000
"""Records of the topics with more and more partitions."""


@dataclass(frozen=True)
class Common:
    """Options of all commands."""

    kafka: Path | None
    out: Path
    quick: bool
    plot: Path | None

    def folder(self, name: str) -> Path:
        """Give a new folder for models, logs and data."""
        folder = self.out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder.resolve()


@click.group(invoke_without_command=True, context_settings={"max_content_width": 100})
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1), help="Rounds.")
@click.option(
    "--events",
    default=500_000,
    show_default=True,
    type=click.IntRange(LEAST_EVENTS * MEDIUM_PART),
    help="Records for the fast systems; those of medium pace get a tenth.",
)
@click.option(
    "--short-events",
    default=1_000,
    show_default=True,
    type=click.IntRange(LEAST_EVENTS),
    help="Records for the slow systems, which score one at a time.",
)
@click.option(
    "--systems",
    default=",".join(name.replace(",", "") for name in SYSTEMS),
    show_default=True,
    metavar="NAMES",
    help="What is compared, separated by commas.",
)
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Traffic at each rate, for the latencies; 0 leaves them out.",
)
@click.option(
    "--memory-events",
    default=5_000_000,
    show_default=True,
    type=click.IntRange(0),
    help="Records on which the app's memory is watched; 0 leaves it out.",
)
@click.option(
    "--kafka",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="JARS",
    help="Run Apache Kafka from this folder of jars, instead of the embedded broker.",
)
@click.option(
    "--out",
    default=Path("build"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for figures, pictures and logs.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PNG",
    help="Write the picture here as well, such as docs/performance.png.",
)
@click.option("--quick", is_flag=True, help="One tiny run, to see that everything works.")
@click.pass_context
@one_line_errors
def cli(
    context: click.Context,
    runs: int,
    events: int,
    short_events: int,
    systems: str,
    seconds: float,
    memory_events: int,
    kafka: Path | None,
    out: Path,
    plot: Path | None,
    *,
    quick: bool,
) -> None:
    """Compare this app with the published ways of doing the same.

    All systems read the same records from one broker, use the same Isolation Forest, and
    produce what is anomalous to Kafka. They are watched from outside only, by the anomalies that
    arrive: events per second and CPU per event over a topic that was filled before, latency
    from produce to anomaly at 1,000 and 5,000 events per second, and memory. Rounds are
    interleaved, so that a noisy minute hits all.

    With ANOMALY_BROKER set, that broker is used (without users and TLS), in topics and groups of
    its own, which are deleted afterwards.

    \b
    See that it works, in some minutes, without a JVM:
      python -m benchmarks --quick
    Only two of the systems, three rounds, without latencies:
      python -m benchmarks --systems floor,app --runs 3 --seconds 0 --memory-events 0
    How the cost per row grows, instead of the comparison:
      python -m benchmarks growth
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    context.obj = common = Common(kafka, out, quick, plot)
    if context.invoked_subcommand is not None:
        return
    if quick:
        runs, events, short_events, seconds, memory_events = 1, 20_000, 200, 1.0, 0
    plan = Plan(
        systems=_chosen(systems),
        runs=runs,
        counts={
            Pace.SLOW: short_events,
            Pace.MEDIUM: events // MEDIUM_PART,
            Pace.FAST: events,
        },
        seconds=seconds,
        memory_events=memory_events,
    )
    compare(plan, common)


def compare(plan: Plan, common: Common) -> None:
    """Run a comparison, show it, and write it.

    Raises
    ------
    BenchmarkError
        A system could not be measured, or the systems do not agree on the anomalies.
    """
    console = wide_console()
    folder = common.folder("bench")
    model = make_model(folder / "models")
    with benchmark_broker(common.kafka, folder) as broker, progress_bars(console) as progress:
        machine = machine_line(broker.description)
        console.print(machine, highlight=False)
        console.print(f"this takes about {plan.estimate() / 60:.0f} minutes; logs are in {folder}")
        comparison = Comparison(plan, broker, model, folder, progress)
        comparison.run()
    results, names = comparison.results, [system.name for system in plan.systems]
    judged = judge(results)
    console.print(machine, highlight=False)
    show(console, names, results, compared=comparison.compared)
    show_goals(console, judged)
    write_json(common.out / "bench.json", machine, results, judged)
    _draw(common, names, comparison, machine)
    console.print(f"wrote {common.out / 'bench.json'} and {common.out / 'bench.png'}")
    if comparison.disagreements:
        raise BenchmarkError("the anomalies differ: " + "; ".join(comparison.disagreements))


def _draw(common: Common, names: list[str], comparison: Comparison, machine: str) -> None:
    from benchmarks.plot import draw  # noqa: PLC0415  # matplotlib is an extra, and slow to import

    picture = common.out / "bench.png"
    draw(picture, names, comparison.results, machine=machine)
    if common.plot is not None:
        shutil.copyfile(picture, common.plot)


def _chosen(names: str) -> list[System]:
    known = {name.replace(",", ""): system for name, system in SYSTEMS.items()}
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in chosen if name not in known]:
        raise click.BadParameter(
            f"{', '.join(unknown)}: there are {', '.join(known)}", param_hint="--systems"
        )
    return [known[name] for name in chosen]


@cli.command()
@click.pass_obj
@one_line_errors
def growth(common: Common) -> None:
    """Measure how the cost per row grows with trees, features, batch and partitions."""
    console = wide_console()
    folder = common.folder("bench-growth")
    with benchmark_broker(common.kafka, folder) as broker, progress_bars(console) as progress:
        machine = machine_line(broker.description)
        console.print(machine, highlight=False)
        events = QUICK_GROWTH if common.quick else GROWTH
        points = measure_growth(
            broker, folder, progress, out=common.out, machine=machine, events=events
        )
    from benchmarks.growth_plot import draw_growth  # noqa: PLC0415  # as above

    picture = common.plot or common.out / "bench-growth.png"
    draw_growth(picture, points, machine=machine)
    console.print(f"wrote {common.out / 'bench-growth.json'} and {picture}")


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
