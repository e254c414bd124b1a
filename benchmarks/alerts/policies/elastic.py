"""Elastic's rule: an alert for each entity, a message when its status changes, unless it flaps.

After the alerting framework of Kibana, in the folder
``x-pack/platform/plugins/shared/alerting/server`` of <https://github.com/elastic/kibana>: in
``lib/flapping``, ``set_flapping.ts``, ``set_flapping_history_and_tracked_alerts.ts``,
``flapping_utils.ts`` and ``delay_recovered_flapping_alerts.ts`` in this order, and
``action_scheduler/schedulers/per_alert_action_scheduler.ts`` with ``onActionGroupChange``. Its
defaults are a look-back of 20 runs and a threshold of 4 changes (``common/rules_settings.ts``).

A rule runs every minute. An alert is active while its entity had an anomaly in the last five
minutes; its action group is the highest severity among them. A message is sent when an alert is
new, or has another action group than the last message had. An alert flaps from 4 changes in the
last 20 runs on, until 20 runs have none. A flapping alert recovers only in the fourth run without
an anomaly, and stays active until then. Messages about recovery are not counted.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import DAY, MINUTE, Stream

EVERY = MINUTE
LOOK_BACK = 5 * MINUTE
"""Seconds before a run in which anomalies are found."""

WINDOW = 20
"""Runs that are looked at for flapping."""

CHANGES = 4
"""Changes from which on an alert flaps, and runs until a flapping one recovers."""

RANKS = {"medium": 0, "high": 1, "critical": 2}


@dataclass
class _Alert:
    """An alert of one entity, active or recovered."""

    active: bool = False
    flapping: bool = False
    history: list[bool] = field(default_factory=list)
    pending: int = 0
    """Runs without an anomaly while it flaps."""
    severity: str | None = None
    """Of the last message since it is active."""
    members: list[int] = field(default_factory=list)
    """Anomalies since it is active."""
    message: int | None = None
    """Place of the last message."""

    def set_flapping(self) -> None:
        changes = sum(self.history)
        if self.flapping:
            self.flapping = not (len(self.history) >= WINDOW and changes == 0)
        else:
            self.flapping = changes >= CHANGES

    def note(self, *, changed: bool) -> None:
        self.history = [*self.history, changed][-WINDOW:]


class Elastic:
    """The rule, run every minute of the stream's time."""

    name = "Elastic"

    def replay(self, stream: Stream) -> list[Sent]:
        """Return the messages; a message's members are all anomalies while its alert stays."""
        times = [arrival.at for arrival in stream.arrivals]
        anomalies = [read_anomaly(arrival.value) for arrival in stream.arrivals]
        of = [(str(anomaly.entity), anomaly.severity) for anomaly in anomalies]
        alerts: dict[str, _Alert] = {}
        sent: list[Sent] = []
        first = 0
        for run in range(1, int(stream.days * DAY / EVERY + LOOK_BACK / EVERY) + 1):
            now = stream.begin + run * EVERY
            begin, end = bisect_right(times, now - LOOK_BACK), bisect_right(times, now)
            found: dict[str, str] = {}
            for entity, severity in of[begin:end]:
                if RANKS[severity] >= RANKS[found.get(entity, "medium")]:
                    found[entity] = severity
            arrived: dict[str, list[int]] = {}
            for place in range(first, end):
                arrived.setdefault(of[place][0], []).append(place)
            first = end
            _run(alerts, found, arrived, sent, now)
        return sent


def _run(
    alerts: dict[str, _Alert],
    found: dict[str, str],
    arrived: dict[str, list[int]],
    sent: list[Sent],
    now: float,
) -> None:
    for entity in found:
        if entity not in alerts:
            alerts[entity] = _Alert()
    for entity, alert in [*alerts.items()]:
        severity = found.get(entity)
        if severity is not None:
            _stay_active(alert, severity, entity, arrived.get(entity, []), sent, now)
        elif alert.active:
            _recover(alert)
        else:
            alert.note(changed=False)
            if not any(alert.history):
                del alerts[entity]


def _stay_active(
    alert: _Alert, severity: str, entity: str, arrived: list[int], sent: list[Sent], now: float
) -> None:
    if alert.active:
        alert.set_flapping()
    else:
        # A new alert takes over the history of the old one, but not whether it flapped.
        alert.flapping = False
    alert.note(changed=not alert.active)
    alert.active, alert.pending = True, 0
    alert.members += arrived
    if alert.severity != severity:
        alert.severity = severity
        alert.message = len(sent)
        sent.append(Sent(now, "message", (*alert.members,), entity))
    elif alert.message is not None and arrived:
        # Its alert stays as it is: who looks at it finds these.
        last = sent[alert.message]
        sent[alert.message] = last._replace(members=(*last.members, *arrived))


def _recover(alert: _Alert) -> None:
    alert.set_flapping()
    alert.note(changed=True)
    if alert.flapping:
        alert.pending += 1
        if alert.pending < CHANGES:
            return
    alert.active, alert.pending, alert.severity = False, 0, None
    alert.members, alert.message = [], None
