"""Anomalies of many entities with one cause are one incident."""

from random import Random

from anomaly_app.core.alerts.log import Sample, Sampled
from anomaly_app.core.alerts.recent import binomial_surprise
from tests.support.incidents import Timeline, titles

HOUR, DAY = 3_600.0, 86_400.0


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # nothing is encrypted


def ordinary_day(timeline: Timeline, dice: Random) -> None:
    """Traffic, and an anomaly now and then, none of which has to do with another."""
    for _ in range(150):
        traffic = [Sampled(f"card-{dice.randrange(5_000)}", fields(dice)) for _ in range(10)]
        timeline.apply(Sample(tuple(traffic)))
        timeline.see(f"card-{dice.randrange(5_000)}", rarity=dice.uniform(0.1, 1.0), **fields(dice))
        timeline.wait(DAY / 150)


def fields(dice: Random, **known: str) -> dict[str, str]:
    """Fields of a transaction: most are of one country, and terminals are many."""
    return {
        "country": "DE" if dice.random() < 0.7 else f"C{dice.randrange(9)}",
        "terminal": f"t{dice.randrange(2_000)}",
        "bank": f"b{dice.randrange(12)}",
    } | known


def campaign(timeline: Timeline, dice: Random, size: int, feature: str, **known: str) -> None:
    for number in range(size):
        timeline.see(
            f"victim-{known}-{number}",
            rarity=dice.uniform(0.01, 1.0),
            feature=feature,
            **fields(dice, **known),
        )
        timeline.wait(dice.uniform(2.0, 40.0))


def largest_of(timeline: Timeline, prefix: str) -> tuple[str, int]:
    """The incident that has most of the entities whose names begin so, and how many."""
    counts = {
        one.id: sum(entity.startswith(prefix) for entity in one.entities)
        for one in timeline.state.incidents.values()
        if not one.merged_into
    }
    return max(counts.items(), key=lambda found: found[1])


def test_two_hundred_cards_through_one_terminal_are_one_message() -> None:
    timeline, dice = Timeline(), seeded(1)
    ordinary_day(timeline, dice)
    before = len(timeline.messages)
    campaign(timeline, dice, 200, "amount", terminal="t17")
    timeline.wait(HOUR)
    told = timeline.messages[before:]
    assert len(told) <= 2
    assert "terminal t17" in titles([timeline.got[-1].notice])[0]


def test_a_campaign_that_comes_back_days_later_is_told_again() -> None:
    timeline, dice = Timeline(), seeded(5)
    ordinary_day(timeline, dice)
    campaign(timeline, dice, 40, "amount", terminal="t17")
    timeline.wait(2 * DAY)
    before = len(timeline.messages)
    campaign(timeline, dice, 40, "amount", terminal="t17")
    timeline.wait(HOUR)
    assert len(timeline.messages) == before + 1
    assert titles([timeline.got[-1].notice]) == ["40 entities with terminal t17: amount far above"]


def test_a_campaign_that_comes_back_within_the_hour_is_the_same_incident() -> None:
    timeline, dice = Timeline(), seeded(6)
    ordinary_day(timeline, dice)
    campaign(timeline, dice, 40, "amount", terminal="t17")
    timeline.wait(HOUR)
    before = len(timeline.messages)
    campaign(timeline, dice, 40, "amount", terminal="t17")
    timeline.wait(HOUR)
    assert len(timeline.messages) == before
    assert ("It is back.",) in timeline.replies


def test_a_cause_within_something_common_comes_apart() -> None:
    timeline, dice = Timeline(), seeded(7)
    ordinary_day(timeline, dice)
    for number in range(30):
        timeline.see(f"abroad-{number}", **fields(dice, country="C3"))
        timeline.wait(30)
    for number in range(120):
        timeline.see(f"victim-{number}", **fields(dice, country="C3", terminal="t17"))
        timeline.wait(20)
    abroad, _ = largest_of(timeline, "abroad")
    of_terminal, victims = largest_of(timeline, "victim")
    assert abroad != of_terminal
    assert victims >= 60, "from where it shows on"


def test_what_memories_have_left_over_belongs_to_what_was_before() -> None:
    timeline, dice = Timeline(), seeded(8)
    ordinary_day(timeline, dice)
    campaign(timeline, dice, 40, "amount", terminal="t17")
    before = len(timeline.messages)
    timeline.wait(6 * HOUR)
    known = {"terminal": "t17"}
    for number in range(40):
        timeline.see(f"victim-{known}-{number}", feature="sum:amount:1d", **fields(dice))
        timeline.wait(60)
    timeline.wait(HOUR)
    assert len(timeline.messages) == before


def test_what_begins_everywhere_at_once_is_one_incident() -> None:
    timeline, dice = Timeline(), seeded(9)
    ordinary_day(timeline, dice)
    for number in range(200):
        bank = f"b{dice.randrange(12)}"
        timeline.see(f"victim-{number}", feature="delay", rarity=0.2, **fields(dice, bank=bank))
        timeline.wait(1)
    _, victims = largest_of(timeline, "victim")
    assert victims >= 190


def test_two_campaigns_at_once_stay_apart() -> None:
    timeline, dice = Timeline(), seeded(2)
    ordinary_day(timeline, dice)
    for number in range(150):
        place, bank = {"terminal": "t17"}, {"bank": "b3"}
        for known in (place, bank):
            timeline.see(f"victim-{known}-{number}", **fields(dice, **known))
        timeline.wait(20)
    first, through_it = largest_of(timeline, "victim-{'terminal'")
    second, of_it = largest_of(timeline, "victim-{'bank'")
    assert first != second
    assert min(through_it, of_it) >= 130


def test_what_most_have_in_common_is_no_cause() -> None:
    timeline, dice = Timeline(), seeded(3)
    ordinary_day(timeline, dice)
    for number in range(60):
        timeline.see(f"other-{number}", **fields(dice))
        timeline.wait(60)
    keys = {one.key for one in timeline.state.incidents.values() if one.kind == "shared"}
    assert not any("country" in key for key in keys)


def test_a_large_part_of_all_entities_is_one_incident_and_learning_pauses() -> None:
    timeline, dice = Timeline(), seeded(4)
    entities = [f"card-{number}" for number in range(300)]

    def traffic() -> None:
        sampled = [Sampled(entity, fields(dice)) for entity in dice.sample(entities, 20)]
        timeline.apply(Sample(tuple(sampled)))

    for _ in range(100):
        traffic()
        timeline.see(dice.choice(entities), **fields(dice))
        timeline.wait(300)
    before = len(timeline.messages)
    for entity in dice.sample(entities, 200):
        timeline.see(entity, rarity=0.001, feature="distance", **fields(dice))
        timeline.wait(1)
        traffic()
    assert timeline.state.regime.incident
    timeline.wait(300)
    assert len(timeline.messages) - before <= 3
    for _ in range(60):
        traffic()
        timeline.wait(60)
    assert timeline.state.regime.incident == ""


def test_who_is_odd_for_another_reason_as_everything_turns_odd_is_told_of_as_well() -> None:
    timeline = Timeline()
    everybody = tuple(Sampled(f"card-{n}", {"terminal": f"t-{n}"}) for n in range(300))
    timeline.apply(Sample(everybody))
    for n in range(60):
        timeline.see(f"card-{n}", feature="hour" if n == 59 else "distance", shop=f"s-{n}")
        timeline.wait(1.0)
    [apart] = [one for one in timeline.state.incidents.values() if [*one.entities] == ["card-59"]]
    assert timeline.state.regime.incident not in {"", apart.id}
    timeline.wait(86_400.0)
    assert any(told.done for told in apart.told.values())
    assert not apart.is_open


def test_surprise_is_that_of_the_binomial_tail() -> None:
    assert binomial_surprise(1, 10, 0.5) == 0.0
    assert binomial_surprise(3, 10, 0.001) > 5.0
    assert binomial_surprise(10, 10, 0.1) == 10.0
    assert binomial_surprise(10, 10, 0.8) == 0.0
