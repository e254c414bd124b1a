"""Gaps in what a partition holds: said in the log, and counted."""

import logging

from anomaly_app.kafka.consumer import Gap
from anomaly_app.observability.counters import Counters

logger = logging.getLogger(__name__)


def report_gap(gap: Gap, counters: Counters) -> None:
    """Log a gap, and count what is lost by it.

    Parameters
    ----------
    gap
        Where reading goes on: behind what is gone, or before it, where the topic was made anew.
    counters
        Its ``lost_to_retention`` grows by the offsets in the gap. They are records, but for
        those that compaction or a transaction has left empty.
    """
    topic, partition, expected, found = gap
    if found < expected:
        logger.warning(
            "topic %s partition %d: offset %d does not exist any more, the topic was deleted and "
            "created again or its broker lost records; reading from offset %d, so that records "
            "may be judged again",
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
