"""The options that say where alerts begin."""

from functools import reduce

import click

from training.commands.options import POSITIVE, Command, read_costs
from training.threshold import ALERT_RATE, ThresholdRule

OPTIONS = (
    click.option(
        "--alert-rate",
        type=click.FloatRange(0, 0.5, min_open=True),
        help="Share of ordinary rows that may alert: 0.005 is 5 in 1,000.  [default of fit: "
        f"{ALERT_RATE:g}]",
    ),
    click.option(
        "--alerts-per-day",
        type=POSITIVE,
        metavar="N",
        help="Or: how many false alerts a day are acceptable, on average, at the traffic of the "
        "history.",
    ),
    click.option(
        "--transactions-per-day",
        type=POSITIVE,
        metavar="N",
        help="The traffic that --alerts-per-day refers to.  [default: that of the history]",
    ),
    click.option(
        "--f-beta",
        type=POSITIVE,
        metavar="BETA",
        help="Or: the best F-beta score on the labels; 1 weighs precision and recall "
        "equally, 2 recall more.",
    ),
    click.option(
        "--cost",
        metavar="MISSED:FALSE_ALERT",
        help="Or: the lowest cost on the labels; 100:1 if a missed anomaly costs as much as 100 "
        "false alerts.",
    ),
)


def options(command: Command) -> Command:
    """Give a command these options."""
    return reduce(lambda inner, option: option(inner), reversed(OPTIONS), command)


def read_rule(
    *,
    alert_rate: float | None,
    alerts_per_day: float | None,
    transactions_per_day: float | None,
    f_beta: float | None,
    cost: str | None,
) -> ThresholdRule:
    """Make a rule of what the options say.

    Raises
    ------
    click.UsageError
        More than one rule is given.
    DataError
        The costs are not of their form.
    """
    if sum(part is not None for part in (alert_rate, alerts_per_day, f_beta, cost)) > 1:
        raise click.UsageError(
            "give one of --alert-rate, --alerts-per-day, --f-beta and --cost, not several"
        )
    if transactions_per_day is not None and alerts_per_day is None:
        raise click.UsageError("--transactions-per-day goes with --alerts-per-day only")
    return ThresholdRule(
        alert_rate=alert_rate,
        alerts_a_day=alerts_per_day,
        f_beta=f_beta,
        costs=read_costs(cost) if cost is not None else None,
        transactions_a_day=transactions_per_day,
    )
