"""A notice as a Slack message: short, and the most important first."""

import json
from collections.abc import Iterator
from typing import NamedTuple, assert_never

from anomaly_app.channels.slack import elements as slack
from anomaly_app.channels.slack.buttons import answer_buttons
from anomaly_app.channels.slack.elements import Block, Line, moment, words
from anomaly_app.core.alerts.notice import (
    Digest,
    DigestLine,
    IncidentView,
    Member,
    Note,
    Notice,
)
from anomaly_app.core.model.wording import feature_in_words
from anomaly_app.core.wording import number, odds, percent

SIGNS = {"critical": "🚨", "high": "🔴", "medium": "🟠"}
"""Of severities; emoji as letters, since words between colons are not replaced."""
ANSWERS = {
    "fraud": "🚩 Fraud",
    "expected": "👌 Expected",
    "take": "✋ Taken",
    "silence": "🔕 Silenced",
}

MOST_ROWS, MOST_MEMBERS, MOST_ANSWERS, MOST_DIGEST_LINES = 5, 5, 5, 15

LARGEST = 12_000
"""Characters of the blocks as JSON: Slack refuses somewhat more than 13,000, and does not say how
it counts."""
LENGTHS = (80, 40, 16)
"""Characters of a text from the stream, the first with which the message is small enough."""


class Message(NamedTuple):
    """Arguments of ``chat.postMessage``."""

    text: str
    """For notifications and screen readers, with Slack's escapes."""
    blocks: list[Block]


class Style(NamedTuple):
    """What Slack takes: not every workspace has tables, and an uploaded picture is ready late."""

    picture: str | None = None
    """The id of its file."""
    has_tables: bool = True


def message_of(notice: Notice, style: Style) -> Message:
    """Render a notice."""
    blocks: list[Block] = []
    for most in LENGTHS:
        blocks = [*_blocks(notice, style, most)]
        if len(json.dumps(blocks)) <= LARGEST:
            break
    return Message(escaped(summary_of(notice)), blocks)


def escaped(text: str) -> str:
    """Escape what begins mentions and links, for the text beside the blocks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def summary_of(notice: Notice) -> str:
    """Say in one line what a notice is about."""
    subject, most = notice.subject, LENGTHS[0]
    match subject:
        case IncidentView():
            first = next(iter(subject.rows), None)
            why = (
                ""
                if first is None
                else f": {first.feature} {first.actual}, usually {first.expected}"
            )
            return slack.literal(_headline(subject, most) + why, 3 * most)
        case Digest():
            return _digest_headline(subject)
        case Note():
            return slack.literal(subject.title, most)
        case _:
            assert_never(subject)


def _blocks(notice: Notice, style: Style, most: int) -> Iterator[Block]:
    subject = notice.subject
    match subject:
        case IncidentView():
            yield from _incident(subject, style, most)
        case Digest():
            yield from _digest(subject, most)
        case Note():
            yield slack.header(f"🔔 {subject.title}")
            yield slack.lines([words(subject.text, 1_000)])
        case _:
            assert_never(subject)


def _incident(view: IncidentView, style: Style, most: int) -> Iterator[Block]:
    yield slack.header(_headline(view, slack.LONGEST_HEADER))
    yield slack.lines(*_facts(view, most), *_answers(view, most))
    yield _reasons(view, style, most)
    if style.picture is not None:
        yield slack.image(style.picture, f"{_charted(view)} over time, the odd values marked")
    if view.members > 1 and view.sample:
        yield _members(view, most)
    yield slack.actions(*answer_buttons(view))
    where = view.first_source
    if view.last_source != view.first_source:
        where = f"{slack.literal(where, most)} to {slack.literal(view.last_source, most)}"
    yield slack.context(f"model {view.model}", where, f"incident {view.id}", most=2 * most + 4)


def _headline(view: IncidentView, most: int) -> str:
    if not view.is_open:
        return slack.literal(f"✅ Resolved: {view.title}", most)
    sign = SIGNS.get(view.severity, "⚪")
    return slack.literal(f"{sign} {view.severity.capitalize()}: {view.title}", most)


def _facts(view: IncidentView, most: int) -> Iterator[Line]:
    if view.members == 1:
        yield [words("One anomaly", bold=True), words(" at "), moment(view.opened)]
    else:
        count = [words(f"{view.members:,} anomalies", bold=True)]
        if view.entities > 1:
            count = [*count, words(f" of {view.entities:,} entities")]
        last = moment(view.last, since=view.opened)
        yield [*count, words(" from "), moment(view.opened), words(" to "), last]
    if view.entities > 1:
        yield [words(f"One incident: {view.grouped_by}", 2 * most)]
    yield [words(view.rarity[:1].upper() + view.rarity[1:], 2 * most)]
    yield _status(view, most)


def _status(view: IncidentView, most: int) -> Line:
    taken = "nobody has taken it" if view.taken_by is None else f"taken by {view.taken_by}"
    if view.is_open:
        return [words("Open", bold=True), words(f", {taken}", most)]
    ended = [words("Resolved", bold=True)]
    if view.resolved is not None:
        ended = [*ended, words(" at "), moment(view.resolved)]
    return ended if view.taken_by is None else [*ended, words(f", {taken}", most)]


def _reasons(view: IncidentView, style: Style, most: int) -> Block:
    if not view.rows:
        return slack.lines([words("No single value stands out.", italic=True)])
    rows = [
        ("Value", "Now", "Usually", "Share"),
        *((r.feature, r.actual, r.expected, percent(r.share)) for r in view.rows[:MOST_ROWS]),
    ]
    return slack.table(rows, most=most) if style.has_tables else slack.columns(rows, most=most // 2)


def _members(view: IncidentView, most: int) -> Block:
    shown = _picked(view.sample)
    left = view.members - len(shown)
    heading = f"The strongest and the latest of {view.members:,}" if left > 0 else "All of them"
    feature = "" if view.charted is None else f", with {_charted(view)}"
    return slack.bullets(
        [words(heading + feature, 2 * most, bold=True)], [_member(m, view, most) for m in shown]
    )


def _charted(view: IncidentView) -> str:
    return feature_in_words(view.charted or "")


def _picked(sample: tuple[Member, ...]) -> list[Member]:
    """Choose the latest, and of the others the strongest, in order of time."""
    latest = sample[-2:]
    others = sorted(sample[: -len(latest)], key=lambda member: member.p_value)
    strongest = others[: MOST_MEMBERS - len(latest)]
    return sorted([*strongest, *latest], key=lambda member: member.time)


def _member(member: Member, view: IncidentView, most: int) -> Line:
    parts = [number(member.value)] if member.value is not None else []
    parts += [member.entity] if view.entity is None else []
    parts += [odds(member.p_value)]
    time = moment(member.time, since=view.opened)
    return [time, words(" · " + " · ".join(parts), 2 * most)]


def _answers(view: IncidentView, most: int) -> Iterator[Line]:
    # Who has taken it stands in the line of the status.
    given = [a for a in view.answers if (a.action, a.user) != ("take", view.taken_by)]
    for answer in given[-MOST_ANSWERS:]:
        said = words(ANSWERS.get(answer.action, answer.action), most, bold=True)
        at = moment(answer.at, since=view.opened)
        yield [said, words(f" by {answer.user}, ", most), at]


def _digest_headline(digest: Digest) -> str:
    things = "incident" if digest.incidents == 1 else "incidents"
    return f"📋 Digest: {digest.incidents:,} {things} without a message"


def _digest(digest: Digest, most: int) -> Iterator[Block]:
    yield slack.header(_digest_headline(digest))
    ends = moment(digest.ends, since=digest.begins)
    span = [words(" from "), moment(digest.begins), words(" to "), ends]
    yield slack.lines([words(f"{digest.anomalies:,} anomalies", bold=True), *span])
    shown = digest.lines[:MOST_DIGEST_LINES]
    for why in dict.fromkeys(line.why for line in shown):
        lines = [_digest_line(line, most) for line in shown if line.why == why]
        yield slack.bullets([words(why, 2 * most, italic=True)], lines)
    if (left := digest.incidents - sum(line.incidents for line in shown)) > 0:
        yield slack.context(f"and {left:,} more incidents")


def _digest_line(line: DigestLine, most: int) -> Line:
    sign = SIGNS.get(line.severity, "⚪")
    count = "1 anomaly" if line.members == 1 else f"{line.members:,} anomalies"
    return [words(f"{sign} {line.title}", most, bold=True), words(f" · {count}")]
