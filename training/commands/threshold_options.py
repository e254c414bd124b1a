"""Options that set where alerts begin."""

from functools import reduce

import click

from anomaly_app.errors import DataError
from training.commands.options import POSITIVE, Command
from training.threshold import ALERT_RATE, ThresholdOptions

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
        help="Or: acceptable number of false alerts a day, on average, at the traffic of the "
        "history.",
    ),
    click.option(
        "--transactions-per-day",
        type=POSITIVE,
        metavar="N",
        help="Traffic to use with --alerts-per-day.  [default: that of the history]",
    ),
    click.option(
        "--f-beta",
        type=POSITIVE,
        metavar="BETA",
        help="Or: maximise the F-beta score on the labels. 1 weighs precision and recall "
        "equally, 2 favours recall.",
    ),
    click.option(
        "--cost",
        metavar="MISSED:FALSE_ALERT",
        help="Or: minimise the cost on the labels. 100:1 if a missed anomaly costs as much as 100 "
        "false alerts.",
    ),
)


def options(command: Command) -> Command:
    """Add these options to a command."""
    return reduce(lambda inner, option: option(inner), reversed(OPTIONS), command)


def read_options(
    *,
    alert_rate: float | None,
    alerts_per_day: float | None,
    transactions_per_day: float | None,
    f_beta: float | None,
    cost: str | None,
) -> ThresholdOptions:
    """Read the values of these options.

    Raises
    ------
    click.UsageError
        The options exclude each other.
    DataError
        The costs are malformed.
    """
    if transactions_per_day is not None and alerts_per_day is None:
        raise click.UsageError("--transactions-per-day needs --alerts-per-day")
    costs = read_costs(cost) if cost is not None else None
    try:
        return ThresholdOptions(
            alert_rate=alert_rate,
            alerts_a_day=alerts_per_day,
            f_beta=f_beta,
            costs=costs,
            transactions_a_day=transactions_per_day,
        )
    except DataError as fault:
        raise click.UsageError(str(fault)) from None


def read_costs(words: str) -> tuple[float, float]:
    """Read the costs of a missed anomaly and of a false alert, such as ``100:1``.

    Raises
    ------
    DataError
        The costs are malformed, or not above 0.
    """
    try:
        missed, false_alert = (float(word) for word in words.split(":"))
    except ValueError:
        missed = false_alert = 0.0
    if not (0.0 < missed < float("inf") and 0.0 < false_alert < float("inf")):
        raise DataError(
            f"--cost must be MISSED:FALSE_ALERT, two numbers above 0 such as 100:1, not {words!r}"
        )
    return missed, false_alert
