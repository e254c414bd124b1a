"""Faust's Kafka transport, with a say in how long the broker may hold back an empty fetch.

Faust lets a broker wait 1.5 s for a first record. Apache Kafka answers the moment one arrives,
but the embedded broker looks again only after a good part of that wait, which then is the
latency of every transaction.
"""

from typing import Any, ClassVar

import aiokafka
import faust
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver


class PromptApp(faust.App):
    """A Faust app that says how long a fetch may be held back."""

    fetch_wait: float
    """Seconds."""


class PromptThread(driver.AIOKafkaConsumerThread):
    """Consumer thread that fetches as `PromptApp` says."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        if isinstance(self.app, PromptApp):
            # Faust passes a constant, and aiokafka has no setter: it reads this at its start.
            consumer._fetch_max_wait_ms = int(self.app.fetch_wait * 1000)  # noqa: SLF001
        return consumer


class PromptConsumer(driver.Consumer):
    """Consumer whose thread is a `PromptThread`."""

    def _new_consumer_thread(self) -> PromptThread:
        return PromptThread(self, loop=self.loop, beacon=self.beacon)


class PromptTransport(driver.Transport):
    """Transport whose consumer is a `PromptConsumer`."""

    Consumer: ClassVar[type[Any]] = PromptConsumer


TRANSPORTS.aliases["kafka"] = f"{__name__}:{PromptTransport.__name__}"
