"""Implementation of the commands."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.broker import benchmark_broker
from benchmarks.compare import Comparison
from benchmarks.entity_memory.goals import GOALS as MEMORY_GOALS
from benchmarks.entity_memory.plan import Plan as MemoryPlan
from benchmarks.entity_memory.run import MemoryBenchmark
from benchmarks.goals import judge
from benchmarks.growth import measure_growth
from benchmarks.machine import machine_line
from benchmarks.model import make_model
from benchmarks.plan import Plan
from benchmarks.report import show, show_all, show_goals, show_little, write_json
from benchmarks.results import Results
from benchmarks.screen import wide_console
from training.commands.progress import progress as progress_bar

GROWTH, QUICK_GROWTH = 200_000, 20_000
"""Number of records in the topics with different numbers of partitions."""


@dataclass(frozen=True)
class Common:
    """Options of all commands."""

    kafka: Path | None
    out: Path
    app_environment: Path
    quick: bool
    plot: Path | None

    @property
    def faust(self) -> Path:
        """Faust executable in the environment of the app."""
        return self.app_environment.absolute() / "bin" / "faust"

    def folder(self, name: str) -> Path:
        """Create an empty folder for models, logs and data."""
        folder = self.out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder.resolve()


def compare(plan: Plan, common: Common) -> None:
    """Run a comparison, print it, and write it.

    Raises
    ------
    BenchmarkError
        A system could not be measured, or found other anomalies than scikit-learn.
    """
    console = wide_console()
    folder = common.folder("bench")
    model = make_model(folder / "models")
    with benchmark_broker(common.kafka, folder) as broker, progress_bar(console) as bars:
        machine = machine_line(broker.description)
        console.print(machine, highlight=False)
        console.print(f"this takes about {plan.estimate() / 60:.0f} minutes; logs are in {folder}")
        faust = common.faust
        comparison = Comparison(plan, broker, model, faust, folder, bars)
        comparison.run()
    results, names = comparison.results, [system.name for system in plan.systems]
    judged = judge(results)
    console.print(machine, highlight=False)
    show(console, names, results, compared=comparison.compared)
    show_little(console, names, results)
    show_goals(console, judged)
    write_json(common.out / "bench.json", machine, results, judged)
    _draw(common, names, comparison, machine)
    console.print(f"wrote {common.out / 'bench.json'} and {common.out / 'bench.png'}")


def _draw(common: Common, names: list[str], comparison: Comparison, machine: str) -> None:
    from benchmarks.plot import draw  # noqa: PLC0415  # matplotlib is an extra, and slow to import

    picture = common.out / "bench.png"
    draw(picture, names, comparison.results, machine=machine)
    if common.plot is not None:
        shutil.copyfile(picture, common.plot)


def grow(common: Common) -> None:
    """Measure the growth of costs, plot it, and write it."""
    console = wide_console()
    folder = common.folder("bench-growth")
    with benchmark_broker(common.kafka, folder) as broker, progress_bar(console) as bars:
        machine = machine_line(broker.description)
        console.print(machine, highlight=False)
        events = QUICK_GROWTH if common.quick else GROWTH
        points = measure_growth(
            broker,
            common.faust,
            folder,
            bars,
            out=common.out,
            machine=machine,
            events=events,
        )
    from benchmarks.growth_plot import draw_growth  # noqa: PLC0415  # as above

    picture = common.plot or common.out / "bench-growth.png"
    draw_growth(picture, points, machine=machine)
    console.print(f"wrote {common.out / 'bench-growth.json'} and {picture}")


def remember(plan: MemoryPlan, common: Common) -> None:
    """Measure what the memory of entities costs, print it, and write it.

    Raises
    ------
    BenchmarkError
        A process ended or stalled.
    """
    console = wide_console()
    folder = common.folder("bench-memory")
    console.print(f"this takes about {plan.estimate() / 60:.0f} minutes; logs are in {folder}")
    machine = machine_line("no broker")
    with progress_bar(console) as bars:
        measuring = MemoryBenchmark(plan, common.faust, folder, bars)
        try:
            measuring.run_here()
            if plan.needs_broker:
                with benchmark_broker(common.kafka, folder) as broker:
                    machine = machine_line(broker.description)
                    measuring.run_on(broker)
        finally:
            # A part that fails takes nothing from those before it.
            _report_memory(console, common, machine, measuring.results)


def _report_memory(console: Console, common: Common, machine: str, results: Results) -> None:
    judged = judge(results, MEMORY_GOALS)
    console.print(machine, highlight=False)
    show_all(console, results)
    show_goals(console, judged)
    write_json(common.out / "bench-memory.json", machine, results, judged)
    console.print(f"wrote {common.out / 'bench-memory.json'}")
