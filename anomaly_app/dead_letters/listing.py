"""The story of a list: read and count, say the counts, show letters."""

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

    The topic is read once for the newest, and twice for all of them, or where some of the newest
    were replayed. Of values no more is held than is shown.

    Parameters
    ----------
    settings
        Say where the topic is.
    selection
        The letters that are meant.
    limit
        How many are shown, the newest; None shows all.
    as_json
        Show them as JSON lines, and the counts on standard error after them.
    replayed
        Show those too that were replayed already.
    say
        Takes a line for the user.
    progress
        Hears how far the reading is.

    Raises
    ------
    DeadLetterMissing
        A position of the selection holds no letter.
    BrokerError
        The broker or the topic is not there.
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
        # On a terminal a line about the reading would be in between those that are shown.
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
    """Give the newest, for which the topic is read again where some of them were replayed."""
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
