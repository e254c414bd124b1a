"""The file ``alerting.yml`` as the core needs it."""

from anomaly_app.core.alerts import policy as core
from anomaly_app.settings.alerting.policy import Alerting, Maintenance, Route
from anomaly_app.settings.alerting.quantities import Rate


def policy_of(alerting: Alerting) -> core.Policy:
    """Return how much people are told."""
    group = alerting.group
    return core.Policy(
        wait=float(group.wait),
        interval=float(group.interval),
        repeat=float(group.repeat),
        resolve_after=float(group.resolve_after),
        by=group.by,
        reason=group.reason,
        receivers={one.name: _budget(alerting.budget_of(one)) for one in alerting.receivers},
        routes=tuple(map(_route, alerting.routes)),
        digest_every=float(alerting.digest),
        flapping=core.Flapping(alerting.flapping.changes, float(alerting.flapping.within)),
        regime=core.Regime(alerting.regime.share, alerting.regime.entities),
        maintenance=tuple(map(_window, alerting.maintenance)),
    )


def _budget(rate: Rate) -> core.Budget:
    return core.Budget(rate.count, rate.seconds)


def _route(route: Route) -> core.Route:
    return core.Route(
        matchers=route.match,
        receivers=route.receivers,
        minimum=core.LEVELS.index(str(route.minimum_severity)),
        goes_on=route.goes_on,
    )


def _window(window: Maintenance) -> core.Window:
    return core.Window(
        name=window.name,
        calendar=window.when,
        seconds=float(window.lasts),
        zone=window.timezone,
        matchers=window.match,
    )
