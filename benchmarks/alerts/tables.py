"""The comparison of policies as tables for people."""

from collections.abc import Callable, Iterator, Sequence

from rich.table import Table

from benchmarks.alerts.measures import Measured
from benchmarks.alerts.summary import figure

Column = tuple[str, Callable[[Measured], float | None], str]
"""Heading, the figure, and how a number is written."""

VOLUME: tuple[Column, ...] = (
    ("messages a day", lambda one: one.messages_a_day, "{:,.0f}"),
    ("% fewer", lambda one: 100.0 * one.fewer, "{:.1f}"),
    ("% of causes told of", lambda one: 100.0 * one.covered, "{:.0f}"),
    ("by digest only", lambda one: 100.0 * one.by_digest_only, "{:.0f}"),
    ("messages a cause", lambda one: one.messages_a_cause, "{:,.1f}"),
    ("mentions a cause", lambda one: one.mentions_a_cause, "{:,.1f}"),
    ("causes a message", lambda one: one.causes_a_message, "{:.2f}"),
    ("% without cause", lambda one: _percent(one.without_cause), "{:.0f}"),
)

QUALITY: tuple[Column, ...] = (
    ("seconds until told, p50", lambda one: one.delays["all"].p50, "{:,.0f}"),
    ("p95", lambda one: one.delays["all"].p95, "{:,.0f}"),
    ("p95 of critical ones", lambda one: one.delays["critical"].p95, "{:,.0f}"),
    ("messages a large campaign", lambda one: one.messages_a_large_campaign, "{:,.1f}"),
    ("most", lambda one: one.most_a_large_campaign, "{:,.0f}"),
    ("mentions of one", lambda one: one.mentions_a_large_campaign, "{:,.1f}"),
    ("two at once, F1", lambda one: one.twins_f1, "{:.2f}"),
    ("F1 of the best field", lambda one: one.best_field_f1, "{:.2f}"),
)


def policy_tables(family: str, measured: Sequence[Measured]) -> Iterator[Table]:
    """Yield tables with a row for each policy: medians over the seeds, with their intervals."""
    seeds = len({one.seed for one in measured})
    title = f"{family}: medians over {seeds} streams, and 95% of the bootstrap"
    yield _table(title, VOLUME, measured)
    yield _table(f"{family}: how soon, and how well apart", QUALITY, measured)


def figures(measured: Sequence[Measured]) -> list[dict[str, object]]:
    """Return the same as plain data."""
    return [
        {"family": family, "policy": policy, "figure": heading, **found._asdict()}
        for family, policy in dict.fromkeys((one.family, one.policy) for one in measured)
        for some in [[one for one in measured if (one.family, one.policy) == (family, policy)]]
        for heading, value, _ in (*VOLUME, *QUALITY)
        if (found := figure(some, value)) is not None
    ]


def _table(title: str, columns: Sequence[Column], measured: Sequence[Measured]) -> Table:
    table = Table(title=title, box=None)
    table.add_column("policy", no_wrap=True)
    for heading, _, _ in columns:
        table.add_column(heading, justify="right")
    for policy in dict.fromkeys(one.policy for one in measured):
        some = [one for one in measured if one.policy == policy]
        cells = [(figure(some, value), form) for _, value, form in columns]
        table.add_row(policy, *("" if cell is None else cell.text(form) for cell, form in cells))
    return table


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share
