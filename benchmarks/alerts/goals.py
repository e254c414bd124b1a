"""The goals of the alerts, at 20 messages a day."""

from collections.abc import Callable

import numpy as np

from benchmarks.alerts.goal import OURS, Beside, Goal, OnStream, Value, of_ours
from benchmarks.alerts.measures import Measured
from benchmarks.alerts.probes import BREAKING, ProbeKind
from benchmarks.alerts.silences import Silenced

EACH = "one each"
RIVALS = {"entity": "Alertmanager by entity", "best field": "Alertmanager by best field"}

Told = Callable[[Measured], dict[str, float]]
"""Returns the seconds until each cause was told."""


def _covered(on: OnStream) -> float | None:
    """Return the share of the causes that one message an anomaly tells of."""
    ours, each = on.policies.get(OURS), on.policies.get(EACH)
    if ours is None or each is None or not each.covered:
        return None
    return 100.0 * ours.covered / each.covered


def _late(rival: str, told: Told) -> Callable[[OnStream], tuple[float, float] | None]:
    """Return p95 of the seconds until told, of causes that both tell of: ours, and theirs."""

    def get(on: OnStream) -> tuple[float, float] | None:
        if OURS not in on.policies or rival not in on.policies:
            return None
        ours, theirs = (told(on.policies[name]) for name in (OURS, rival))
        common = sorted(ours.keys() & theirs.keys())
        if not common:
            return None
        p95 = np.quantile([[one[name] for name in common] for one in (ours, theirs)], 0.95, axis=1)
        return float(p95[0]), float(p95[1])

    return get


def _slower(told: Told) -> Value:
    """Return how many times as long ours take; of two rivals, the one that is further ahead."""

    def get(on: OnStream) -> float | None:
        pairs = [_late(rival, told)(on) for rival in RIVALS.values()]
        return max((pair[0] / pair[1] for pair in pairs if pair and pair[1] > 0.0), default=None)

    return get


def _both(told: Told) -> tuple[Beside, ...]:
    def side(rival: str, place: int) -> Value:
        return lambda on: None if (pair := _late(rival, told)(on)) is None else pair[place]

    return tuple(
        Beside(name, side(rival, place), "{:,.0f} s")
        for by, rival in RIVALS.items()
        for place, name in enumerate(("ours", f"by {by}"))
    )


def _above_field(one: Measured) -> float | None:
    if one.twins_f1 is None or one.best_field_f1 is None:
        return None
    return one.twins_f1 - one.best_field_f1


def _of_silences(value: Callable[[Silenced], float | None]) -> Value:
    return lambda on: None if on.silenced is None else value(on.silenced)


def _told_repeats(one: Silenced) -> float | None:
    repeats = one.repeats()
    return float(sum(each.messages_within for each in repeats)) if repeats else None


def _as_fast(*kinds: ProbeKind) -> Value:
    def get(one: Silenced) -> float | None:
        return _percent(one.as_fast(*kinds))

    return _of_silences(get)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


GOALS: tuple[Goal, ...] = (
    Goal(
        "messages a cause",
        of_ours(lambda one: one.messages_a_cause),
        limit=1.3,
        is_most=True,
        form="{:.2f}",
        beside=(Beside("mentions", of_ours(lambda one: one.mentions_a_cause), "{:.2f}"),),
    ),
    Goal(
        "% of the causes told of that one an anomaly tells of",
        _covered,
        limit=95.0,
        is_most=False,
        form="{:.1f}",
        beside=(
            Beside("by digest only", of_ours(lambda one: 100.0 * one.by_digest_only), "{:.0f}%"),
        ),
    ),
    Goal(
        "% fewer messages than one an anomaly",
        of_ours(lambda one: 100.0 * one.fewer),
        limit=99.0,
        is_most=False,
        form="{:.1f}",
        beside=(Beside("messages a day", of_ours(lambda one: one.messages_a_day), "{:,.0f}"),),
    ),
    Goal(
        "p95 until told, times Alertmanager's",
        _slower(lambda one: one.until_told),
        limit=1.0,
        is_most=True,
        form="{:,.2f}",
        beside=_both(lambda one: one.until_told),
    ),
    Goal(
        "the same, until a message of its own",
        _slower(lambda one: one.until_message),
        limit=1.0,
        is_most=True,
        form="{:,.2f}",
        beside=_both(lambda one: one.until_message),
    ),
    Goal(
        "p95 until told of critical causes, s",
        of_ours(lambda one: one.delays["critical"].p95),
        limit=30.0,
        is_most=True,
        form="{:,.0f}",
        beside=(
            Beside("messages only", of_ours(lambda one: one.own_delays["critical"].p95), "{:,.0f}"),
        ),
    ),
    Goal(
        "most messages, campaign of 200 entities",
        of_ours(lambda one: one.most_a_large_campaign),
        limit=3.0,
        is_most=True,
        form="{:.0f}",
        beside=(Beside("mentions", of_ours(lambda one: one.mentions_a_large_campaign), "{:.1f}"),),
    ),
    Goal(
        "two campaigns at once, pairwise F1",
        of_ours(lambda one: one.twins_f1),
        limit=0.95,
        is_most=False,
        form="{:.2f}",
    ),
    Goal(
        "the same, above the best single field",
        of_ours(_above_field),
        limit=0.0,
        is_most=False,
        form="{:+.2f}",
        beside=(Beside("its F1", of_ours(lambda one: one.best_field_f1), "{:.2f}"),),
        is_open=True,
    ),
    Goal(
        "% of other and worse ones as fast in a silence",
        _as_fast(*BREAKING),
        limit=100.0,
        is_most=False,
        form="{:.1f}",
        beside=tuple(Beside(kind, _as_fast(kind), "{:.0f}") for kind in BREAKING),
    ),
    Goal(
        "messages about covered repeats",
        _of_silences(_told_repeats),
        limit=0.0,
        is_most=True,
        form="{:.0f}",
        beside=(
            Beside(
                "without a silence",
                _of_silences(lambda one: sum(each.messages_without for each in one.repeats())),
                "{:.0f}",
            ),
        ),
    ),
)
