"""Faust's Kafka consumer, changed to commit only confirmed records and to pass on batches.

Agents use `ConfirmingApp.batches`: each `PendingBatch` holds the records of some partitions, and is
confirmed to the consumer that it came from.

Only this package uses private parts of Faust and aiokafka. They are listed here with the reason,
and with the cost of the public alternative. `tests/unit/test_private_contracts.py` compares each of
them with the installed versions, and reports one line for each part that has changed.

aiokafka
--------
``AIOKafkaConsumer._fetch_max_wait_ms``, ``AIOKafkaConsumer._isolation_level``
    Set before the start, since Faust passes constants. Publicly: a copy of Faust's method of 60
    lines that creates the consumer.
``AIOKafkaConsumer._fetcher``
    Access to the fetcher. There is no public alternative.
``Fetcher._records``
    Replaced, so that what was fetched stays in Kafka's bytes and its arrival is announced.
    Publicly: ``getmany``, which unpacks record by record at more than 1 µs each, and is polled.
``Fetcher._proc_fetch_request``
    Wrapped, to linger before a fetch and to write the request in one piece. Publicly:
    ``fetch_min_bytes``, which delays single records by the whole of the fetch wait.
``FetchResult._partition_records``
    Replaced by batches, for the same reason as ``Fetcher._records``.
``PartitionRecords._records``, ``PartitionRecords._records_iterator``
    The batches in an answer, and an iterator that is dropped to free them early.
``PartitionRecords._consume_aborted_up_to``, ``PartitionRecords._contains_abort_marker``,
``PartitionRecords._aborted_producers``
    Which transactions were aborted. Publicly: aiokafka's unpacking, as above.
``DefaultRecordBatch``
    The reader of a batch: its offsets, producer, codec and records. Publicly: as above.
``FetchRequest``, ``FetchRequest_v11``, ``FetchResponse_v11``
    Written and read in one pass. Publicly: more than a hundred calls of Python a partition.
``AIOKafkaConsumer._subscription``
    The next position of each partition, to notice that retention deleted the records there.
    Publicly: ``position``, which waits for an unknown position, so that a seek could come between
    two partitions; and a request to the broker for each check.

Faust
-----
``AIOKafkaConsumerThread._create_worker_consumer``, ``AIOKafkaConsumerThread._ensure_consumer``
    Access to aiokafka's consumer, before and after its start.
``AIOKafkaConsumerThread._fetch_records``
    Takes fetched records. Publicly: ``getmany``, one turn of the method queue for each call.
``AIOKafkaConsumerThread._seek_wait``
    Seeks in the thread, for Faust's tables, while nothing is fetched.
``Consumer._new_consumer_thread``, ``Consumer._thread``
    Creates our thread, which Faust's consumer keeps. Publicly: a consumer of our own, with 1,000
    lines for rebalances.
``Consumer._add_gap``
    Overridden, since Faust would keep each offset that a batch skips. There is no public
    alternative.
``Consumer._drain_messages``, ``Consumer._wait_next_records``, ``Consumer._getmany``,
``Consumer._to_message``
    Pass batches on in one turn of the event loop. Publicly: ``getmany``, two tasks and four turns
    of the event loop for each event.
``Consumer._commit_offsets``
    Commits, with Faust's bookkeeping of tables and sensors. Publicly: ``commit``, which asks for
    acks.
``Consumer._read_offset``
    Cleared after a seek, so that Faust does not drop records.
``Consumer._waiting_for_ack``
    Notified when a batch is finished. Publicly: a stop or rebalance that takes up to 1 s longer.
"""

from anomaly_app.kafka.consumer.batch_reader import BatchReader, open_batch_reader
from anomaly_app.kafka.consumer.options import ConsumerOptions
from anomaly_app.kafka.consumer.ownership import PartitionListener
from anomaly_app.kafka.consumer.pending import PendingBatch
from anomaly_app.kafka.consumer.positions import Gap
from anomaly_app.kafka.consumer.record_batches import PartitionRecords, Record
from anomaly_app.kafka.consumer.transport import ConfirmingApp, faust_credentials

__all__ = [
    "BatchReader",
    "ConfirmingApp",
    "ConsumerOptions",
    "Gap",
    "PartitionListener",
    "PartitionRecords",
    "PendingBatch",
    "Record",
    "faust_credentials",
    "open_batch_reader",
]
