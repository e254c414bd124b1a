"""The digest: one message with a line for each incident that has none of its own."""

from anomaly_app.core.alerts.evidence import level_of, severity_of, strength
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.labels import top_feature
from anomaly_app.core.alerts.ledger import Ledger
from anomaly_app.core.alerts.notice import MOST_LINES, Digest, DigestLine, Note
from anomaly_app.core.alerts.policy import DAY, Budget, Policy
from anomaly_app.core.alerts.stages import Case
from anomaly_app.core.alerts.state import Post, State
from anomaly_app.core.alerts.titles import title_of
from anomaly_app.core.model.wording import feature_in_words
from anomaly_app.core.wording import number

ALONE = 20
"""Incidents that have a line of their own; the others share lines."""

SHARE = 0.25
"""Part of a budget that digests may take, but there is at least one a day."""


def wait_for_digest(case: Case, why: str) -> None:
    """Put an incident into the next digest of a receiver, unless one has a line about it."""
    ledger, told = case.ledger, case.told
    if told.is_in_digest:
        return
    ledger.waiting[case.incident.id] = why
    schedule_digest(ledger, case.policy.receivers[case.receiver], case.policy, case.now)


def schedule_digest(ledger: Ledger, budget: Budget, policy: Policy, now: float) -> None:
    """Decide when the next digest of a receiver is due, unless that is decided."""
    if not ledger.digest_at:
        pause = max(policy.digest_every, min(budget.pause / SHARE, DAY))
        ledger.digest_from = now
        ledger.digest_at = max(ledger.digest_made, now) + pause


def make_digests(state: State, policy: Policy, now: float) -> None:
    """Make the digests that are due."""
    for receiver, ledger in state.ledgers.items():
        if ledger.digest_at and ledger.digest_at <= now:
            if ledger.waiting:
                _make(state, receiver, ledger, policy, now)
            ledger.digest_at = 0.0


def _make(state: State, receiver: str, ledger: Ledger, policy: Policy, now: float) -> None:
    waiting = [
        (state.incidents[name], why)
        for name, why in ledger.waiting.items()
        if name in state.incidents and not state.incidents[name].merged_into
    ]
    waiting.sort(key=lambda found: (-strength(found[0]), found[0].opened_at))
    lines = [
        DigestLine(one.id, title_of(one), severity_of(one), one.members, why)
        for one, why in waiting[:ALONE]
    ]
    lines += _together([one for one, _ in waiting[ALONE:]])
    for one, _ in waiting:
        told = state.told(one, receiver)
        told.is_in_digest, told.level = True, level_of(one.peak)
    ledger.waiting = {}
    ledger.digest_made = now
    if receiver in policy.receivers:
        ledger.take(policy.receivers[receiver], now)
    if lines:
        digest = Digest(
            begins=ledger.digest_from,
            ends=now,
            lines=tuple(lines),
            incidents=len(waiting),
            anomalies=sum(one.members for one, _ in waiting),
        )
        post(state, receiver, "d", digest, now)


def _together(incidents: list[Incident]) -> list[DigestLine]:
    """Return lines about incidents that are alike, the most frequent first."""
    alike: dict[str, list[Incident]] = {}
    for one in incidents:
        alike.setdefault(top_feature(one), []).append(one)
    groups = sorted(alike.items(), key=lambda found: (-len(found[1]), found[0]))
    most = MOST_LINES - ALONE - 1
    lines = [_line(feature_in_words(name) or "other", group) for name, group in groups[:most]]
    rest = [one for _, group in groups[most:] for one in group]
    return [*lines, _line("other reasons", rest)] if rest else lines


def _line(title: str, group: list[Incident]) -> DigestLine:
    strongest = max(group, key=lambda one: one.peak)
    return DigestLine(
        incident=group[0].id if len(group) == 1 else "",
        title=title_of(group[0]) if len(group) == 1 else f"{title}: {number(len(group))} incidents",
        severity=severity_of(strongest),
        members=sum(one.members for one in group),
        why="weaker than those above",
        incidents=len(group),
    )


def post(state: State, receiver: str, kind: str, subject: Digest | Note, now: float) -> None:
    """Make a notice that is about no single incident; its id is the same in each replay."""
    state.numbered += 1
    state.posts[f"{kind}-{state.numbered}"] = Post(receiver, now, state.next, subject)
