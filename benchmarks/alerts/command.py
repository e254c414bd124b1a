"""``python -m benchmarks alerts`` and ``python -m benchmarks alerts-streams``."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console

from anomaly_app.terminal import one_line_errors
from benchmarks.alerts.best_fields import field_table
from benchmarks.alerts.found import Found
from benchmarks.alerts.goal import goal_tables
from benchmarks.alerts.plot import draw
from benchmarks.alerts.policies import POLICIES, ByAlertmanager
from benchmarks.alerts.running import Result, Which, run
from benchmarks.alerts.silence_table import silence_table
from benchmarks.alerts.stream import Stream
from benchmarks.alerts.streams import DEVELOPMENT, EVALUATION, FAMILIES, stream
from benchmarks.alerts.streams.overview import cause_table, volume_table
from benchmarks.alerts.streams.sparkov import DATA, NAME, card_file
from benchmarks.alerts.tables import policy_tables
from benchmarks.screen import wide_console
from training.commands.progress import progress

FILE = "bench-alerts.json"
PICTURES = ("bench-alerts.svg", "bench-alerts.png")

seeds_option = click.option(
    "--seeds",
    default=len(EVALUATION),
    show_default=True,
    type=click.IntRange(1, len(EVALUATION)),
    help="How many streams of each family.",
)
families_option = click.option(
    "--families",
    default=",".join(FAMILIES),
    show_default=True,
    metavar="NAMES",
    help="Families of streams, separated by commas.",
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar=DATA,
    help="Folder with the card file, sparkov_dev_100c.csv.gz.",
)
development_option = click.option(
    "--development", is_flag=True, help="Take the streams for development, not for evaluation."
)


@click.command("alerts")
@seeds_option
@families_option
@click.option(
    "--policies",
    default=",".join(policy.name for policy in POLICIES),
    show_default=True,
    metavar="NAMES",
    help="Policies to compare, separated by commas.",
)
@data_option
@development_option
@click.option(
    "--jobs",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Streams that are made and replayed side by side.",
)
@click.option(
    "--out",
    default=Path("build"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results.",
)
@one_line_errors
def alerts(
    seeds: int,
    families: str,
    policies: str,
    data: Path | None,
    jobs: int,
    out: Path,
    *,
    development: bool,
) -> None:
    """Compare ways to turn anomalies into messages.

    Streams of anomalies with known causes are replayed through each policy. They are made the
    first time, in about 20 seconds each, and kept in build/bench-alerts. So are the replays through
    Alertmanager, which is fetched from Debian's mirror: two to five minutes each, ten at once.
    Some causes are silenced as well. There is a table of the goals, a file and a plot.

    \b
    Examples:
      python -m benchmarks alerts --seeds 2 --families cards,network --development
      python -m benchmarks alerts --policies "one each,Elastic" --seeds 5
      python -m benchmarks alerts --data ../streams
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = wide_console()
    wanted = _names(policies, "--policies", [policy.name for policy in POLICIES])
    streams = [*_which(seeds, families, data, console, development=development)]
    rivals = sum(isinstance(one, ByAlertmanager) and one.name in wanted for one in POLICIES)
    results: list[Result] = []
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task("streams", total=len(streams) * (1 + rivals))
        for some in run(streams, wanted, jobs, lambda: bar.advance(task)):
            results += some
    found = Found.of(results)
    found.write(out / FILE)
    for file in PICTURES:
        draw(out / file, found.measured)
    for family in dict.fromkeys(each.family for each in streams):
        of_family = [one for one in found.measured if one.family == family]
        console.print(*policy_tables(family, of_family), sep="\n")
    if found.silenced:
        console.print(silence_table(found.silenced))
    console.print(*goal_tables(found.goals), sep="\n")
    console.print(f"wrote {', '.join(str(out / file) for file in (FILE, *PICTURES))}")


@click.command("alerts-streams")
@seeds_option
@families_option
@data_option
@development_option
@one_line_errors
def alerts_streams(seeds: int, families: str, data: Path | None, *, development: bool) -> None:
    """Make the streams of the benchmark of alerts, and show what is in them.

    \b
    Examples:
      python -m benchmarks alerts-streams --seeds 3 --development
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = wide_console()
    streams = [*_streams(seeds, families, data, console, development=development)]
    console.print(volume_table(streams))
    console.print(cause_table(streams))
    if development:
        console.print(field_table(streams))


def _streams(
    seeds: int, families: str, data: Path | None, console: Console, *, development: bool
) -> Iterator[Stream]:
    chosen = [*_which(seeds, families, data, console, development=development)]
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(chosen))
        for which in chosen:
            bar.update(task, description=f"{which.family}, seed {which.seed}")
            yield stream(*which)
            bar.advance(task)


def _which(
    seeds: int, families: str, data: Path | None, console: Console, *, development: bool
) -> Iterator[Which]:
    if data is not None:
        os.environ[DATA] = str(data)
    names = _names(families, "--families", FAMILIES)
    if NAME in names and card_file() is None:
        console.print(f"[yellow]without the card file: --data or {DATA} says where it is[/]")
        names.remove(NAME)
    all_seeds = DEVELOPMENT if development else EVALUATION
    for name in names:
        for seed in all_seeds[:seeds]:
            yield Which(name, seed)


def _names(text: str, option: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(
            f"unknown: {', '.join(unknown)}; choose from {', '.join(known)}", param_hint=option
        )
    return names
