"""Alertmanager's own binary, with a clock that runs faster.

It has no fake clock. All its durations and the stream's times are divided by one factor, and it
runs in real time. Its defaults: it waits 30 seconds for more of a group, tells of new members of a
group after 5 minutes, and repeats after 4 hours. An anomaly is an alert with the labels entity,
severity and top feature, which ends 5 minutes after the last anomaly with the same labels.

A message is a call of the webhook with firing alerts that were not in the group's last call, or a
repeat. Calls that tell of ends alone are not counted.

One of its durations cannot be set: it removes groups without alerts every 30 seconds, and only
then a next alert waits for `group_wait` again. As its clock runs faster here, groups would stay
for hours. So alerts also have a label that tells the lives of a group apart: it changes 30 seconds
of the stream's time after the last alert of the group has ended.

A call comes some real milliseconds late, which are seconds of the stream's time. So a message has
the time at which its group was due. On a machine with too many instances calls are later than a
group's interval; such a replay is of no use, see `Replay.is_late`.

Four hours of cards with 938 anomalies, on a busy machine: 683 messages about 676 groups with the
factors 150 and 600, 683 about 675 with 1,200, 665 about 647 with 2,400. Grouped by the top
feature: 212, 216, 213 and 209 messages.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.alerts.policies.alert_labels import Labels, labels_in, labels_of
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import HOUR, MINUTE, Stream
from harness.alertmanager import Alertmanager, alertmanager, webhook

GROUP_WAIT, GROUP_INTERVAL, REPEAT_INTERVAL = 30.0, 5 * MINUTE, 4 * HOUR
RESOLVE = 5 * MINUTE
"""Seconds after which an alert ends."""

CLEANUP = 30.0
"""Seconds between two removals of groups without alerts."""

LAG = 0.02
"""Seconds, real ones, that a call may be late: alerts end so much later, lest one that begins after
a call has ended before the next."""

TICK = 0.004
"""Real seconds between two posts."""

FACTOR = 600.0
"""How much faster time runs."""

LATEST = 0.5
"""Part of a group's interval by which a call in a hundred may be late."""

CONFIG = """\
route:
  receiver: webhook
  group_by: [group, life]
  group_wait: {wait}ms
  group_interval: {interval}ms
  repeat_interval: {repeat}ms
receivers:
- name: webhook
  webhook_configs:
  - url: {url}
    send_resolved: true
"""


@dataclass
class _Group:
    """A group: its life, and what its last call told of."""

    life: int = 0
    opened: float = 0.0
    """When its life began, in the stream's time."""
    ends_at: float = math.inf
    """Real time at which it is removed."""
    told: frozenset[Labels] = frozenset()


@dataclass
class _Message:
    at: float
    incident: str
    alerts: list[list[int]] = field(default_factory=list)


class Replay:
    """One stream, replayed through one Alertmanager.

    Parameters
    ----------
    stream
        The stream.
    grouped_by
        Returns the group of an anomaly, by its message.
    factor
        How much faster time runs.
    """

    def __init__(
        self, stream: Stream, grouped_by: Callable[[bytes], str], factor: float = FACTOR
    ) -> None:
        self._stream = stream
        self._factor = factor
        self._labels = [labels_of(arrival.value, grouped_by) for arrival in stream.arrivals]
        self._groups: dict[str, _Group] = {}
        self._alerts: dict[Labels, list[int]] = {}
        """Anomalies of each alert that has not ended."""
        self._messages: list[_Message] = []
        self._begin = 0.0
        self._late: list[float] = []
        """How late each call was, in the stream's seconds."""
        self.ends = 0
        """Calls that were no messages."""

    @property
    def is_late(self) -> bool:
        """Whether the machine was too slow for the factor and for what else ran."""
        late = sorted(self._late)
        return bool(late) and late[len(late) * 99 // 100] > LATEST * GROUP_INTERVAL

    async def run(self) -> list[Sent]:
        """Replay the stream, and return the messages."""
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(webhook(self._receive))
            config = CONFIG.format(
                url=url,
                wait=self._milliseconds(GROUP_WAIT),
                interval=self._milliseconds(GROUP_INTERVAL),
                repeat=self._milliseconds(REPEAT_INTERVAL),
            )
            running = await stack.enter_async_context(alertmanager(config))
            self._begin = time.time() + 0.1
            await self._post_all(running)
            # The last alerts are told of before they end.
            await asyncio.sleep((GROUP_INTERVAL + RESOLVE) / self._factor + LAG)
        return [
            Sent(
                message.at,
                "message",
                tuple(sorted({place for alert in message.alerts for place in alert})),
                message.incident,
            )
            for message in self._messages
        ]

    async def _post_all(self, running: Alertmanager) -> None:
        arrivals, place = self._stream.arrivals, 0
        dues = [self._begin + (each.at - self._stream.begin) / self._factor for each in arrivals]
        while place < len(dues):
            now = time.time()
            batch = []
            while place < len(dues) and dues[place] <= now:
                batch.append(self._alert(place, now))
                place += 1
            if batch:
                await running.post(batch)
            else:
                await asyncio.sleep(max(TICK, dues[place] - now))

    def _alert(self, place: int, now: float) -> dict[str, Any]:
        labels = self._labels[place]
        at = self._stream.arrivals[place].at
        group = self._groups.setdefault(labels.group, _Group(opened=at))
        if now >= group.ends_at:
            self._groups[labels.group] = group = _Group(group.life + 1, at)
        group.ends_at = math.inf
        self._alerts.setdefault(labels, []).append(place)
        return {
            "labels": {"alertname": "anomaly", **labels._asdict(), "life": str(group.life)},
            "startsAt": _iso(now),
            "endsAt": _iso(now + RESOLVE / self._factor + LAG),
        }

    def _receive(self, call: Mapping[str, Any]) -> None:
        now = time.time()
        at = self._stream.begin + (now - self._begin) * self._factor
        name = call["groupLabels"].get("group", "")
        group = self._groups[name]
        firing, ended = (
            frozenset(labels_in(alert) for alert in call["alerts"] if alert["status"] == status)
            for status in ("firing", "resolved")
        )
        is_repeat = not ended and firing == group.told
        if firing - group.told or is_repeat:
            told = [self._alerts[labels] for labels in firing if labels in self._alerts]
            incident = f"{name}/{call['groupLabels'].get('life', '')}"
            due = _due(group, at)
            self._late.append(at - due)
            self._messages.append(_Message(due, incident, told))
        else:
            self.ends += 1
        for labels in ended:
            self._alerts.pop(labels, None)
        group.told = firing
        if not firing:
            ticks = math.floor((at - self._stream.begin) / CLEANUP) + 1
            group.ends_at = self._begin + ticks * CLEANUP / self._factor

    def _milliseconds(self, seconds: float) -> int:
        return max(round(1_000.0 * seconds / self._factor), 1)


def _due(group: _Group, at: float) -> float:
    """Return the last time before a call at which its group was due."""
    intervals = math.floor((at - group.opened - GROUP_WAIT) / GROUP_INTERVAL)
    return group.opened + GROUP_WAIT + max(intervals, 0) * GROUP_INTERVAL


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
