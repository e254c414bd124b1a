"""Whatever fails, whoever dies: an incident has one message, and each reply comes once."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.slack import channel as slack_channel
from anomaly_app.channels.slack.channel import SlackChannel
from anomaly_app.core.alerts.notice import Event, IncidentView, Notice
from tests.support.slack_notices import incident, notice
from tests.support.slack_server import TOKEN, SlackServer, slack_server

FAULTS = ["ok", "ok", "ok", "lost", "lost 503", "reset", "503", "429", "internal_error", "not json"]
METHODS = ["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"]
INCIDENTS, VERSIONS = 5, 4


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    # Nothing is late here, so that nothing has to settle.
    monkeypatch.setattr(slack_channel, "SETTLING", 0.0)
    with slack_server() as server:
        server.retry_after = "0"
        yield server


async def nothing(_: IncidentView) -> None:
    return None


def told(number: int, version: int) -> Notice:
    view = incident(version, id=f"incident-{number}")
    changes = () if version == 1 else (f"now version {version}",)
    return notice(view, version=version, event=Event.CHANGED, changes=changes)


@dataclass
class Agent:
    """Delivers as the worker's agent does: what it is about to do is on record before it does it.

    `places` and `begun` outlive a worker; the channel, and what it knows of its own, do not.
    """

    server: SlackServer
    draw: random.Random
    places: dict[str, str | None] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    deaths: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.channel = self.new_channel()

    def new_channel(self) -> SlackChannel:
        return SlackChannel(
            token=TOKEN,
            channel="#fraud",
            url=self.server.url,
            group="anomaly-app",
            interval=0.0,
            history=nothing,
        )

    async def deliver(self, one: Notice) -> None:
        while True:
            is_uncertain = one.id in self.begun - self.own
            place = Place(self.places.get(one.id), is_uncertain=is_uncertain)
            self.begun.add(one.id)
            self.own |= set() if is_uncertain else {one.id}
            attempt = asyncio.ensure_future(self.channel.deliver(one, place))
            if self.draw.random() < 0.25:
                await self.die_during(attempt)
                continue
            answer = await attempt
            self.outcomes[type(answer).__name__] += 1
            assert not isinstance(answer, Refused), answer
            if isinstance(answer, Delivered):
                self.places[one.id] = answer.reference
                self.begun.discard(one.id)
                self.own.discard(one.id)
                return

    async def die_during(self, attempt: asyncio.Future[Delivered | Refused | Later]) -> None:
        """Kill the worker at some moment of its attempt; what it has sent arrives."""
        self.deaths += 1
        await asyncio.wait([attempt], timeout=self.draw.uniform(0.0, 0.02))
        attempt.cancel()
        await asyncio.wait([attempt])
        await self.channel.close()
        self.channel = self.new_channel()
        self.own.clear()


@pytest.mark.parametrize("seed", range(8))
async def test_nothing_is_lost_and_nothing_is_posted_twice(slack: SlackServer, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  # the same faults each time
    slack.answers = draw.choices(FAULTS, k=30)
    for method in METHODS[1:]:
        slack.faults[method] = draw.choices(FAULTS, k=30)
    agent = Agent(slack, draw)
    for version in range(1, VERSIONS + 1):
        for number in draw.sample(range(INCIDENTS), INCIDENTS):
            await agent.deliver(told(number, version))
    await agent.channel.close()
    shown = Counter(stamp_of(m) for m in slack.shown)
    assert shown == {(f"incident-{n}", VERSIONS): 1 for n in range(INCIDENTS)}
    replies = Counter(stamp_of(m) for m in slack.replies)
    assert replies == {
        (f"incident-{n}", v): 1 for n in range(INCIDENTS) for v in range(2, VERSIONS + 1)
    }
    assert agent.deaths > 0
    assert agent.outcomes["Later"] > 0


def stamp_of(message: dict[str, dict[str, dict[str, object]]]) -> tuple[object, object]:
    payload = message["metadata"]["event_payload"]
    return payload["notice"], payload["version"]
