"""Labels, and answers that are labels of incidents, as JSON and as a table."""

from collections.abc import Iterable
from typing import Any

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.wish import INCIDENT
from anomaly_app.core.learning.label import Basis, Label, Verdict
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import visible
from anomaly_app.labels.so_far import SaidSoFar
from anomaly_app.terminal import table

LONGEST_CELL = 60

VERDICTS = frozenset(map(str, Verdict))

HEAD = ("ID", "WHEN", "WHO", "WHAT", "VERDICT", "UNDONE BY", "NOTE")


def labels_in(so_far: SaidSoFar, wanted: frozenset[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return labels with all that is known of them, the oldest first.

    Parameters
    ----------
    so_far
        What has been said.
    wanted
        What they have to be about, such as ``("entity", "card-0042")``; if it is empty, anything.
    """
    shown = (_shown(one, so_far) for one in so_far.said.values() if _is_label(one))
    found = [one for one in shown if not wanted or (one["about"], one["name"]) in wanted]
    return sorted(found, key=lambda one: (one["at"], one["id"]))


def _is_label(said: Label | Press) -> bool:
    return isinstance(said, Label) or said.action in VERDICTS


def _shown(said: Label | Press, so_far: SaidSoFar) -> dict[str, Any]:
    if isinstance(said, Label):
        what = {"about": str(said.about), "name": said.name, "verdict": str(said.verdict)}
        how = {"basis": str(said.basis), "via": said.via}
        since, until = said.since, said.until
    else:
        what = {"about": INCIDENT, "name": said.incident, "verdict": said.action}
        how = {"basis": str(Basis.OPINION), "via": said.receiver}
        since = until = None
    undo = so_far.undone.get(said.id)
    return {
        "id": said.id,
        "at": iso_time(said.at),
        "user": said.user,
        **what,
        **how,
        "note": said.note,
        "since": None if since is None else iso_time(since),
        "until": None if until is None else iso_time(until),
        "undone_by": None if undo is None else undo.user,
        "undone_at": None if undo is None else iso_time(undo.at),
    }


def label_lines(labels: Iterable[dict[str, Any]]) -> list[str]:
    """Return labels as a table."""
    return table([HEAD, *map(_row, labels)])


def _row(label: dict[str, Any]) -> tuple[str, ...]:
    is_outcome = label["basis"] == Basis.OUTCOME
    verdict = f"{label['verdict']} (outcome)" if is_outcome else label["verdict"]
    what = f"{label['about']} {label['name']}"
    cells = (label["user"], what, verdict, label["undone_by"] or "", label["note"])
    return (label["id"], label["at"], *(visible(cell, LONGEST_CELL) for cell in cells))
