"""Log and count gaps in the offsets of a partition."""

import logging

from anomaly_app.kafka.consumer import Gap
from anomaly_app.observability.counters import Counters

logger = logging.getLogger(__name__)


def report_gap(gap: Gap, counters: Counters) -> None:
    """Log a gap, and count the lost offsets.

    Parameters
    ----------
    gap
        Where reading continues: after the deleted offsets, or before, if the topic was recreated.
    counters
        Its ``lost_to_retention`` grows by the offsets in the gap. These are records, except for
        offsets left empty by compaction or a transaction.
    """
    topic, partition, expected, found = gap
    if found < expected:
        logger.warning(
            "topic %s partition %d: offset %d no longer exists: the topic was deleted and "
            "recreated, or its broker lost records; reading from offset %d, so records may be "
            "judged again",
            topic,
            partition,
            expected,
            found,
        )
        return
    counters.lost_to_retention[topic, partition] += found - expected
    logger.warning(
        "topic %s partition %d: offsets %d to %d were deleted before this group had read them; "
        "reading from offset %d. Raise the topic's retention.ms or retention.bytes, or start more "
        "workers; /stats counts them in lost_to_retention",
        topic,
        partition,
        expected,
        found - 1,
        found,
    )
