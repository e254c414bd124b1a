"""``python -m demo.write_history``: simulated history as a CSV file."""

from pathlib import Path

import click
import polars as pl

from demo.scenario import SIMULATED_HISTORY
from demo.simulators.cards import simulate


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rows", default=SIMULATED_HISTORY, show_default=True, help="Ordinary rows.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same rows.")
def main(out: Path, rows: int, seed: int) -> None:
    """Write simulated card transactions to OUT, for a first `python -m training fit OUT`."""
    history = simulate(rows, seed=seed).history
    out.parent.mkdir(parents=True, exist_ok=True)
    history.frame.with_columns(
        pl.Series("id", history.ids, dtype=pl.Int64),
        pl.Series("entity", history.entities),
        pl.Series("time", history.times),
        pl.Series("is_fraud", history.labels).cast(pl.Int8),
    ).write_csv(out)
    click.echo(f"wrote {len(history):,} simulated transactions to {out}")


if __name__ == "__main__":
    main()
