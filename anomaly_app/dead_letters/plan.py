"""The decision on each dead letter in a replay, and the counts of the decisions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from anomaly_app.core.visible import visible
from anomaly_app.dead_letters.messages import DeadLetter, Position, Selection
from anomaly_app.dead_letters.table import LONGEST_DETAIL, LONGEST_LINE, count_by_reason

if TYPE_CHECKING:
    from anomaly_app.core.scoring.pipeline import Pipeline


@dataclass
class Account:
    """Counts the letters of a replay by outcome."""

    replayed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Left, since they would be rejected again; by their current reason."""
    already: int = 0
    elsewhere: int = 0
    """Left, since they did not come from the scored topic."""
    unselected: int = 0
    """Repaired, but not selected."""

    def lines(self, topic: str, *, dry_run: bool) -> list[str]:
        """Return the counts as text, one line per outcome."""
        count = f"{self.replayed:,} to {topic}"
        lines = [f"would replay {count}" if dry_run else f"replayed {count}"]
        if self.rejected:
            reasons = count_by_reason(self.rejected)
            lines.append(f"left {self.rejected.total():,} still not accepted: {reasons}")
        if self.already:
            lines.append(f"left {self.already:,} already replayed")
        if self.elsewhere:
            lines.append(f"left {self.elsewhere:,} that did not come from {topic}")
        if self.unselected:
            lines.append(f"left {self.unselected:,} repaired but not selected")
        return lines


class Plan:
    """Decides what to do with each letter.

    Parameters
    ----------
    selection
        The letters to replay.
    repairs
        Values to send instead of the originals.
    pipeline
        The same pipeline as a worker's: it would reject the same records again.
    topic
        The topic that is scored.
    """

    def __init__(
        self,
        selection: Selection,
        repairs: Mapping[Position, bytes | None],
        pipeline: Pipeline,
        *,
        topic: str,
    ) -> None:
        self.selection = selection
        self.repairs = repairs
        self.topic = topic
        self._pipeline = pipeline

    @property
    def positions(self) -> frozenset[Position]:
        """Positions at which there must be letters."""
        return self.selection.positions | self.repairs.keys()

    def value_of(self, letter: DeadLetter) -> bytes | None:
        """Return the value to send: the repaired one, or the original."""
        return self.repairs.get(letter.position, letter.value)

    def decide(
        self, letter: DeadLetter, *, replayed_to: str | None, account: Account
    ) -> tuple[bytes | None, str]:
        """Decide on a selected letter, and count it unless it is to be sent.

        Returns
        -------
        tuple
            The value to send, or None if the letter is left; and the reason, in printable text.
        """
        if replayed_to is not None:
            account.already += 1
            return None, f"leave, already replayed to {visible(replayed_to, LONGEST_LINE)}"
        if letter.topic != self.topic:
            account.elsewhere += 1
            return (
                None,
                f"leave, it came from {visible(letter.topic, LONGEST_LINE)}, not from {self.topic}",
            )
        repaired, value = letter.position in self.repairs, self.value_of(letter)
        verdict = self._pipeline.judge([replace(letter, value=value)], detected_at=time.time())
        for _, fault in verdict.rejected:
            account.rejected[str(fault.rejection)] += 1
            return None, f"leave, {visible(str(fault), LONGEST_DETAIL)}"
        return value, "replay, repaired" if repaired else "replay"
