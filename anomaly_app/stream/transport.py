"""Faust's Kafka transport: our consumer, the app's user, and how long a fetch may wait.

Faust lets a broker wait 1.5 s for a first record. Apache Kafka answers the moment one arrives,
but the embedded broker looks again only after a good part of that wait, which then is the
latency of every transaction.
"""

from collections.abc import AsyncIterable, Mapping
from typing import Any, ClassVar, cast

import aiokafka
import faust
from faust.streams import Stream
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import EventT, StreamT

from anomaly_app.broker.security import password, tls_context
from anomaly_app.settings import Settings
from anomaly_app.stream.batching import BatchedResults
from anomaly_app.stream.consumer import ConfirmingConsumer


class ConfirmingApp(faust.App):
    """A Faust app whose agents confirm what they have done; see `stream/consumer.py`.

    Events are confirmed in the order of their partition.
    """

    fetch_wait: float
    """Seconds that a fetch may be held back."""

    run_sizes: Mapping[str, int]
    """For each topic whose records come in runs, the most in one."""

    def events(self, stream: StreamT[Any]) -> AsyncIterable[EventT[Any]]:
        """Events of an agent's stream, each of them to be confirmed or let go of."""
        unacked = cast("Stream[Any]", stream).noack()
        return cast("AsyncIterable[EventT[Any]]", unacked.events())

    def confirm(self, event: EventT[Any], offset: int) -> None:
        """Count an event's run up to an offset, and all before it in its partition, as done."""
        cast("ConfirmingConsumer", self.consumer).confirm(event, offset)

    def let_go(self, event: EventT[Any]) -> None:
        """Stop waiting for an event; without a `confirm` it will be read again."""
        cast("ConfirmingConsumer", self.consumer).let_go(event)


class PromptThread(driver.AIOKafkaConsumerThread):
    """Consumer thread that fetches as `ConfirmingApp` says."""

    async def on_start(self) -> None:
        """Start the consumer, and have it unpack runs."""
        await super().on_start()
        # Nothing has been fetched yet: no partition is assigned.
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001
        fetcher._records = BatchedResults(cast("ConfirmingApp", self.app).run_sizes)  # noqa: SLF001

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust passes a constant, and aiokafka has no setter: it reads this at its start.
        fetch_wait = cast("ConfirmingApp", self.app).fetch_wait
        consumer._fetch_max_wait_ms = int(fetch_wait * 1000)  # noqa: SLF001
        return consumer


class Consumer(ConfirmingConsumer):
    """Consumer whose thread is a `PromptThread`."""

    def _new_consumer_thread(self) -> PromptThread:
        return PromptThread(self, loop=self.loop, beacon=self.beacon)


class Transport(driver.Transport):
    """Transport with our consumer."""

    Consumer: ClassVar[type[Any]] = Consumer


TRANSPORTS.aliases["kafka"] = f"{__name__}:{Transport.__name__}"


def faust_credentials(
    settings: Settings,
) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Give what Faust calls the broker's credentials; None where there are none.

    Raises
    ------
    SettingsError
        A certificate or key cannot be used.
    """
    context = tls_context(settings)
    if settings.uses_sasl:
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=password(settings),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None
