"""``python -m demo``: what ``make demo`` runs."""

import asyncio
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console

from anomaly_app.core.roles.roles import Roles
from anomaly_app.kafka import open_admin
from anomaly_app.kafka.security import client_options
from anomaly_app.settings import Settings, change_settings, load_settings
from anomaly_app.settings.security import SecuritySettings
from anomaly_app.terminal import one_line_errors
from demo.next_steps import next_steps
from demo.options import scenario_option
from demo.run import RunOptions, run, train
from demo.scenario import Scenario, file_scenario, simulated_scenario
from demo.screen import print_json, show_next_steps, show_summary
from harness.broker import embedded_broker
from harness.workers import clear_old_logs

SIMULATED_RATE = 200.0

IN_TIME = 0.95
"""Share of the given seconds in which a file is replayed, unless a rate is given."""

EMBEDDED: dict[str, object] = {
    # The embedded broker makes the first member of a group wait for half of these
    "rebalance_timeout": 6.0,
    "session_timeout": 6.0,
    # seconds, and checks for new records only after a part of this.
    "fetch_wait": 0.02,
    # It has no users and no certificates, whatever the environment says about another broker.
    **{name: field.default for name, field in SecuritySettings.model_fields.items()},
}
"""Settings for the embedded broker; times in seconds."""


@click.command(context_settings={"max_content_width": 100})
@scenario_option("What to simulate, unless there is a file.")
@click.option(
    "--data",
    envvar="DATA",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File or folder to train on and to replay, instead of the simulator.",
)
@click.option(
    "--roles",
    envvar="ROLES",
    default="",
    metavar="WORDS",
    help="Roles of columns, such as 'key=cust label=is_fraud'; the others are inferred.",
)
@click.option(
    "--time-format",
    envvar="TIME_FORMAT",
    metavar="FORMAT",
    help="Format of ambiguous times, such as %d/%m/%Y.",
)
@click.option(
    "--seconds",
    envvar="DEMO_SECONDS",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=1),
    help="How long to send traffic.",
)
@click.option(
    "--rate",
    envvar="RATE",
    type=click.FloatRange(min=0, min_open=True),
    help="Events per second.  [default: 200 if simulated; for a file, what fits into the time]",
)
@click.option(
    "--workers",
    envvar="WORKERS",
    default=1,
    show_default=True,
    type=click.IntRange(1, 16),
    help="Number of worker processes.",
)
@click.option(
    "--alert-rate",
    envvar="ALERT_RATE",
    default=0.015,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of ordinary transactions that should alert.",
)
@click.option(
    "--broker",
    envvar="ANOMALY_BROKER",
    metavar="kafka://HOST:PORT",
    help="Running broker to use instead of the embedded one.",
)
@click.option("--seed", envvar="SEED", default=7, show_default=True, help="Seed of the simulator.")
@click.option(
    "--folder",
    default=Path("build/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for models and logs.",
)
@one_line_errors
def main(
    scenario: str,
    data: Path | None,
    roles: str,
    time_format: str | None,
    seconds: float,
    rate: float | None,
    workers: int,
    alert_rate: float,
    broker: str | None,
    seed: int,
    folder: Path,
) -> None:
    """Train a model, send traffic through a real worker, and show what it finds.

    Without --data, the scenario is simulated. With a file, the model is trained on its first part,
    and the rest is sent as traffic. Options can also be given as environment variables, or as
    variables of make: SCENARIO, DATA, ROLES, TIME_FORMAT, DEMO_SECONDS, RATE, WORKERS, ALERT_RATE,
    ANOMALY_BROKER, SEED.

    \b
    Examples:
      make demo SCENARIO=machines
      make demo DATA=data/airport-weather.csv DEMO_SECONDS=20
      make demo DATA=payments.csv ROLES='key="Card No" label=Class features=amount,shop'
      make demo DATA=payments.csv TIME_FORMAT='%d/%m/%Y %H:%M'
      python -m demo --data payments.csv --roles 'time=none' --workers 2
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = Console()
    users = load_settings()
    if broker is not None:
        users = change_settings(users, broker=broker)
        asyncio.run(_check_broker(users))
    folder.mkdir(parents=True, exist_ok=True)
    clear_old_logs(folder)
    if time_format:
        roles = f"{roles} time_format={shlex.quote(time_format)}".strip()
    prepared, rate = _prepared(scenario, data, roles, seconds, rate, seed)
    options = RunOptions(seconds, rate, workers, alert_rate, folder)
    try:
        said = None if data is None else Roles.parse(roles)
        model = train(prepared, said, options, console)
        with _broker(broker, folder) as address:
            settings = _settings(address, model, embedded=broker is None)
            summary = asyncio.run(run(prepared, settings, options, console))
            if broker is not None:
                asyncio.run(_delete_topics(settings))
    except KeyboardInterrupt:
        raise click.ClickException("interrupted before traffic was sent") from None
    show_summary(console, summary)
    show_next_steps(console, next_steps(data, roles, users.broker))
    print_json(summary)


def _prepared(
    name: str, data: Path | None, roles: str, seconds: float, rate: float | None, seed: int
) -> tuple[Scenario, float]:
    if data is None:
        rate = rate or SIMULATED_RATE
        return simulated_scenario(name, max(int(rate * seconds), 1), seed=seed), rate
    scenario = file_scenario(data, Roles.parse(roles))
    return scenario, rate or len(scenario.events) / (seconds * IN_TIME)


@contextmanager
def _broker(address: str | None, folder: Path) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with embedded_broker(folder / "broker.log") as embedded:
        yield embedded


def _settings(address: str, model: Path, *, embedded: bool) -> Settings:
    changes: dict[str, object] = {"model": model.resolve(), "broker": address}
    if embedded:
        changes |= EMBEDDED
    else:
        # On the user's broker, the demo uses its own topics and its own group.
        name = f"demo-{secrets.token_hex(4)}"
        changes |= {
            "group": name,
            "transactions_topic": f"{name}-transactions",
            "anomalies_topic": f"{name}-anomalies",
            "dead_letters_topic": f"{name}-transactions-dlq",
        }
    return change_settings(load_settings(), **changes)


async def _check_broker(settings: Settings) -> None:
    """Check that the broker answers before a model is trained for it."""
    async with open_admin(settings):
        pass


async def _delete_topics(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        await admin.delete_topics(list(settings.topic_names))
    finally:
        await admin.close()


if __name__ == "__main__":
    main(prog_name="python -m demo")
