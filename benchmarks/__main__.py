"""``python -m benchmarks``: what ``make bench`` and its relatives run."""

from pathlib import Path

import click

from anomaly_app.terminal import one_line_errors
from benchmarks.ablation import memory_ablation
from benchmarks.alerts import alerts, alerts_streams
from benchmarks.catalogue import SYSTEMS, Pace, System, app_before
from benchmarks.commands import Common, compare, grow, remember
from benchmarks.entity_memory.plan import PARTS
from benchmarks.entity_memory.plan import Plan as MemoryPlan
from benchmarks.plan import Plan
from benchmarks.store import store

MEDIUM_PART = 10
"""Divisor of the number of events for systems of medium pace."""

MIN_EVENTS = 200


@click.group(invoke_without_command=True, context_settings={"max_content_width": 100})
@click.option(
    "--runs", default=5, show_default=True, type=click.IntRange(1), help="Number of rounds."
)
@click.option(
    "--events",
    default=500_000,
    show_default=True,
    type=click.IntRange(MIN_EVENTS * MEDIUM_PART),
    help="Number of records for fast systems; systems of medium pace get a tenth.",
)
@click.option(
    "--short-events",
    default=1_000,
    show_default=True,
    type=click.IntRange(MIN_EVENTS),
    help="Number of records for slow systems, which score one at a time.",
)
@click.option(
    "--systems",
    default=",".join(name.replace(",", "") for name in SYSTEMS),
    show_default=True,
    metavar="NAMES",
    help="Systems to compare, separated by commas.",
)
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds of traffic at each rate to measure latencies; 0 skips them.",
)
@click.option(
    "--memory-events",
    default=5_000_000,
    show_default=True,
    type=click.IntRange(0),
    help="Number of records to measure the memory of the app on; 0 skips it.",
)
@click.option(
    "--kafka",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="JARS",
    help="Run Apache Kafka from this folder of jars instead of the embedded broker.",
)
@click.option(
    "--out",
    default=Path("build"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results, plots and logs.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PNG",
    help="Also write the plot to this file, such as docs/images/performance.png.",
)
@click.option(
    "--app-environment",
    default=Path(".venv"),
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Virtual environment of the app and the Faust agents.",
)
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    metavar="CHECKOUT",
    help="Also measure the app of this checkout, such as the previous version.",
)
@click.option("--quick", is_flag=True, help="A single small run, to check that everything works.")
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
    app_environment: Path,
    before: Path | None,
    *,
    quick: bool,
) -> None:
    """Compare this app with published alternatives.

    All systems read the same records from one broker, use the same Isolation Forest, and produce
    anomalies to Kafka. They are only observed from outside, by the anomalies that arrive. The
    benchmark measures events per second and CPU per event on a topic that was filled before,
    latency from produce to anomaly at 1,000 and 5,000 events per second, memory, and the CPU usage
    of fast systems at 100 and 1,000 events per second. Rounds are interleaved, so that noise on
    the machine affects all systems.

    If ANOMALY_BROKER is set, that broker is used (without authentication and TLS). Topics and
    consumer groups are created for the benchmark and deleted afterwards.

    \b
    Check that it works, in a few minutes and without a JVM:
      python -m benchmarks --quick
    Only two systems, three rounds, no latencies:
      python -m benchmarks --systems floor,app --runs 3 --seconds 0 --memory-events 0
    CPU usage at low traffic, compared with the previous version:
      git worktree add ../before v0.1.0
      python -m benchmarks --systems app --before ../before --memory-events 0
    How the cost per row grows, instead of the comparison:
      python -m benchmarks growth
    What each feature of the memories is worth:
      python -m benchmarks memory-ablation
    How good alerts are, against other ways to alert:
      python -m benchmarks alerts
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    context.obj = common = Common(kafka, out, app_environment, quick, plot)
    if context.invoked_subcommand is not None:
        return
    if quick:
        runs, events, short_events, seconds, memory_events = 1, 20_000, 200, 1.0, 0
    plan = Plan(
        systems=[*_chosen(systems), *([app_before(before)] if before else [])],
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


def _chosen(names: str) -> list[System]:
    known = {name.replace(",", ""): system for name, system in SYSTEMS.items()}
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in chosen if name not in known]:
        raise click.BadParameter(
            f"unknown system {', '.join(unknown)}; choose from {', '.join(known)}",
            param_hint="--systems",
        )
    return [known[name] for name in chosen]


@cli.command()
@click.pass_obj
@one_line_errors
def growth(common: Common) -> None:
    """Measure how the cost per row grows with trees, features, batch size and partitions."""
    grow(common)


@cli.command()
@click.option(
    "--runs", default=3, show_default=True, type=click.IntRange(1), help="Number of rounds."
)
@click.option(
    "--only",
    default=",".join(PARTS),
    show_default=True,
    metavar="PARTS",
    help="Parts to measure, separated by commas.",
)
@click.pass_obj
@one_line_errors
def memory(common: Common, runs: int, only: str) -> None:
    """Measure what the memory of entities costs.

    The parts are kernel, the compiled loop; bytes, the resident memory of a million entities;
    worker, a worker with the memory of cards beside one without; peers, the same features in Quix
    Streams and in a Faust table; latency, the p99 with memory and without; log, the traffic of the
    memory topic and restores while 20,000 events a second keep coming.

    \b
    Without a broker, in a minute:
      python -m benchmarks memory --only kernel,bytes
    Everything, but small, to check that it works:
      python -m benchmarks --quick memory
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    parts = frozenset(name.strip() for name in only.split(",") if name.strip())
    if unknown := sorted(parts - PARTS.keys()):
        raise click.BadParameter(
            f"unknown part {', '.join(unknown)}; choose from {', '.join(PARTS)}",
            param_hint="--only",
        )
    plan = MemoryPlan.quick(parts) if common.quick else MemoryPlan(parts, runs)
    remember(plan, common)


cli.add_command(memory_ablation)
cli.add_command(alerts)
cli.add_command(alerts_streams)
cli.add_command(store)


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
