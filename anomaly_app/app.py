"""The Faust application: ``faust -A anomaly_app.app worker -l info``."""

import sys
from functools import partial
from typing import Any

import mode.loop
from faust.cli.base import cli
from mode.utils.logging import DEFAULT_FORMATTERS

from anomaly_app.agents import (
    declare_topics,
    define_alerting,
    define_incidents,
    define_remembering,
    define_sampling,
    define_scoring,
    define_storing,
    define_watching,
)
from anomaly_app.commands import COMMANDS
from anomaly_app.context import WorkerContext
from anomaly_app.dead_letters.command import dlq
from anomaly_app.erasing.command import erase
from anomaly_app.errors import SettingsError
from anomaly_app.incidents.alerts_command import alerts
from anomaly_app.incidents.silence_command import silence
from anomaly_app.kafka.consumer import ConfirmingApp, ConsumerOptions, Gap, faust_credentials
from anomaly_app.kafka.topic_creation import max_message_bytes
from anomaly_app.labels.command import label
from anomaly_app.memories.command import memory
from anomaly_app.memories.profile import profile
from anomaly_app.observability import report_gap
from anomaly_app.registry.versions import counterpart_field
from anomaly_app.settings.app import Settings, load_settings
from anomaly_app.store.command import store
from anomaly_app.web import define_views
from anomaly_app.web.people.command import user
from anomaly_app.worker import worker_class

HEARTBEAT = 1.0
"""Seconds between two heartbeats of a worker.

The response tells a worker that another one joined or left: until then, nobody reads the
partitions of one that left. With Kafka's default of 3 s this is the longest part of the stall.
"""

HEARTBEATS_PER_SESSION = 6
"""Smallest number of heartbeats within a session, for short sessions."""

METADATA_AGE_MS = 20_000
"""Milliseconds after which a worker refreshes the list of partitions.

This is how soon added partitions are read; with Kafka's default of five minutes, their records
would wait that long.
"""

PLAIN_LOG = {"merge": True, "formatters": {"colored": DEFAULT_FORMATTERS["default"]}}
"""A log without colours: formatting them takes longer than everything else in an alert."""

# Faust's command line is a click group, so other commands and groups can be added.
store.add_command(erase)
for command in (dlq, memory, profile, silence, alerts, label, store, user, *COMMANDS):
    cli.add_command(command)


def create_app(settings: Settings) -> ConfirmingApp:
    """Build the application; it connects to nothing until a worker starts.

    Parameters
    ----------
    settings
        The app's settings.

    Raises
    ------
    SettingsError
        A certificate or key for the broker cannot be used.
    """
    context = WorkerContext(settings)
    app = ConfirmingApp(
        settings.group,
        options=ConsumerOptions(
            fetch_wait=settings.fetch_wait,
            linger=settings.linger_ms / 1000.0,
            on_gap=partial(_on_gap, context),
            listener=context.memories,
        ),
        Worker=worker_class(context),
        broker=settings.broker,
        broker_credentials=faust_credentials(settings),
        autodiscover=False,
        # At least once: the app's own ids make repeats harmless, see docs/decisions/.
        processing_guarantee="at_least_once",
        stream_wait_empty=True,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=min(HEARTBEAT, settings.session_timeout / HEARTBEATS_PER_SESSION),
        broker_rebalance_timeout=settings.rebalance_timeout,
        broker_request_timeout=max(60.0, settings.session_timeout),
        consumer_metadata_max_age_ms=METADATA_AGE_MS,
        # A partition without a commit is read from its first record.
        consumer_auto_offset_reset="earliest",
        producer_request_timeout=30.0,
        producer_max_request_size=max_message_bytes(settings),
        consumer_max_fetch_size=4_194_304,
        topic_disable_leader=True,
        logging_config=None if sys.stdout.isatty() else PLAIN_LOG,
        table_standby_replicas=0,
        # Faust's own pages are off, except for a plain OK at /.
        web_bind=settings.web_bind,
        web_port=settings.web_port,
        web_host=settings.announced_host,
        web_router_enabled=False,
        web_tables_enabled=False,
        web_graph_enabled=False,
        web_stats_enabled=False,
        web_metrics_enabled=False,
    )
    has_counterparts = bool(counterpart_field(settings.model))
    topics = declare_topics(app, settings, has_counterparts=has_counterparts)
    define_scoring(app, topics, context)
    define_alerting(app, topics, context)
    define_incidents(app, topics, context)
    define_sampling(app, context)
    define_watching(app, context)
    define_remembering(app, context)
    define_storing(app, context)
    define_views(app, context)
    return app


def _on_gap(context: WorkerContext, gap: Gap) -> None:
    report_gap(gap, context.counters)
    context.memories.on_gap(gap)


def __getattr__(name: str) -> Any:
    # `app` is built when Faust asks for it, so that importing this module reads no settings.
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Faster than asyncio's own loop; it has to be chosen before the worker creates one.
    mode.loop.use("uvloop")
    try:
        application = create_app(load_settings())
    except SettingsError as fault:
        raise SystemExit(f"error: {fault}") from None
    globals()["app"] = application
    return application
