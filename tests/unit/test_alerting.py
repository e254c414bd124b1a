"""Alerts: words that people act on, and a channel that honours Slack's limits."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anomaly_app.channels import Delivery, Later, Outcome, make_channel
from anomaly_app.channels.log import LogChannel
from anomaly_app.channels.slack.single_alert_message import SlackMessage, slack_message
from anomaly_app.channels.slack.single_alerts import SlackChannel
from anomaly_app.core.alerts import Alert
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import ModelReference
from anomaly_app.settings.app import Settings
from harness.processes import free_port
from tests.support.clock import FakeClock
from tests.support.factories import anomaly
from tests.support.slack_server import TOKEN, SlackServer, slack_server

ALERT = Alert.of(anomaly())
MESSAGE = slack_message(ALERT)


def slack_of(**changes: Any) -> SlackMessage:
    return slack_message(Alert.of(anomaly(**changes)))


def text_of(**changes: Any) -> str:
    return Alert.of(anomaly(**changes)).text


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


def channel_to(url: str, *, interval: float = 0.0, token: str = TOKEN) -> SlackChannel:
    return SlackChannel(token=token, channel="#fraud", url=url, interval=interval)


async def deliver(channel: SlackChannel, count: int = 1) -> list[Outcome | None]:
    delivery = Delivery(channel, should_abandon=lambda: False)
    try:
        return [await delivery.deliver(MESSAGE) for _ in range(count)]
    finally:
        await channel.close()


async def once(channel: SlackChannel) -> Outcome | Later:
    try:
        return await channel.deliver(MESSAGE)
    finally:
        await channel.close()


def texts_in(message: SlackMessage) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def test_a_message_says_who_how_unusual_why_and_where() -> None:
    for text in (ALERT.text, texts_in(MESSAGE)):
        assert "High anomaly: card-1" in text
        assert "0.900" in text
        assert "about 1 in 10,000 transactions is this unusual" in text
        assert "amount is 950, usually 20 (80%)" in text
        assert "shop is casino, usually food (20%)" in text
        assert "transactions partition 3 offset 1042" in text
        assert "2026-01-01T12:00:00" in text


def test_a_message_is_blocks_and_no_raw_json() -> None:
    kinds = [block["type"] for block in MESSAGE.blocks]
    assert kinds == ["header", "section", "section", "context"]
    assert "{" not in ALERT.text


def test_a_message_names_the_three_strongest_reasons() -> None:
    reasons = [Reason(feature=f"f{i}", value=1.0, expected=0.0, share=0.2) for i in range(5)]
    text = text_of(reasons=reasons)
    assert "f2 is" in text
    assert "f3 is" not in text


def test_texts_from_the_stream_can_neither_mention_nor_link_nor_format() -> None:
    hostile = "<!channel> <https://evil.example|click> *bold* & `code`"
    message = slack_of(
        entity=hostile,
        reasons=[Reason(feature=hostile, value=hostile, expected=None, share=1.0)],
    )
    for block in message.blocks[1:]:
        for text in _mrkdwn(block):
            assert "<" not in text
            assert "*bold*" not in text
            assert "`code`" not in text
    assert message.blocks[0]["text"]["type"] == "plain_text"


def _mrkdwn(block: dict[str, object]) -> Iterator[str]:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]  # type: ignore[misc]
    for part in parts:
        if isinstance(part, dict) and part["type"] == "mrkdwn":
            yield part["text"]


@pytest.mark.parametrize("sign", ["x", "&", "<", "`", "\u0301", "\U0001f600", "\x1b"])
def test_a_message_fits_slacks_limits_whatever_the_stream_holds(sign: str) -> None:
    long = sign * 100_000
    reasons = [Reason(feature=long, value=long, expected=-1e308, share=1e308)] * 50
    message = slack_of(
        id=f"{long}-{'9' * 4_000}-1",
        entity=long,
        time=long,
        severity=long,
        score=1e308,
        threshold=-1e308,
        p_value=1e308,
        reasons=reasons,
        model=ModelReference(name=long, version=long, sha256=long),
    )
    header = message.blocks[0]["text"]["text"]
    assert len(header.encode("utf-16-le")) <= 2 * 150
    fields = message.blocks[1]["fields"]
    assert all(len(field["text"]) <= 2_000 for field in fields)
    assert all(len(text) <= 3_000 for block in message.blocks for text in _mrkdwn(block))
    assert len(message.plain) <= 4_000
    assert len(message.text) <= 40_000
    assert len(message.blocks) <= 50


def test_the_words_for_the_log_are_one_printable_line() -> None:
    hostile = "a\nb\x1b[2J\u202ec\x85d"
    text = text_of(entity=hostile, time=hostile, severity=hostile)
    assert text.isprintable()
    assert "a b\ufffd[2J\ufffdc d" in text


def test_the_text_beside_the_blocks_mentions_nobody_either() -> None:
    message = slack_of(entity="<!channel> & co")
    assert "<!channel> & co" in message.plain
    assert "&lt;!channel&gt; &amp; co" in message.text


def test_large_numbers_are_short() -> None:
    values = [9_999.4, 10_000.0, 999_999_999_999_999.0, 1e15, -1e308]
    reasons = [Reason(feature="a", value=v, expected=None, share=1.0) for v in values]
    said = [text_of(reasons=[reason]) for reason in reasons]
    for text, words in zip(
        said, ["9,999", "10,000", "999,999,999,999,999", "1e+15", "-1e+308"], strict=True
    ):
        assert f"a is {words}, usually missing" in text


def test_missing_parts_have_words() -> None:
    nothing = Reason(feature="a", value=None, expected=None, share=1.0)
    text = text_of(entity=None, reasons=[nothing])
    assert text.startswith("High anomaly at ")
    assert "a is missing" in text
    assert "no single value" in texts_in(slack_of(reasons=[]))


async def test_slack_gets_the_message(slack: SlackServer) -> None:
    assert await deliver(channel_to(slack.url)) == [Outcome.SENT]
    posted = slack.posted[0]
    assert posted["channel"] == "#fraud"
    assert posted["text"] == MESSAGE.text
    assert posted["blocks"] == MESSAGE.blocks


async def test_retry_after_is_honoured(slack: SlackServer) -> None:
    slack.answers = ["429", "429"]
    slack.retry_after = "1"
    assert await deliver(channel_to(slack.url)) == [Outcome.SENT]
    assert len(slack.posted) == 1
    gaps = [b - a for a, b in zip(slack.attempts, slack.attempts[1:], strict=False)]
    assert len(gaps) == 2
    assert min(gaps) >= 1.0


async def test_messages_keep_their_distance(slack: SlackServer) -> None:
    assert await deliver(channel_to(slack.url, interval=0.4), count=3) == [Outcome.SENT] * 3
    gaps = [b - a for a, b in zip(slack.attempts, slack.attempts[1:], strict=False)]
    assert min(gaps) >= 0.39


@pytest.mark.parametrize("answer", ["503", "not json", "channel_not_found", "internal_error"])
async def test_what_may_pass_is_tried_again(slack: SlackServer, answer: str) -> None:
    slack.answers = [answer]
    assert await deliver(channel_to(slack.url)) == [Outcome.SENT]
    assert len(slack.attempts) == 2


async def test_a_wrong_token_waits_and_is_not_printed(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await once(channel_to(slack.url, token="xoxb-wrong-secret"))  # noqa: S106
    assert answer == Later(None, "Slack returned invalid_auth")
    assert "wrong-secret" not in caplog.text


async def test_an_unreachable_slack_is_tried_again() -> None:
    answer = await once(channel_to(f"http://127.0.0.1:{free_port()}/api/"))
    assert isinstance(answer, Later)
    assert "cannot be reached" in answer.why


async def test_a_message_that_slack_refuses_for_good_stands_in_the_log(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    slack.answers = ["invalid_blocks"]
    assert await deliver(channel_to(slack.url)) == [Outcome.REFUSED]
    assert ALERT.text in caplog.text


class Busy:
    """A channel whose answers are given; in the end it takes the message."""

    def __init__(self, *answers: Later, after: Callable[[], None] = lambda: None) -> None:
        self.answers = list(answers)
        self.attempts = 0
        self._after = after

    def render(self, alert: Alert) -> str:
        return alert.text

    async def deliver(self, message: str) -> Outcome | Later:
        self.attempts += 1
        self._after()
        return self.answers.pop(0) if self.answers else Outcome.SENT

    async def close(self) -> None: ...


async def test_pauses_that_the_channel_names_are_kept_and_do_not_lengthen_its_own() -> None:
    clock = FakeClock()
    moments: list[float] = []
    unknown, named = Later(None, "HTTP 503"), Later(7.0, "one message at a time")
    channel = Busy(unknown, named, named, unknown, after=lambda: moments.append(clock.now))
    delivery = Delivery(channel, should_abandon=lambda: False, backoff=clock.backoff())
    assert await delivery.deliver("text") == Outcome.SENT
    assert moments == pytest.approx([0.0, 1.0, 8.0, 15.0, 17.0])


async def test_a_worker_that_stops_abandons_the_alert_in_flight() -> None:
    clock, channel = FakeClock(), Busy(Later(600.0, "Slack asks to slow down"))
    stop_at = 0.5
    delivery = Delivery(
        channel, should_abandon=lambda: clock.now > stop_at, backoff=clock.backoff()
    )
    assert await delivery.deliver("text") is None
    assert clock.now - stop_at < 1.0
    assert channel.attempts == 1


async def test_a_waiting_alert_says_why(caplog: pytest.LogCaptureFixture) -> None:
    clock, during = FakeClock(), []
    channel = Busy(Later(None, "HTTP 503"), after=lambda: during.append(delivery.waiting_for))
    delivery = Delivery(channel, should_abandon=lambda: False, backoff=clock.backoff())
    await delivery.deliver("text")
    assert during == [None, "HTTP 503"]
    assert delivery.waiting_for is None
    assert caplog.messages == ["alert not delivered (HTTP 503); retrying in 1.0 s"]


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def test_an_alert_is_the_same_to_the_letter() -> None:
    assert ALERT.text == (
        "High anomaly: card-1 at 2026-01-01T12:00:00.000Z | score 0.900 (threshold 0.650), about "
        "1 in 10,000 transactions is this unusual | amount is 950, usually 20 (80%) | shop is "
        "casino, usually food (20%) | transactions partition 3 offset 1042"
    )
    assert MESSAGE.text == ALERT.text == MESSAGE.plain
    assert MESSAGE.blocks == [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "text": ":red_circle: High anomaly: card-1",
                "emoji": True,
            },
        },
        {
            "type": "section",
            "fields": [
                mrkdwn("*When*\n2026-01-01T12:00:00.000Z"),
                mrkdwn("*Entity*\ncard-1"),
                mrkdwn("*Score*\n0.900, threshold 0.650"),
                mrkdwn("*Rarity*\nabout 1 in 10,000 transactions is this unusual"),
            ],
        },
        {
            "type": "section",
            "text": mrkdwn(
                "*Why*\n• amount is 950, usually 20 (80%)\n• shop is casino, usually food (20%)"
            ),
        },
        {
            "type": "context",
            "elements": [
                mrkdwn("transactions partition 3 offset 1042"),
                mrkdwn("model transactions 1"),
            ],
        },
    ]


async def test_without_a_token_the_same_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    channel = make_channel(Settings())
    assert isinstance(channel, LogChannel)
    with caplog.at_level(logging.WARNING):
        assert await channel.deliver(channel.render(ALERT)) == Outcome.LOGGED
    assert ALERT.text in caplog.text
