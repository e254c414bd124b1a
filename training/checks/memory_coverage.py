"""Check whether a history can teach what is usual in a memory of entities."""

from collections.abc import Iterator

from anomaly_app.core.memory.durations import SECOND, duration_text
from anomaly_app.core.memory.spec import MemorySpec
from training.history import History
from training.history.reading import SERIES

HOUR, DAY = 3_600, 86_400


def memory_warnings(history: History, spec: MemorySpec) -> Iterator[str]:
    """Yield what a user should know before relying on a memory, a line each.

    Parameters
    ----------
    history
        In time order.
    spec
        The memory of it.
    """
    if history.entities is not None and history.entities.n_unique() <= 1 < len(history):
        yield (
            "the memory has one entity, with all rows: if they are of several, "
            + (
                "name the column that tells them apart with --roles key=COLUMN"
                if history.roles.key in {None, SERIES}
                else f"{history.roles.key} does not tell them apart"
            )
        )
    longest = max(
        (duration for key in spec.keys for one in key.parsed for duration in one.durations),
        default=0,
    )
    times = history.times
    span = 0.0 if times is None or not len(times) else float(times[-1] - times[0])
    if span * SECOND < longest:
        days = f"{span / DAY:.1f} days" if span >= DAY else f"{span / HOUR:.1f} hours"
        yield (
            f"the memory looks back {duration_text(longest)}, and the history is only {days} long: "
            "what is usual will change while windows fill; fit again when there is more of it"
        )
