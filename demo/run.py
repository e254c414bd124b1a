"""One run of the demo: train, start, replay, watch, sum up."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.roles.roles import Roles
from anomaly_app.registry.artifacts import next_version, save_model
from anomaly_app.settings import Settings, change_settings
from demo.messages import WAIT, MessageFile
from demo.scenario import Scenario
from demo.screen import Screen
from demo.tally import Tally, add_up, advice_of, reasons_of, summarise
from demo.traffic import (
    kafka_clients,
    send_events,
    send_past,
    watch_anomalies,
    watch_messages,
)
from harness.workers import Worker, running_workers
from training.commands.column_decisions import other_warnings, show_decisions
from training.commands.reading import with_memory
from training.commands.tables import warn
from training.fit import FitOptions, fit_model
from training.threshold import ThresholdOptions

DRAIN_TIMEOUT = 60.0
"""Seconds within which the app must finish what was sent."""

LAST_MESSAGES = WAIT + 2.0
"""Seconds after the last anomaly in which its message comes, if it has one."""

POLL_INTERVAL = 0.5
PLAIN_POLL_INTERVAL = 5.0
"""Seconds between two requests for the counters, with and without a terminal."""

MODEL_NAME = "transactions"


@dataclass(frozen=True)
class RunOptions:
    """Options of a run.

    Parameters
    ----------
    seconds
        How long to send traffic at most.
    rate
        Events per second.
    workers
        Number of worker processes.
    alert_rate
        Share of ordinary transactions that should alert.
    folder
        Folder for the model, the logs and the workers' data.
    """

    seconds: float
    rate: float
    workers: int
    alert_rate: float
    folder: Path


def train(scenario: Scenario, said: Roles | None, options: RunOptions, console: Console) -> Path:
    """Train on the scenario's history, show how it was read, and return the model's folder.

    Parameters
    ----------
    scenario
        The scenario with the history.
    said
        The roles as the user gave them; None for simulated history.
    options
        Options of the run.
    console
        Where to show it.
    """
    models = options.folder / "models"
    history = with_memory(scenario.history, scenario.preset, console)
    with console.status(f"training on {len(history):,} transactions"):
        fitted = fit_model(
            history,
            FitOptions(name=MODEL_NAME, threshold=ThresholdOptions(alert_rate=options.alert_rate)),
            version=next_version(models, MODEL_NAME),
        )
        folder = save_model(models, fitted.manifest, fitted.pickle)
    if said is None:
        features = ", ".join(feature.name for feature in fitted.manifest.schema.wire_features)
        console.print(f"trained on {len(scenario.history):,} simulated transactions: {features}")
        if scenario.preset is not None:
            console.print(
                f"each is judged against its own entity's past as well (--memory {scenario.preset})"
            )
        return folder
    show_decisions(console, fitted.manifest, change="ROLES='{}'", said=said)
    warn(console, other_warnings(fitted.manifest))
    console.print(
        f"trained on {len(scenario.history):,} transactions of {escape(scenario.history.source)}; "
        f"the {len(scenario.events):,} after them are the traffic"
    )
    return folder


def worker_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a worker with these settings, always without Slack."""
    fields = set(Settings.model_fields) - {"slack_token", "slack_token_file", "slack_channel"}
    env = {Settings.environment_name(name): _text(getattr(settings, name)) for name in fields}
    return env | {"SLACK_API_TOKEN": "", "SLACK_API_TOKEN_FILE": "", "SLACK_CHANNEL": ""}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


async def run(
    scenario: Scenario, settings: Settings, options: RunOptions, console: Console
) -> dict[str, Any]:
    """Replay a scenario's events through real workers and return the summary."""
    events = [*scenario.events]
    tally = Tally(settings.transactions_topic)
    screen = Screen(console, tally)
    if scenario.past:
        with console.status("sending the history, which workers remember and do not judge"):
            await send_past(scenario.past, settings)
        settings = change_settings(settings, new_group_starts_at="end")
    messages = MessageFile(options.folder)
    settings = change_settings(settings, alerting=messages.alerting)
    console.print(f"starting {options.workers} worker(s); logs in {options.folder}")
    async with (
        running_workers(options.workers, options.folder, worker_environment(settings)) as workers,
        kafka_clients(settings) as (producer, consumer),
    ):
        pages = ", ".join(f"http://127.0.0.1:{worker.port}/stats" for worker in workers)
        console.print(f"workers are ready: {pages}")
        watching = asyncio.create_task(watch_anomalies(consumer, tally, show=screen.show_anomaly))
        reading = asyncio.create_task(watch_messages(messages, tally, show=screen.show_message))
        with stop_on_signals() as stop, screen.progress:
            polling = asyncio.create_task(_poll(workers, screen, options, console, len(events)))
            begin = time.monotonic()
            timer = asyncio.get_running_loop().call_later(options.seconds, stop.set)
            await send_events(producer, events, tally, rate=options.rate, stop=stop)
            seconds = time.monotonic() - begin
            timer.cancel()
            totals = await _drain(workers, tally)
            stats = await _stats(workers)
            polling.cancel()
            screen.show_counts(totals, total=tally.sent)
        watching.cancel()
        reading.cancel()
    return summarise(
        tally,
        totals,
        reasons=reasons_of(stats),
        advice=advice_of(stats),
        alert_rate=options.alert_rate,
        seconds=seconds,
    )


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Yield an event that Ctrl-C, SIGTERM and SIGHUP set instead of ending the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _poll(
    workers: list[Worker], screen: Screen, options: RunOptions, console: Console, most: int
) -> None:
    total = min(most, int(options.rate * options.seconds))
    while True:
        screen.show_counts(await _totals(workers), total=total)
        await asyncio.sleep(POLL_INTERVAL if console.is_terminal else PLAIN_POLL_INTERVAL)


async def _totals(workers: list[Worker]) -> dict[str, int]:
    return add_up(await _stats(workers))


async def _stats(workers: list[Worker]) -> list[dict[str, Any]]:
    answers = await asyncio.gather(*(worker.get("/stats") for worker in workers))
    return [stats for _, stats in answers if stats is not None]


async def _drain(workers: list[Worker], tally: Tally) -> dict[str, int]:
    """Wait until everything sent has been scored, and all anomalies and messages have arrived."""
    deadline = time.monotonic() + DRAIN_TIMEOUT
    while True:
        totals = await _totals(workers)
        anomalies = totals.get("anomalies", 0)
        scored = totals.get("events", 0) >= tally.sent
        seen = min(len(tally.seen_at), totals.get("taken_in", 0)) >= anomalies
        last = max(tally.seen_at.values(), default=0.0)
        told = time.time() > last + LAST_MESSAGES
        if (scored and seen and told) or time.monotonic() > deadline:
            return totals
        await asyncio.sleep(0.1)
