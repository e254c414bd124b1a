"""The story of a list: read, select, show, count."""

from collections import Counter
from collections.abc import Callable

from anomaly_app.dead_letters.letter import Selection
from anomaly_app.dead_letters.lines import write_line
from anomaly_app.dead_letters.table import count_by_reason, heading, rows
from anomaly_app.dead_letters.topic import open_topic
from anomaly_app.settings import Settings


async def show(
    settings: Settings,
    selection: Selection,
    *,
    limit: int | None,
    as_json: bool,
    replayed: bool,
    say: Callable[[str], None],
) -> str:
    """Show the selected letters.

    Parameters
    ----------
    settings
        Say where the topic is.
    selection
        The letters that are meant.
    limit
        How many are shown at most; all are counted.
    as_json
        Show them as JSON lines.
    replayed
        Show those too that were replayed already.
    say
        Takes a line for the user.

    Returns
    -------
    str
        The counts by reason, in one line.

    Raises
    ------
    DeadLetterMissing
        A place of the selection holds no letter.
    BrokerError
        The broker or the topic is not there.
    """
    counts: Counter[str] = Counter()
    hidden = 0
    async with open_topic(settings) as topic:
        marks = await topic.replayed(selection.places)
        if not as_json:
            say(heading())
        async for letter in topic.letters():
            if letter not in selection:
                continue
            replayed_to = marks.get(letter.identity)
            if replayed_to is not None and not replayed:
                hidden += 1
                continue
            counts[letter.reason] += 1
            if limit is None or counts.total() <= limit:
                say((write_line if as_json else rows)(letter, replayed_to))
    return _account(counts, hidden, limit)


def _account(counts: Counter[str], hidden: int, limit: int | None) -> str:
    total = counts.total()
    parts = ["1 dead letter" if total == 1 else f"{total:,} dead letters"]
    if counts:
        parts.append(f": {count_by_reason(counts)}")
    if limit is not None and limit < total:
        parts.append(f"; the first {limit:,} are shown")
    if hidden:
        parts.append(f"; {hidden:,} replayed already, --replayed shows them")
    return "".join(parts)
