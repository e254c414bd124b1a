"""``python -m benchmarks``: what ``make bench`` and ``make bench-growth`` run."""

from pathlib import Path

import click

from benchmarks.catalogue import SYSTEMS, Pace, System, app_before
from benchmarks.commands import Common, compare, grow
from benchmarks.plan import Plan
from training.cli import one_line_errors

MEDIUM_PART = 10
"""Systems of medium pace are given this part of the events."""

LEAST_EVENTS = 200


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
    help="Write the picture here as well, such as docs/images/performance.png.",
)
@click.option(
    "--app-environment",
    default=Path(".venv"),
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Virtual environment that the app and the Faust agents run in.",
)
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    metavar="CHECKOUT",
    help="Measure the app of this checkout as well, such as the version before.",
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
    app_environment: Path,
    before: Path | None,
    *,
    quick: bool,
) -> None:
    """Compare this app with the published ways of doing the same.

    All systems read the same records from one broker, use the same Isolation Forest, and
    produce what is anomalous to Kafka. They are watched from outside only, by the anomalies that
    arrive: events per second and CPU per event over a topic that was filled before, latency
    from produce to anomaly at 1,000 and 5,000 events per second, memory, and what the fast ones
    take of a core at 100 and 1,000 events per second. Rounds are interleaved, so that a noisy
    minute hits all.

    With ANOMALY_BROKER set, that broker is used (without users and TLS), in topics and groups of
    its own, which are deleted afterwards.

    \b
    See that it works, in some minutes, without a JVM:
      python -m benchmarks --quick
    Only two of the systems, three rounds, without latencies:
      python -m benchmarks --systems floor,app --runs 3 --seconds 0 --memory-events 0
    What little traffic costs, beside the version before:
      git worktree add ../before v0.1.0
      python -m benchmarks --systems app --before ../before --memory-events 0
    How the cost per row grows, instead of the comparison:
      python -m benchmarks growth
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
            f"{', '.join(unknown)}: there are {', '.join(known)}", param_hint="--systems"
        )
    return [known[name] for name in chosen]


@cli.command()
@click.pass_obj
@one_line_errors
def growth(common: Common) -> None:
    """Measure how the cost per row grows with trees, features, batch and partitions."""
    grow(common)


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
