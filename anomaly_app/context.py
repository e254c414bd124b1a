"""What one worker process holds while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec.structs import replace

from anomaly_app.core.monitoring.absences import AbsenceWatch
from anomaly_app.core.monitoring.shares import AlertRateWatch
from anomaly_app.core.monitoring.watch import Watch
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.visible import listed
from anomaly_app.errors import SettingsError
from anomaly_app.observability.counters import Counters
from anomaly_app.schemas.registry import open_registry
from anomaly_app.settings.app import Settings

if TYPE_CHECKING:
    from anomaly_app.core.model.model import Model
    from anomaly_app.core.scoring.pipeline import Pipeline


class WorkerContext:
    """The worker's settings, its counters, its watch and, once it has started, its model.

    Parameters
    ----------
    settings
        As the process was started with.

    Raises
    ------
    SettingsError
        The schema registry of the settings cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self.watch = Watch()
        self.started = time.monotonic()
        self.alerts_wait_for: Callable[[], str | None] = lambda: None
        """Tells why the alert in flight is not delivered yet."""
        self.schemas = open_registry(settings)
        self._pipeline: Pipeline | None = None

    @property
    def model(self) -> Model | None:
        """The model in use; None until it is loaded."""
        return self._pipeline.model if self._pipeline else None

    @property
    def pipeline(self) -> Pipeline:
        """What judges batches.

        Raises
        ------
        RuntimeError
            No model is loaded: records that arrive now must not pass for scored.
        """
        if self._pipeline is None:
            raise RuntimeError("records arrived before a model was loaded")
        return self._pipeline

    def load_model(self) -> None:
        """Judge with the model of the settings from now on.

        Raises
        ------
        ModelError
            It is not there, or not to be trusted.
        SettingsError
            The settings name features that it does not have.
        """
        from anomaly_app.registry.artifacts import load_model  # noqa: PLC0415  # as below

        self.use(load_model(self.settings.model))

    def use(self, model: Model) -> None:
        """Judge with `model` from now on.

        Raises
        ------
        SettingsError
            A feature that the roles of the settings rename is none of the model's.
        """
        # scikit-learn and numba take more than a second, which commands without a model need not.
        from anomaly_app.core.scoring.pipeline import Pipeline  # noqa: PLC0415

        self._pipeline = Pipeline(
            model,
            max_record_bytes=self.settings.max_record_bytes,
            max_reasons=self.settings.max_reasons,
            roles=self._roles_of(model),
            payload=self.settings.payload,
            strict=self.settings.strict,
            readers=self.schemas.readers if self.schemas else {},
        )
        alert_rate = model.manifest.alert_rate
        alerts = AlertRateWatch.of(alert_rate, str(self.settings.model))
        absences = AbsenceWatch(self._pipeline.usually_absent)
        self.watch = replace(self.watch, alerts=alerts, absences=absences)

    def _roles_of(self, model: Model) -> Roles:
        """Give the roles of the settings, once the model has the features that they name."""
        roles = self.settings.said_roles
        names = [feature.name for feature in model.schema.wire_features]
        for name in roles.renamed:
            if name not in names:
                close = get_close_matches(name, names, n=1)
                meant = f"did you mean {close[0]}?" if close else f"it has {listed(names, most=9)}"
                raise SettingsError(
                    f"ANOMALY_ROLES: the model in {self.settings.model} has no feature {name!r}; "
                    f"{meant}"
                )
        return roles
