"""What makes an app of Faust's one whose agents confirm what they have done."""

from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any, ClassVar, cast

import faust
from faust import Schema
from faust.streams import Stream
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import AppT, EventT, Message, StreamT

from anomaly_app.kafka.consumer.consumer import ConfirmingConsumer
from anomaly_app.kafka.consumer.gaps import Gap
from anomaly_app.kafka.consumer.record_batches import Record, Run
from anomaly_app.kafka.security import password, tls_context
from anomaly_app.settings.app import Settings


class ConfirmingApp(faust.App):
    """A Faust app whose agents get batches, and confirm what they have done of them.

    An event's value is a list of runs; see `kafka/consumer/consumer.py`.
    """

    fetch_wait: float
    """Seconds that the broker may hold back a fetch.

    Faust lets it wait 1.5 s for a first record. Apache Kafka answers the moment one arrives, but
    the embedded broker looks again only after a good part of that wait, which then is the latency
    of every transaction.
    """

    linger: float
    """Seconds before the next fetch where one brought few records, so that more can arrive.

    All that a fetch sets in motion costs the same, however little it brings.
    """

    batch_sizes: Mapping[str, int]
    """For each topic that agents read, the most records in an event."""

    on_gap: Callable[[Gap], None]
    """Called, in the consumer's thread, where a partition cannot be read on."""

    def events(self, stream: StreamT[Any]) -> AsyncIterable[EventT[Any]]:
        """Events of an agent's stream, each of them to be finished."""
        unacked = cast("Stream[Any]", stream).noack()
        return cast("AsyncIterable[EventT[Any]]", unacked.events())

    def confirm(self, event: EventT[Any], last: Run | Record) -> None:
        """Count a run or record of an event, and all before it in its partition, as done."""
        cast("ConfirmingConsumer", self.consumer).confirm(event, last)

    def finish(self, event: EventT[Any]) -> None:
        """Stop waiting for an event; what was not confirmed of it is read again."""
        cast("ConfirmingConsumer", self.consumer).finish(event)


class BatchSchema(Schema[Any, Any]):
    """Give an agent the runs of records themselves, undecoded."""

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:  # noqa: ARG002
        """Return nothing: records have their own keys."""
        return

    def loads_value(self, app: AppT, message: Message, **_: Any) -> Any:  # noqa: ARG002
        """Return a list of runs."""
        return message.value


class Transport(driver.Transport):
    """Transport with our consumer."""

    Consumer: ClassVar[type[Any]] = ConfirmingConsumer


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
