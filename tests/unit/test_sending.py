"""Sends: acknowledged, or tried again, or raised; never silently gone."""

import asyncio
import subprocess
import sys
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from faust.types.transports import ProducerT

from anomaly_app.errors import MessageTooLarge
from anomaly_app.kafka.sending import Outgoing, send_all
from tests.support.clock import FakeClock


class FaultyProducer:
    """Fails a given number of times for each value; a fault, not a broker."""

    def __init__(self, failures: int, fault: Exception, *, when_sending: bool = False) -> None:
        self.failures = failures
        self.fault = fault
        self.when_sending = when_sending
        self.tries: dict[bytes, int] = {}
        self.arrived: list[bytes] = []

    async def send(self, topic: str, key: bytes, value: bytes, *_: object) -> Any:
        self.tries[value] = self.tries.get(value, 0) + 1
        fails = self.tries[value] <= self.failures
        if fails and self.when_sending:
            raise self.fault
        future = asyncio.get_running_loop().create_future()
        if fails:
            future.set_exception(self.fault)
        else:
            self.arrived.append(value)
            future.set_result(None)
        return future


async def send(producer: FaultyProducer, values: list[bytes], *, timeout: float = 5.0) -> FakeClock:
    """Send, and give the time that it took."""
    clock, messages = FakeClock(), [Outgoing("faulty", b"k", value, {}) for value in values]
    backoff = clock.backoff(0.1, 5.0)
    await send_all(cast("ProducerT", producer), messages, timeout=timeout, backoff=backoff)
    return clock


@pytest.mark.parametrize("when_sending", [True, False])
async def test_a_send_that_fails_is_tried_again_alone(when_sending: bool) -> None:
    producer = FaultyProducer(2, KafkaTimeoutError(), when_sending=when_sending)
    producer.tries[b"good"] = 99
    await send(producer, [b"good", b"bad"])
    assert producer.arrived == [b"good", b"bad"]
    assert producer.tries == {b"good": 100, b"bad": 3}


async def test_what_stands_behind_a_refused_message_is_sent_with_it_later() -> None:
    producer = FaultyProducer(1, KafkaTimeoutError(), when_sending=True)
    producer.tries[b"good"] = 99
    await send(producer, [b"bad", b"good"])
    assert producer.arrived == [b"bad", b"good"]
    assert producer.tries == {b"bad": 2, b"good": 100}


async def test_a_send_that_goes_on_failing_is_raised_in_the_end() -> None:
    producer = FaultyProducer(10**9, KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        await send(producer, [b"a"], timeout=120.0)
    # After 0.1, 0.2, … 3.2 and then every 5 seconds, of which the next would end after the 120.
    assert producer.tries == {b"a": 1 + 6 + 22}


async def test_a_message_that_is_too_large_is_not_tried_again() -> None:
    producer = FaultyProducer(1, MessageSizeTooLargeError())
    with pytest.raises(MessageTooLarge, match="faulty does not accept a message of 3 bytes"):
        await send(producer, [b"abc"])
    assert producer.tries == {b"abc": 1}


async def test_a_fault_of_ours_is_raised_at_once() -> None:
    producer = FaultyProducer(1, TypeError("not a Kafka fault"))
    with pytest.raises(TypeError):
        await send(producer, [b"a"])
    assert producer.tries == {b"a": 1}


async def test_nothing_to_send_is_nothing_to_wait_for() -> None:
    producer = FaultyProducer(0, KafkaTimeoutError())
    assert (await send(producer, [])).slept == []
    assert producer.tries == {}


def test_the_process_exits_at_once_and_says_where() -> None:
    code = (
        "import atexit\n"
        "from anomaly_app.kafka.exit import exit_without_commit\n"
        "atexit.register(print, 'a commit on the way out')\n"
        "exit_without_commit('transactions partition 2 offsets 7 to 9', ValueError('boom'))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 75
    assert "commit on the way out" not in ended.stdout
    assert "partition 2 offsets 7 to 9" in ended.stderr
    assert "exiting without committing" in ended.stderr
