"""What a loader decides from the manifest, the images, the log and the committed offset."""

import pytest
from msgspec.structs import replace

from anomaly_app.kafka.changelog.manifest import BlockImage, Manifest
from anomaly_app.kafka.changelog.plan import Plan, SourceLog, plan_restore
from anomaly_app.kafka.changelog.refusals import Reason, Refusal

SPEC = "3fa2"
LOG = SourceLog(begins=0, ends=1000, committed=900, partitions=4, topic="transactions")
IMAGES = {0: 700, 1: 800}
MANIFEST = Manifest(
    topic="transactions",
    spec=SPEC,
    partitions=4,
    epoch=1,
    begins=0,
    safe=750,
    committed=850,
    images=(BlockImage(0, 700, 5), BlockImage(1, 800, 6)),
)


def plan(
    manifest: Manifest | None = MANIFEST,
    images: dict[int, int] = IMAGES,
    log: SourceLog = LOG,
    spec: str = SPEC,
) -> Plan | Refusal:
    return plan_restore(manifest, images, log, spec)


def refused(found: Plan | Refusal) -> str:
    """Give the reason of a refusal, whose line names the partition and the way out."""
    assert isinstance(found, Refusal)
    line = str(found.error("transactions", 3))
    assert line.startswith("the memory of transactions partition 3 cannot be restored: ")
    assert "`faust -A anomaly_app.app memory rebuild`" in line
    assert "\n" not in line
    return found.reason


def test_it_replays_from_the_safe_offset_to_the_committed_one() -> None:
    assert plan() == Plan(750, 900)


def test_an_idle_partition_has_nothing_to_replay_even_if_its_records_are_gone() -> None:
    idle = replace(MANIFEST, safe=900, committed=900)
    assert plan(idle, log=LOG._replace(begins=950)) == Plan(900, 900)


def test_without_a_manifest_everything_that_is_retained_is_replayed() -> None:
    assert plan(None, {}, LOG._replace(begins=100)) == Plan(100, 900)


@pytest.mark.parametrize("manifest", [None, replace(MANIFEST, committed=None, images=())])
def test_a_group_without_a_commit_begins_with_an_empty_memory(manifest: Manifest | None) -> None:
    assert plan(manifest, {}, LOG._replace(begins=100, committed=None)) == Plan(100, 100)


def test_a_newer_image_than_the_manifest_knows_is_as_good() -> None:
    assert plan(images={0: 900, 1: 800}) == Plan(750, 900)


def test_an_older_image_than_the_manifest_knows_is_made_up_for_by_the_log() -> None:
    """A worker that was frozen has written it, and compaction has removed the newer one."""
    assert plan(images={0: 300, 1: 800}) == Plan(300, 900)
    assert plan(images={1: 800}) == Plan(0, 900)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (plan(log=LOG._replace(begins=751)), Reason.RETENTION),
        (plan(images={0: 300, 1: 800}, log=LOG._replace(begins=301)), Reason.RETENTION),
        (plan(log=LOG._replace(committed=849)), Reason.REWOUND),
        (plan(log=LOG._replace(committed=None)), Reason.REWOUND),
        (plan(images={0: 901, 1: 800}), Reason.REWOUND),
        (plan(None, {0: 0}, LOG._replace(committed=None)), Reason.REWOUND),
        (plan(log=LOG._replace(ends=899)), Reason.RECREATED),
        (plan(log=LOG._replace(partitions=8)), Reason.PARTITIONS),
        (plan(spec="77ab"), Reason.SPEC),
        (plan(log=LOG._replace(topic="payments")), Reason.TOPIC),
    ],
)
def test_what_cannot_be_exact_is_refused(found: Plan | Refusal, reason: Reason) -> None:
    assert refused(found) == reason
