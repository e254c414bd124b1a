"""Faust's Kafka consumer, made to commit what is confirmed and to hand on batches.

Agents use `ConfirmingApp.batches`: each `PendingBatch` holds the records of some partitions, and is
confirmed to the consumer that handed it on.

This package, and no other, touches private parts of Faust and aiokafka. They are listed here with
the reason, and with what the public way would cost. `tests/unit/test_private_contracts.py` compares
each of them with the installed versions, and fails with one line for a part that has changed.

aiokafka
--------
``AIOKafkaConsumer._fetch_max_wait_ms``, ``AIOKafkaConsumer._isolation_level``
    Set before the start, since Faust passes constants. Publicly: a copy of Faust's method of 60
    lines that creates the consumer.
``AIOKafkaConsumer._fetcher``
    The way to the fetcher. There is none that is public.
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
    Where partitions are read on, to notice that retention deleted what was to be read next.
    Publicly: ``position``, which waits for a position that is not known, so that a seek could come
    between two partitions; and a request to the broker for each look.

Faust
-----
``AIOKafkaConsumerThread._create_worker_consumer``, ``AIOKafkaConsumerThread._ensure_consumer``
    The way to aiokafka's consumer, before and after its start.
``AIOKafkaConsumerThread._fetch_records``
    Takes what was fetched. Publicly: ``getmany``, one turn of the method queue for each look.
``AIOKafkaConsumerThread._seek_wait``
    Seeks in the thread, for the tables of Faust, while nothing is fetched.
``Consumer._new_consumer_thread``
    Makes our thread. Publicly: a consumer of our own, 1,000 lines of rebalance.
``Consumer._add_gap``
    Overridden: Faust would keep each offset that a batch skips. Publicly: an option, if there were.
``Consumer._drain_messages``, ``Consumer._wait_next_records``, ``Consumer._getmany``,
``Consumer._to_message``
    Hand batches on in one turn of the event loop. Publicly: ``getmany``, two tasks and four turns
    of the event loop for each event.
``Consumer._commit_offsets``
    Commits, with Faust's bookkeeping of tables and sensors. Publicly: ``commit``, which asks for
    acks.
``Consumer._read_offset``
    Cleared after a seek, so that Faust drops nothing.
``Consumer._waiting_for_ack``
    Notified when a batch is finished. Publicly: a stop or rebalance that takes up to 1 s longer.
"""

from anomaly_app.kafka.consumer.options import ConsumerOptions
from anomaly_app.kafka.consumer.pending import PendingBatch
from anomaly_app.kafka.consumer.positions import Gap
from anomaly_app.kafka.consumer.record_batches import PartitionRecords, Record
from anomaly_app.kafka.consumer.transport import ConfirmingApp, faust_credentials

__all__ = [
    "ConfirmingApp",
    "ConsumerOptions",
    "Gap",
    "PartitionRecords",
    "PendingBatch",
    "Record",
    "faust_credentials",
]
