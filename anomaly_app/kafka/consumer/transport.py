"""A Faust app whose agents get batches, and confirm the records that they have processed."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar, cast

import faust
from faust import Schema
from faust.streams import Stream
from faust.transport.drivers import aiokafka as driver
from faust.types import AppT, ConsumerT, Message, StreamT, TopicT

from anomaly_app.kafka.consumer.consumer import ConfirmingConsumer
from anomaly_app.kafka.consumer.options import ConsumerOptions
from anomaly_app.kafka.consumer.pending import PendingBatch
from anomaly_app.kafka.security import password, tls_context
from anomaly_app.settings.app import Settings


class ConfirmingApp(faust.App):
    """A Faust app with our consumer; see `anomaly_app.kafka.consumer.consumer`.

    Parameters
    ----------
    group
        Name of the app and of its consumer group.
    options
        Options of the consumer.
    settings
        Faust's settings.
    """

    def __init__(self, group: str, *, options: ConsumerOptions, **settings: Any) -> None:
        super().__init__(group, **settings)
        self._consumer_options = options
        self.transport = Transport(self.conf.broker_consumer, self, options)

    def batch_topic(self, name: str, batch_size: int) -> TopicT:
        """Declare a topic that an agent reads in batches.

        Parameters
        ----------
        name
            Name of the topic; nothing is sent to the broker yet.
        batch_size
            The largest number of records in a batch.
        """
        self._consumer_options.batch_sizes[name] = batch_size
        return self.topic(name, schema=BatchSchema())

    async def batches(self, stream: StreamT[Any]) -> AsyncIterator[PendingBatch]:
        """Yield the batches of an agent's stream; each has to be confirmed and finished."""
        async for event in cast("Stream[Any]", stream).noack().events():
            consumer = cast("ConfirmingConsumer", self.consumer)
            yield PendingBatch(event.value, event.message, consumer)


class BatchSchema(Schema[Any, Any]):
    """Passes records to agents undecoded."""

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:  # noqa: ARG002
        """Return None: records have their own keys."""
        return

    def loads_value(self, app: AppT, message: Message, **_: Any) -> Any:  # noqa: ARG002
        """Return a list of `PartitionRecords`."""
        return message.value


class Transport(driver.Transport):
    """Transport with our consumer.

    Parameters
    ----------
    url, app
        Faust's arguments.
    options
        Options of the consumer.
    """

    Consumer: ClassVar[type[Any]] = ConfirmingConsumer

    def __init__(self, url: Any, app: AppT, options: ConsumerOptions) -> None:
        super().__init__(url, app)
        self._options = options

    def create_consumer(self, callback: Any, **kwargs: Any) -> ConsumerT:
        """Create the consumer."""
        return super().create_consumer(callback, options=self._options, **kwargs)


def faust_credentials(
    settings: Settings,
) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return the broker's credentials for Faust; None if there are none.

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
