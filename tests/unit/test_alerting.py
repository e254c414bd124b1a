"""Alerts: words that people act on, and a channel that honours Slack's limits."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from anomaly_app.agents.alerting import make_channel
from anomaly_app.channels.delivery import Delivery
from anomaly_app.channels.log import LogChannel
from anomaly_app.channels.protocol import Later, Outcome
from anomaly_app.channels.slack import SlackChannel
from anomaly_app.core.alerts.message import AlertMessage
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import ModelReference
from anomaly_app.settings.app import Settings
from harness.broker import free_port
from tests.support.factories import anomaly
from tests.support.slack_server import TOKEN, SlackServer, slack_server
from tests.support.waiting import eventually

MESSAGE = AlertMessage(anomaly())


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


def channel_to(url: str, *, interval: float = 0.0, token: str = TOKEN) -> SlackChannel:
    return SlackChannel(token=token, channel="#fraud", url=url, interval=interval)


async def deliver(channel: SlackChannel, count: int = 1) -> list[Outcome | None]:
    delivery = Delivery(channel, given_up=lambda: False)
    try:
        return [await delivery.deliver(MESSAGE) for _ in range(count)]
    finally:
        await channel.close()


async def once(channel: SlackChannel) -> Outcome | Later:
    try:
        return await channel.deliver(MESSAGE)
    finally:
        await channel.close()


def texts_in(message: AlertMessage) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def test_a_message_says_who_how_unusual_why_and_where() -> None:
    for text in (MESSAGE.text, texts_in(MESSAGE)):
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
    assert "{" not in MESSAGE.text


def test_a_message_names_the_three_strongest_reasons() -> None:
    reasons = [Reason(feature=f"f{i}", value=1.0, expected=0.0, share=0.2) for i in range(5)]
    text = AlertMessage(anomaly(reasons=reasons)).text
    assert "f2 is" in text
    assert "f3 is" not in text


def test_texts_from_the_stream_can_neither_mention_nor_link_nor_format() -> None:
    hostile = "<!channel> <https://evil.example|click> *bold* & `code`"
    message = AlertMessage(
        anomaly(
            entity=hostile,
            reasons=[Reason(feature=hostile, value=hostile, expected=None, share=1.0)],
        )
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
    message = AlertMessage(
        anomaly(
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
    )
    header = message.blocks[0]["text"]["text"]
    assert len(header.encode("utf-16-le")) <= 2 * 150
    fields = message.blocks[1]["fields"]
    assert all(len(field["text"]) <= 2_000 for field in fields)
    assert all(len(text) <= 3_000 for block in message.blocks for text in _mrkdwn(block))
    assert len(message.text) <= 4_000
    assert len(message.blocks) <= 50


def test_the_words_for_the_log_are_one_printable_line() -> None:
    hostile = "a\nb\x1b[2J\u202ec\x85d"
    message = AlertMessage(anomaly(entity=hostile, time=hostile, severity=hostile))
    assert message.text.isprintable()
    assert "a b\ufffd[2J\ufffdc d" in message.text


def test_the_text_beside_the_blocks_mentions_nobody_either() -> None:
    message = AlertMessage(anomaly(entity="<!channel> & co"))
    assert "<!channel> & co" in message.text
    assert "&lt;!channel&gt; &amp; co" in message.notification


def test_large_numbers_are_short() -> None:
    values = [9_999.4, 10_000.0, 999_999_999_999_999.0, 1e15, -1e308]
    reasons = [Reason(feature="a", value=v, expected=None, share=1.0) for v in values]
    said = [AlertMessage(anomaly(reasons=[reason])).text for reason in reasons]
    for text, words in zip(
        said, ["9,999", "10,000", "999,999,999,999,999", "1e+15", "-1e+308"], strict=True
    ):
        assert f"a is {words}, usually missing" in text


def test_missing_parts_have_words() -> None:
    text = AlertMessage(
        anomaly(entity=None, reasons=[Reason(feature="a", value=None, expected=None, share=1.0)])
    ).text
    assert text.startswith("High anomaly at ")
    assert "a is missing" in text
    assert "no single value" in texts_in(AlertMessage(anomaly(reasons=[])))


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
    assert answer == Later(None, "Slack says invalid_auth")
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
    assert MESSAGE.text in caplog.text


async def test_a_worker_that_stops_lets_go_of_the_alert_in_hand(slack: SlackServer) -> None:
    slack.answers = ["429"] * 99
    slack.retry_after = "600"
    loop = asyncio.get_running_loop()
    stop_at = loop.time() + 0.5
    channel = channel_to(slack.url)
    delivery = Delivery(channel, given_up=lambda: loop.time() > stop_at)
    outcome = await delivery.deliver(MESSAGE)
    await channel.close()
    assert outcome is None
    assert loop.time() - stop_at < 1.0


async def test_a_waiting_alert_says_why(slack: SlackServer) -> None:
    slack.answers = ["503"]
    channel = channel_to(slack.url)
    delivery = Delivery(channel, given_up=lambda: False)
    task = asyncio.create_task(delivery.deliver(MESSAGE))
    during = await eventually(lambda: delivery.waiting_for, lambda why: why is not None)
    await task
    await channel.close()
    assert "503" in during
    assert delivery.waiting_for is None


async def test_without_a_token_the_same_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    channel = make_channel(Settings())
    assert isinstance(channel, LogChannel)
    with caplog.at_level(logging.WARNING):
        assert await channel.deliver(MESSAGE) == Outcome.LOGGED
    assert MESSAGE.text in caplog.text
