"""Pictures of an incident show what is remembered of its entity, whichever worker has it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from anomaly_app.channels.picture import Series, draw_series, in_words, sample_series
from anomaly_app.channels.remembered import field_of, remembered_series
from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.core.memory.durations import DAY, HOUR, SECOND
from anomaly_app.core.memory.profile import profile_of
from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.settings import Settings
from anomaly_app.web import remembered_values as module
from anomaly_app.web.owners import Owners
from anomaly_app.web.remembered_values import RememberedValues
from anomaly_app.web.search import KEYS, place_of
from tests.support.entity_memory import CARD, NOON, events_of, memory_of
from tests.support.factories import transaction
from tests.support.memory_workers import TOPIC
from tests.support.slack_notices import incident, member
from tests.support.worker_pages import SETTINGS, Fleet, context_with_memory, fleet

DAYS = 25

ODD = NOON + DAYS * DAY
"""When it paid too much, in milliseconds."""


def a_card(*features: str, last: float = 4_210.0) -> Profile:
    """Give what is remembered of a card that paid 20 and 30 each day, and then too much."""
    memory = memory_of(*features)
    times = [NOON + day * DAY + hour * HOUR for day in range(DAYS) for hour in (0, 6)] + [ODD]
    amounts = [*[20.0, 30.0] * DAYS, last]
    columns: dict[str, Any] = {"lat": [50.0] * len(times), "long": [8.0] * len(times)}
    memory.observe(
        events_of(memory.plan, times, amount=amounts, merchant=[1] * len(times), **columns)
    )
    found = profile_of(memory, 1)
    assert found is not None
    return found


def about(charted: str | None, *values: float | None) -> IncidentView:
    """Give an incident whose anomalies are a minute apart, the first when the card paid."""
    odd = [
        member(n, time=ODD / SECOND + 60.0 * n, value=value)
        for n, value in enumerate(values or (4_210.0,))
    ]
    return incident(len(odd), sample=tuple(odd), charted=charted)


def shown(view: IncidentView, profile: Profile) -> Series:
    found = remembered_series(view, profile)
    assert found is not None
    assert draw_series(found)
    return found


def odd_in(series: Series) -> list[float]:
    return [value for value, is_odd in zip(series.values, series.odd, strict=True) if is_odd]


def test_last_values_are_shown_with_the_odd_ones_marked_each_once() -> None:
    series = shown(about("amount", 4_210.0, 3_000.0), a_card("slope:amount:8"))
    assert series.values == (20.0, 30.0, 20.0, 30.0, 20.0, 30.0, 4_210.0, 3_000.0)
    assert odd_in(series) == [4_210.0, 3_000.0]
    assert series.expected == 28.8
    assert series.about == ""
    assert series.title == "card-0042: amount"


def test_where_only_sums_are_kept_the_usual_is_their_mean_and_the_picture_says_so() -> None:
    series = shown(about("amount"), a_card("mean:amount:30d"))
    assert odd_in(series) == [4_210.0]
    assert len(series.values) > 4
    assert series.values == (*[25.0] * (len(series.values) - 1), 4_210.0)
    assert series.about == "grey: mean amount in each 5 days"
    assert in_words(series).endswith(
        "grey: mean amount in each 5 days; usually 28.8; unusual, in red: 4,210."
    )


def test_a_card_that_is_known_by_its_anomalies_alone_has_no_usual_values() -> None:
    memory = memory_of("mean:amount:30d")
    memory.observe(events_of(memory.plan, [ODD], amount=[4_210.0]))
    profile = profile_of(memory, 1)
    assert profile is not None
    assert remembered_series(about("amount"), profile) is None


def test_what_is_computed_of_a_field_is_shown_as_the_buckets_with_anomalies() -> None:
    series = shown(about("ratio:sum:amount:1d:30d", 42.0), a_card("sum:amount:30d"))
    assert series.values[-3:-1] == (250.0, 250.0)
    assert odd_in(series) == [series.values[-1]]
    assert series.values[-1] >= 4_210.0
    assert series.title == "card-0042: sum of amount in each 5 days"
    assert series.expected is None, "that is of the feature, and not of the sum of a day"


def test_buckets_stand_at_their_own_times() -> None:
    series = shown(about("sum:amount:30d"), a_card("sum:amount:30d"))
    gaps = np.diff(series.times)
    assert (gaps == 5 * 86_400.0).all()
    [place] = [n for n, is_odd in enumerate(series.odd) if is_odd]
    assert abs(series.times[place] - ODD / SECOND) <= 2.5 * 86_400.0


@pytest.mark.parametrize(
    ("charted", "features"),
    [
        (None, CARD),
        ("distance_km", CARD),
        ("count:1h", CARD),
        ("merchant/sum:amount:1d", CARD),
        ("distance:lat,long", CARD),
        ("amount", ("since_last",)),
        # A sum of a day is no usual amount.
        ("amount", ("sum:amount:30d",)),
    ],
)
def test_what_cannot_be_compared_is_not_drawn(
    charted: str | None, features: tuple[str, ...]
) -> None:
    assert remembered_series(about(charted), a_card(*features)) is None


@given(
    st.sampled_from([*CARD, "amount", "lat", "merchant", "hour_of_day"]),
    st.lists(st.none() | st.floats(), min_size=1, max_size=3),
    st.floats(0.0, 1e6),
)
def test_whatever_is_remembered_can_be_drawn(
    charted: str, values: list[float | None], last: float
) -> None:
    found = remembered_series(about(charted, *values), a_card(*CARD, last=last))
    assert found is None or draw_series(found)
    assert found is None or in_words(found).endswith(".")


def test_the_logarithm_of_a_field_is_about_the_field() -> None:
    assert field_of("shift:log(amount):1d:30d") == "amount"
    assert field_of("speed:lat,long") is None


@pytest.fixture
async def workers() -> AsyncIterator[Fleet]:
    """Two workers; the second one remembers card-1, which paid twice."""
    async with fleet(2) as found:
        await pay_twice(found)
        yield found


async def pay_twice(workers: Fleet) -> None:
    for hours in (1.0, 13.0):
        value = transaction(12.5, "shop-1", time=time.time() + 3_600.0 * hours)
        workers.cluster.broker.append(TOPIC, value, b"card-1", 1)
    await workers[0].take(0)
    await workers[1].take(1)


VIEW = msgspec.structs.replace(about("sum:amount:1d", 12.0, 13.0), entity="card-1")


def sums(series: Series | None) -> bool:
    """Whether a picture shows what is remembered, and not the anomalies alone."""
    return series is not None and series.title.startswith("card-1: sum of amount in each")


async def test_another_worker_is_asked_for_what_it_remembers(workers: Fleet) -> None:
    for worker in workers.workers:
        assert sums(await RememberedValues(worker.context)(VIEW))


async def test_without_a_token_a_worker_draws_what_it_remembers_itself() -> None:
    settings = Settings(_env_file=None, broker=SETTINGS.broker)
    async with fleet(2, settings=settings) as workers:
        await pay_twice(workers)
        assert sums(await RememberedValues(workers[1].context)(VIEW))
        assert await RememberedValues(workers[0].context)(VIEW) == sample_series(VIEW)


@pytest.mark.parametrize("roles", ["mask=entity", "hash=entity"])
async def test_an_entity_that_messages_do_not_name_is_not_looked_up(
    workers: Fleet, roles: str
) -> None:
    secret = SecretStr("a secret of the test")
    hiding = context_with_memory(SETTINGS.model_copy(update={"roles": roles, "hash_key": secret}))
    asked: list[object] = []

    async def nobody(*question: object) -> AsyncIterator[tuple[int, str]]:
        asked.append(question)
        yield 0, ""

    found = await RememberedValues(hiding, Owners(hiding, nobody))(VIEW)
    assert found == sample_series(VIEW)
    assert asked == []
    # Whoever has the token, and the name, sees what is remembered.
    assert place_of(KEYS[0], hiding) is not None


async def test_an_answer_that_does_not_come_in_time_leaves_the_anomalies(
    workers: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_SEARCH", 0.05)

    async def nobody(*_: object) -> AsyncIterator[tuple[int, str]]:
        await asyncio.Event().wait()
        yield 0, ""

    context = workers[0].context
    stuck = RememberedValues(context, Owners(context, nobody))
    assert await stuck(VIEW) == sample_series(VIEW)


@pytest.mark.parametrize("entity", [None, "card-99", "..", "x" * 3_000])
async def test_an_entity_that_nobody_can_know_leaves_the_anomalies(
    workers: Fleet, entity: str | None
) -> None:
    view = msgspec.structs.replace(VIEW, entity=entity)
    assert await RememberedValues(workers[0].context)(view) == sample_series(view)
