"""``python -m demo.write_history``: simulated history as a CSV file."""

from pathlib import Path

import click
import polars as pl

from demo.options import scenario_option
from demo.simulators import SIMULATORS


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@scenario_option("What to simulate.")
@click.option("--rows", type=click.IntRange(min=1), help="Rows at least.  [default: some days]")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same rows.")
def main(out: Path, scenario: str, rows: int | None, seed: int) -> None:
    """Write simulated transactions to OUT, for a first `python -m training fit OUT`."""
    simulator = SIMULATORS[scenario]
    history = simulator.simulate(rows or simulator.history, seed=seed).history
    out.parent.mkdir(parents=True, exist_ok=True)
    history.frame.with_columns(
        pl.Series("id", history.ids, dtype=pl.Int64),
        pl.Series("entity", history.entities),
        pl.Series("time", history.times),
        pl.Series(history.roles.label, history.labels).cast(pl.Int8),
    ).write_csv(out)
    click.echo(f"wrote {len(history):,} simulated transactions ({scenario}) to {out}")


if __name__ == "__main__":
    main()
