"""Samples of the traffic for the log of alerts: what is common, and what part of it is odd."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import faust

from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.log import Sample, Sampled, write_entry
from anomaly_app.core.alerts.sighting import entity_name, fields_of
from anomaly_app.core.decoding.decoded import KafkaRecord, entity_of
from anomaly_app.core.scoring.embedded import embedded
from anomaly_app.errors import RecordRejected
from anomaly_app.kafka.sending import SEND_ERRORS, Outgoing, send_all

if TYPE_CHECKING:
    # It imports scikit-learn and numba, which take more than a second.
    from anomaly_app.core.scoring.pipeline import Pipeline

logger = logging.getLogger(__name__)

BETWEEN_SAMPLES = 10.0
"""Seconds."""


def define_sampling(app: faust.App, context: WorkerContext) -> None:
    """Define the task that writes samples of what this worker judges to the log of alerts."""

    async def sampling() -> None:
        while not app.should_stop:
            await app.sleep(BETWEEN_SAMPLES)
            if drawn := context.traffic.sample():
                await send_sample(drawn, app, context)

    app.task(sampling)


async def send_sample(
    records: Sequence[KafkaRecord], app: faust.App, context: WorkerContext
) -> None:
    """Write a sample; one that cannot be written is left out, since there is a next one."""
    settings = context.settings
    try:
        value = write_entry(sample_of(records, context.pipeline))
        producer = await app.maybe_start_producer()
        outgoing = Outgoing(settings.alerts_topic_name, None, value, {}, 0)
        await send_all(producer, [outgoing], timeout=BETWEEN_SAMPLES)
    except SEND_ERRORS as fault:
        logger.info("a sample of the traffic is left out: %r", fault)
    except Exception:
        logger.exception("a sample of the traffic is left out")


def sample_of(records: Sequence[KafkaRecord], pipeline: "Pipeline") -> Sample:
    """Return the sample of some records; those that are no transactions are left out."""
    found = []
    for record in records:
        try:
            transaction = pipeline.decoder.transaction(record)
        except RecordRejected:
            continue
        entity, shown = entity_of(transaction.entity, record.key), transaction.json
        if pipeline.masks is not None:
            entity = pipeline.masks.entity_of(transaction, record.key)
            shown = bytes(embedded(shown, pipeline.masks))
        found.append(Sampled(entity_name(entity), fields_of(shown, entity)))
    return Sample(tuple(found))
