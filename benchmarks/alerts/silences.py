"""What a silence hides and what it does not: replays without one and with one, both with a probe.

Some causes of a stream are silenced, each in replays of its own, a minute after the first message
about it. What its entities have later is left out, so that a probe alone decides; it comes a
quarter of an hour later. The budget has no end, as it would decide as well what is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.views import view_of
from benchmarks.alerts.policies.replaying import entries
from benchmarks.alerts.probes import PROBE_KINDS, ProbeKind, probe
from benchmarks.alerts.silenced_replays import Heard, Moment, moments, replay
from benchmarks.alerts.stream import HOUR, MINUTE
from benchmarks.alerts.truth import Truth

PROBED = 15 * MINUTE
"""Seconds from the silence until the probe."""

LASTS = 4 * HOUR
"""Seconds of a silence."""

EVEN = 1e-3
"""Seconds that are no delay: times are seconds since the epoch, as floating point has them."""

Form: TypeAlias = Literal["incident", "matchers", "fields"]
"""What is silenced: the incident alone; what matches it, as Slack's form proposes; or the same
without its reason."""

FORMS: tuple[Form, ...] = ("incident", "matchers", "fields")

OF_AN_ENTITY = ("entity", "feature")
CHANGING = frozenset({"entity", "severity", "status", "grouped_by"})
MOST_MATCHERS = 8


class Probed(msgspec.Struct, frozen=True):
    """What was told of a probe.

    Parameters
    ----------
    cause, kind, form
        What was silenced, how it was probed, and how it was silenced.
    without, within
        Seconds from its first anomaly until a message: without a silence, and within one. None:
        nobody is told.
    anomalies
        Anomalies of the probe.
    messages_without, messages_within
        How many messages there are.
    joined
        Whether the stream's own anomalies have joined the incident since: it is not only what was
        silenced.
    """

    cause: str
    kind: ProbeKind
    form: Form
    without: float | None
    within: float | None
    anomalies: int
    messages_without: int
    messages_within: int
    joined: bool

    @property
    def is_clean(self) -> bool:
        """Whether people would be told without a silence, and nothing else has ended it."""
        return self.without is not None and not self.joined

    @property
    def is_as_fast(self) -> bool:
        """Whether people are told within the silence when they would be without it."""
        if self.without is None or self.within is None:
            return self.without is None
        return self.within <= self.without + EVEN


class Silenced(msgspec.Struct, frozen=True):
    """All probes on one stream."""

    family: str
    seed: int
    probes: list[Probed]

    def as_fast(self, *kinds: ProbeKind, form: Form | None = None) -> float | None:
        """Return the share of the probes of some kinds that are told as fast within the silence.

        None: there are none of these kinds that are clean.
        """
        told = [
            one.is_as_fast
            for one in self.probes
            if one.kind in kinds and one.is_clean and form in {None, one.form}
        ]
        return sum(told) / len(told) if told else None

    def repeats(self, form: Form | None = None) -> list[Probed]:
        """Return the clean probes of which nobody should be told."""
        return [
            one
            for one in self.probes
            if one.kind == "repeat" and one.is_clean and form in {None, one.form}
        ]


def try_silences(truth: Truth) -> Silenced:
    """Silence causes of a stream, and tell what comes through."""
    log = [*entries(truth.stream)]
    sightings = [entry for _, entry in log if isinstance(entry, Sighting)]
    return Silenced(
        truth.stream.family,
        truth.stream.seed,
        [
            probed
            for moment in moments(truth, log)
            for kind in PROBE_KINDS
            for probed in _probe(moment, kind, sightings)
        ],
    )


def _probe(moment: Moment, kind: ProbeKind, sightings: Sequence[Sighting]) -> Iterator[Probed]:
    incidents = State.from_bytes(moment.image).incidents
    incident = incidents[moment.incident]
    ids = {member.anomaly_id for member in incident.sample}
    members = [one for one in sightings if one.id in ids]
    begin = moment.at + PROBED
    plain: dict[tuple[str, ...], Heard] = {}
    for form in FORMS:
        silence = silence_of(incident, form, moment.at)
        covered = [incident, *_also_covered(silence, incident, incidents.values())]
        injected = probe(kind, covered, members, sightings, begin)
        if not injected:
            continue
        names = (*(one.id for one in covered),)
        if names not in plain:
            plain[names] = replay(moment, injected, None)
        without, within = plain[names], replay(moment, injected, silence)
        yield Probed(
            moment.cause,
            kind,
            form,
            without=None if without.first is None else without.first - begin,
            within=None if within.first is None else within.first - begin,
            anomalies=len(injected),
            messages_without=without.messages,
            messages_within=within.messages,
            joined=within.joined,
        )


def _also_covered(
    silence: Silence, but: Incident, incidents: Iterable[Incident]
) -> Iterator[Incident]:
    active = ActiveSilence(silence)
    for one in incidents:
        if one is not but and one.is_open and active.covers(one, silence.begins):
            yield one


def silence_of(incident: Incident, form: Form, now: float) -> Silence:
    """Return the silence that somebody adds who reads the message of an incident."""
    matchers = matchers_of(incident)
    if form == "fields":
        matchers = [one for one in matchers if one.field != "feature"]
    return Silence(
        id="silence",
        matchers=() if form == "incident" else (*map(str, matchers),),
        incident=incident.id if form == "incident" or not matchers else "",
        begins=now,
        ends=now + LASTS,
        note="a benchmark",
        user="benchmark",
    )


def matchers_of(incident: Incident) -> list[Matcher]:
    """Return what Slack's form proposes: what matches the incident, and what is like it."""
    view = view_of(incident)
    shared = [name for name in view.labels if name not in CHANGING and "." not in name]
    names = shared if view.entity is None else OF_AN_ENTITY
    known = [(name, view.labels[name]) for name in names if view.labels.get(name)]
    return [Matcher(name, "=", value) for name, value in known][:MOST_MATCHERS]
