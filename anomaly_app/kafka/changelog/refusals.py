"""Why the memory of a partition cannot be restored exactly: one line, with the way out."""

from enum import StrEnum
from typing import NamedTuple

from anomaly_app.errors import MemoryRefused


class Reason(StrEnum):
    """What stands against a restore."""

    RETENTION = "retention"
    REWOUND = "rewound"
    RECREATED = "recreated"
    PARTITIONS = "partitions"
    TOPIC = "topic"
    SPEC = "spec"
    CORRUPT = "corrupt"


class Refusal(NamedTuple):
    """That a partition's memory is not restored, and why."""

    reason: Reason
    detail: str
    """What was found, and what was expected."""

    def error(self, topic: str, partition: int) -> MemoryRefused:
        """Return it as the error that ends a worker."""
        # Damage is found by reading all images, which a rebuild does not do.
        option = f" --partition {topic}-{partition}" if self.reason is Reason.CORRUPT else ""
        return MemoryRefused(
            f"the memory of {topic} partition {partition} cannot be restored: {self.detail}; "
            f"{_WAYS_OUT.get(self.reason, '')}stop all workers, run `faust -A anomaly_app.app "
            f"memory rebuild{option}`, which says what is lost, and start them again"
        )


_WAYS_OUT = {
    Reason.RETENTION: "raise the topic's retention.ms or retention.bytes, ",
    Reason.REWOUND: "commit the former offsets again, or ",
    Reason.TOPIC: "set ANOMALY_TRANSACTIONS_TOPIC to that one, or another ANOMALY_GROUP, or ",
    Reason.SPEC: "set ANOMALY_MODEL to the model with the former spec, or ",
}


def retention_gap(*, needed: int, begins: int) -> Refusal:
    """Refuse since records that have to be replayed are deleted."""
    detail = (
        f"records from offset {needed} on have to be replayed, but retention has deleted those "
        f"before offset {begins}"
    )
    return Refusal(Reason.RETENTION, detail)


def rewound(*, kept: int, committed: int | None) -> Refusal:
    """Refuse since the memory knows records that the group is to judge again."""
    now = "nothing" if committed is None else f"offset {committed}"
    detail = f"it was kept up to offset {kept}, but the group has committed {now}: it was rewound"
    return Refusal(Reason.REWOUND, detail)


def recreated(*, committed: int, end: int) -> Refusal:
    """Refuse since the topic is not the one that was read."""
    detail = (
        f"the group has committed offset {committed}, but the topic ends at {end}: it was deleted "
        "and recreated, or its broker lost records"
    )
    return Refusal(Reason.RECREATED, detail)


def other_partitions(*, kept: int, found: int) -> Refusal:
    """Refuse since entities may be in other partitions than before."""
    detail = (
        f"it was kept for a topic of {kept} partitions, and the topic has {found}: "
        "entities have moved to other partitions"
    )
    return Refusal(Reason.PARTITIONS, detail)


def other_topic(*, kept: str) -> Refusal:
    """Refuse since the offsets are those of another topic."""
    return Refusal(Reason.TOPIC, f"what is published is the memory of topic {kept}")


def other_spec(*, kept: str, found: str) -> Refusal:
    """Refuse since the model remembers something else."""
    detail = f"it has the feature spec {kept[:12]}, and the model has {found[:12]}"
    return Refusal(Reason.SPEC, detail)


def corrupt(detail: str, *, topic: str, partition: int, offset: int) -> Refusal:
    """Refuse since a message on the memory topic is not what was written."""
    where = f"topic {topic} partition {partition} offset {offset}"
    return Refusal(Reason.CORRUPT, f"the message at {where} is damaged ({detail})")
