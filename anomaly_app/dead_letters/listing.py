"""The steps of a list: read and count letters, print the counts, show the letters."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from anomaly_app.dead_letters.lines import write_line
from anomaly_app.dead_letters.messages import DeadLetter, Selection
from anomaly_app.dead_letters.survey import Count, Newest, Shown, Survey
from anomaly_app.dead_letters.table import counts_table, cut, heading, rows
from anomaly_app.dead_letters.topic import DeadLetterTopic, open_topic
from anomaly_app.kafka import Progress
from anomaly_app.settings import Settings


async def show(
    settings: Settings,
    selection: Selection,
    *,
    limit: int | None,
    as_json: bool,
    replayed: bool,
    say: Callable[..., None],
    progress: Progress,
) -> None:
    """Count the selected letters, and show them.

    The topic is read once for the newest letters, and twice for all letters or if some of the
    newest were replayed. No more of a value is kept in memory than is shown.

    Parameters
    ----------
    settings
        The broker and the topic.
    selection
        The letters to show.
    limit
        How many letters to show, the newest; None shows all.
    as_json
        Show them as JSON lines, followed by the counts on standard error.
    replayed
        Include letters that were already replayed.
    say
        Prints a line.
    progress
        Called with the progress of the reading.

    Raises
    ------
    DeadLetterMissing
        There is no letter at a position of the selection.
    BrokerError
        The broker or the topic is missing.
    """
    async with open_topic(settings) as topic:
        survey = Survey(selection, replayed=replayed)
        newest = Newest(limit or 0, _whole if as_json else cut)
        async for message in topic.messages(progress):
            letter = survey.add(message)
            if letter is not None:
                newest.add(letter)
        topic.refuse(survey.missing)
        counts = survey.counts()
        total = sum(count.waiting + count.replayed * replayed for count in counts)
        if not as_json:
            _say_counts(counts, selection, topic.name, say)
            if total:
                say(f"\n{heading()}")
        # On a terminal, a progress line would appear in the middle of the letters.
        beside = progress if limit is not None or not sys.stdout.isatty() else None
        remaining = _all(topic, survey, beside)
        if limit is not None:
            remaining = _newest(remaining, survey, newest, min(limit, total))
        write = write_line if as_json else rows
        async for found in remaining:
            say(write(*found))
            total -= 1
    if total and limit is not None:
        say(_more(total), err=as_json)
    if as_json:
        _say_counts(counts, selection, topic.name, partial(say, err=True))


async def _newest(
    everything: AsyncIterator[Shown], survey: Survey, newest: Newest, count: int
) -> AsyncIterator[Shown]:
    """Yield the newest letters, reading the topic again if some of them were replayed."""
    if len(survey.shown_of(newest)) < count:
        newest.clear()
        async for found in everything:
            newest.add(found.letter)
    for found in survey.shown_of(newest):
        yield found


async def _all(
    topic: DeadLetterTopic, survey: Survey, progress: Progress | None
) -> AsyncIterator[Shown]:
    async for letter in topic.letters(progress):
        if found := survey.shown(letter):
            yield found


def _whole(letter: DeadLetter) -> DeadLetter:
    return letter


def _say_counts(
    counts: Sequence[Count], selection: Selection, topic: str, say: Callable[[str], None]
) -> None:
    such = "" if selection == Selection() else "such "
    for line in counts_table(counts) if counts else [f"no {such}dead letters on {topic}"]:
        say(line)


def _more(count: int) -> str:
    letters = "1 older letter is" if count == 1 else f"{count:,} older letters are"
    return f"{letters} not shown: --limit N or --all shows more, --reason fewer"
