"""The numbers of ``/stats`` about incidents, on the worker that has the log of alerts."""

from collections import Counter
from typing import Any

from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.evidence import severity_of
from anomaly_app.incidents.publishing import learning_in


def incident_stats(context: WorkerContext) -> dict[str, Any] | None:
    """Return what this worker has told and what waits; None if it does not have the log."""
    owner = context.owner
    if owner is None or owner.term is None:
        return None
    memory = owner.term.memory
    state = memory.state
    going_on = [one for one in state.incidents.values() if one.is_open]
    opened = Counter(map(severity_of, going_on))
    return {
        "open": dict(opened),
        "untold": sum(not any(told.done for told in one.told.values()) for one in going_on),
        "known": len(state.incidents),
        "silences": len(state.silences),
        "learning": learning_in(state).learning,
        "decisions": dict(context.counters.decisions),
        "foreign_entries": memory.foreign,
        "faulty_entries": memory.faults,
        "answers_wait_for": context.slack and context.slack.problem,
        "receivers": owner.stats(),
    }
