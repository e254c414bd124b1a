"""The commands for dead letters on the embedded broker; tests/services has the others."""

import re

import pytest

from tests.support.commands import Ended
from tests.support.dead_letters import (
    dlq,
    letter,
    prepare,
    prepare_one_by_one,
    some_letters,
    write_letters,
)
from tests.support.factories import transaction
from tests.support.kafka import Kafka

pytestmark = pytest.mark.broker

OLDER = "not shown: --limit N or --all shows more, --reason fewer"


def places_shown(listed: Ended) -> list[str]:
    """Of the letters, in the order of the list."""
    return re.findall(r"^(\d+-\d+) ", listed.said, re.MULTILINE)


async def test_the_list_counts_letters_by_reason_and_then_shows_them(kafka: Kafka) -> None:
    assert await prepare(kafka, []) == []
    assert dlq(kafka, "list").said == f"no dead letters on {kafka.dead_letters}\n"
    places = await write_letters(kafka, some_letters(kafka))
    shown = dlq(kafka, "list").said
    assert shown.splitlines()[:7] == [
        "WAITING  REPLAYED  REASON",
        "      1         0  not-json",
        "      1         0  null-value",
        "      1         0  too-large",
        "      1         0  wrong-type",
        "      4         0  (all)",
        "",
    ]
    for place in places:
        assert f"\n{place} " in shown
    assert f"{kafka.transactions}-1-2" in shown
    assert "(no key)" in shown
    assert "(no value)" in shown
    assert "of an old model" in shown

    two = dlq(kafka, "list", "--limit", "1", "--reason", "not-json", "--reason", "null-value")
    assert two.said.splitlines()[3] == "      2         0  (all)"
    assert two.said.splitlines()[-1] == f"1 older letter is {OLDER}"
    one = dlq(kafka, "list", "--json", "--offset", str(places[2]))
    assert [line["place"] for line in one.letters] == [str(places[2])]
    assert one.err == "WAITING  REPLAYED  REASON\n      1         0  wrong-type\n"
    assert dlq(kafka, "list", "--reason", "bad-time").said == (
        f"no such dead letters on {kafka.dead_letters}\n"
    )


async def test_the_newest_twenty_are_shown_unless_more_are_asked_for(kafka: Kafka) -> None:
    # Written one after the other, to partitions in turn: the newest are on all of them.
    letters = [
        letter(
            kafka,
            transaction(id=n),
            error=f"{'too-large' if n >= 18 else 'bad-time'}: {n}",
            partition=n % 4,
            offset=n,
        )
        for n in range(25)
    ]
    places = [str(place) for place in await prepare_one_by_one(kafka, letters)]
    assert places_shown(dlq(kafka, "list")) == places[5:]
    assert dlq(kafka, "list").said.splitlines()[-1] == f"5 older letters are {OLDER}"
    assert places_shown(dlq(kafka, "list", "--limit", "3")) == places[22:]
    assert sorted(places_shown(dlq(kafka, "list", "--all"))) == sorted(places)

    # For repair none is left out, unless that is asked for.
    everything = dlq(kafka, "list", "--json")
    assert sorted(line["place"] for line in everything.letters) == sorted(places)
    three = dlq(kafka, "list", "--json", "--limit", "3")
    assert [line["place"] for line in three.letters] == places[22:]
    assert f"22 older letters are {OLDER}" in three.err

    # The newest are replayed: those before them take their places.
    dlq(kafka, "replay", "--reason", "too-large")
    listed = dlq(kafka, "list", "--limit", "10")
    assert listed.said.splitlines()[1:4] == [
        "     18         0  bad-time",
        "      0         7  too-large",
        "     18         7  (all)",
    ]
    assert places_shown(listed) == places[8:18]
    assert listed.said.splitlines()[-1] == f"8 older letters are {OLDER}"
    assert places_shown(dlq(kafka, "list", "--replayed", "--limit", "7")) == places[18:]


async def test_letters_of_another_topic_are_listed_and_left_by_a_replay(kafka: Kafka) -> None:
    error = "unalertable: it is not an anomaly"
    strange = letter(kafka, transaction(), topic=kafka.anomalies, error=error)
    [place] = await prepare(kafka, [strange])
    listed = dlq(kafka, "list", "--reason", "unalertable").said
    assert "      1         0  unalertable" in listed
    assert f"{kafka.anomalies}-0-7" in listed
    assert dlq(kafka, "replay", "--all", "--dry-run").said.splitlines() == [
        f"{place!s:<10}  leave, it came from {kafka.anomalies}, not from {kafka.transactions}",
        f"would replay 0 to {kafka.transactions}",
        f"left 1 that did not come from {kafka.transactions}",
    ]


def test_how_many_are_shown_is_said_once(kafka: Kafka) -> None:
    assert "either --all or --limit" in dlq(kafka, "list", "--all", "--limit", "3").error_line
