"""The state of one worker process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from anomaly_app.channels.choice import alerting_of, make_channels
from anomaly_app.channels.receivers import History
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.decoding.framing import Readers
from anomaly_app.core.monitoring.absences import AbsenceWatch
from anomaly_app.core.monitoring.rates import AlertRateWatch
from anomaly_app.core.monitoring.watch import Watch
from anomaly_app.errors import SettingsError
from anomaly_app.incidents.delivery import Receiver
from anomaly_app.incidents.owner import Owner
from anomaly_app.incidents.slack_presses import SlackPresses
from anomaly_app.incidents.state_memory import remembered_alerts
from anomaly_app.incidents.traffic import Traffic
from anomaly_app.kafka.changelog import MemoryOfPartitions, edge_of
from anomaly_app.observability import Counters
from anomaly_app.schemas.registry import open_registry
from anomaly_app.settings.alerting.for_core import policy_of
from anomaly_app.settings.app import Settings
from anomaly_app.store.presence import has_store, say_why_not

if TYPE_CHECKING:
    from anomaly_app.core.model.model import Model
    from anomaly_app.core.scoring.first_stage import FirstStage
    from anomaly_app.core.scoring.pipeline import Pipeline
    from anomaly_app.core.scoring.second_stage import SecondStage
    from anomaly_app.store.following import Follower


class WorkerContext:
    """The worker's settings, counters, watch and, once it has started, its model.

    Parameters
    ----------
    settings
        The settings of the process.

    Raises
    ------
    SettingsError
        The schema registry in the settings cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self.watch = Watch()
        self.started = time.monotonic()
        self.policy = Policy()
        """How much people are told, once the file was read."""
        self.receivers: tuple[Receiver, ...] = ()
        """Who is told of incidents, once the file was read."""
        self.owner: Owner | None = None
        """Delivers while this worker has the log of alerts; None until the worker has started."""
        self.slack: SlackPresses | None = None
        """Presses in Slack; None without a token, and until the agents are defined."""
        self.traffic = Traffic()
        self.store: Follower | None = None
        """Writes into the store; None without one, and until the worker has started."""
        self.schemas = open_registry(settings)
        self.memories = MemoryOfPartitions(settings, edge_of(settings))
        self.partitions: Mapping[str, int] = {}
        """Number of partitions of each of the app's topics, once the broker was asked."""
        self.first_stage: FirstStage | None = None
        self.second_stage: SecondStage | None = None
        """Both are there if the model remembers counterparts."""
        self._pipeline: Pipeline | None = None

    @property
    def model(self) -> Model | None:
        """The model in use; None until it is loaded."""
        return self._pipeline.model if self._pipeline else None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that judges batches.

        Raises
        ------
        RuntimeError
            No model is loaded: records that arrive now must not count as scored.
        """
        if self._pipeline is None:
            raise RuntimeError("records arrived before a model was loaded")
        return self._pipeline

    def load_alerting(self, history: History | None = None) -> None:
        """Read who is told what, make the channels, and remember the log of alerts from now on.

        Parameters
        ----------
        history
            Gives the recent values that are drawn; None draws those of the incident.

        Raises
        ------
        SettingsError
            The file is wrong, or a receiver lacks a secret.
        """
        alerting = alerting_of(self.settings)
        self.policy = policy = policy_of(alerting)
        self.receivers = tuple(
            Receiver(name, channel, give_up_after=policy.give_up_after, group=self.settings.group)
            for name, channel in make_channels(alerting, self.settings, history).items()
        )
        self.memories.remember(self.settings.alerts_topic_name, remembered_alerts(policy))

    def load_store(self) -> None:
        """Use the store of the settings from now on; it connects when the worker runs.

        Raises
        ------
        SettingsError
            Its address cannot be read, or its packages are not installed.
        """
        say_why_not(self.settings)
        if has_store(self.settings):
            # SQLAlchemy takes a moment, and is only there with the extra.
            from anomaly_app.store.following import Follower  # noqa: PLC0415

            self.store = Follower(self.settings)

    def load_model(self) -> None:
        """Load the model of the settings, and use it from now on.

        Raises
        ------
        ModelError
            The model is missing, or cannot be trusted.
        SettingsError
            The settings name features that the model does not have.
        """
        # Importing scikit-learn and numba takes more than a second, and most commands need neither.
        from anomaly_app.registry.pipelines import load_pipeline  # noqa: PLC0415

        self._use(load_pipeline(self.settings, self._readers))

    def use(self, model: Model) -> None:
        """Use `model` from now on.

        Raises
        ------
        SettingsError
            The settings name features that the model does not have.
        """
        from anomaly_app.registry.pipelines import build_pipeline  # noqa: PLC0415  # as above

        self._use(build_pipeline(model, self.settings, self._readers))

    def another_pipeline(self) -> Pipeline:
        """Build another pipeline of the model in use, for another thread."""
        from anomaly_app.registry.pipelines import build_pipeline  # noqa: PLC0415  # as above

        return build_pipeline(self.pipeline.model, self.settings, self._readers)

    @property
    def _readers(self) -> Readers:
        return self.schemas.readers if self.schemas else {}

    def _use(self, pipeline: Pipeline) -> None:
        before, memory = self._pipeline, pipeline.model.schema.memory
        if before is not None and before.model.schema.memory != memory:
            raise SettingsError(
                f"the model in {self.settings.model} remembers something else than the one in use: "
                "restart all workers to use it"
            )
        self._pipeline = pipeline
        if pipeline.counterpart is not None:
            from anomaly_app.core.scoring.first_stage import FirstStage  # noqa: PLC0415  # as above
            from anomaly_app.core.scoring.second_stage import SecondStage  # noqa: PLC0415

            self.first_stage, self.second_stage = FirstStage(pipeline), SecondStage(pipeline)
        alert_rate = pipeline.model.manifest.alert_rate
        alerts = AlertRateWatch.of(alert_rate, str(self.settings.model))
        absences = AbsenceWatch(pipeline.usually_absent)
        self.watch = replace(self.watch, alerts=alerts, absences=absences)
