"""The arithmetic of the benchmark of the memory: payments, events, features of peers, the plan."""

import json
import math
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from click.testing import CliRunner

from anomaly_app.core.memory.layout import Plan as Layout
from benchmarks.__main__ import cli
from benchmarks.entity_memory.goals import GOALS, WITH, WITHOUT
from benchmarks.entity_memory.kernel import EventMaker, Kernel
from benchmarks.entity_memory.payments import LARGE, NAMES, Payments
from benchmarks.entity_memory.plan import PARTS, Plan
from benchmarks.entity_memory.resident import measure_resident
from benchmarks.entity_memory.spec import FEATURES, thirty_features
from benchmarks.entity_memory.watching import Seen
from benchmarks.goals import judge
from benchmarks.records import BLOCK, blocks
from benchmarks.results import CPU, Results
from benchmarks.systems.payment_past import DAY, HOUR, Past, features_and_past

CARDS = 40


def written(count: int, **options: int) -> list[tuple[bytes, bytes]]:
    return [each for block in blocks(count, **options) for each in Payments(CARDS)(block)]  # type: ignore[arg-type]


def payment(amount: float, *, at: float) -> dict[str, object]:
    time = datetime.fromtimestamp(at, UTC).isoformat()
    return {"time": time, "features": {"amount": amount}}


def test_payments_are_the_same_wherever_they_begin() -> None:
    whole = written(2 * BLOCK)
    assert whole == written(2 * BLOCK)
    assert written(2 * BLOCK, start=BLOCK) == whole[BLOCK:]


def test_a_card_pays_in_one_partition_and_first_of_all_once() -> None:
    keys = [key for key, _ in written(400)]
    partitions = {(key, number % 4) for number, key in enumerate(keys)}
    assert len(partitions) == len(set(keys)) == CARDS
    assert len({*keys[:CARDS]}) == CARDS
    assert keys[CARDS : 2 * CARDS] != keys[2 * CARDS : 3 * CARDS]


def test_a_card_pays_about_once_a_day_however_many_there_are() -> None:
    for cards in (CARDS, 400):
        block = next(blocks(1_000))
        times = Payments(cards).times(block)
        assert (times[-1] - times[0]) / (999 / cards) == pytest.approx(DAY * 1_000.0)


def test_a_payment_reads_as_it_was_made_and_only_marked_ones_are_large() -> None:
    block = next(blocks(1_000, marked={7}))
    values = [json.loads(value)["features"] for _, value in Payments(CARDS)(block)]
    assert {*values[0]} == {"merchant", *NAMES}
    assert [row["amount"] for row in values] == block.matrix[:, 0].tolist()
    assert values[7]["amount"] > LARGE
    assert (
        max(v["amount"] for v, far in zip(values, block.injected, strict=True) if not far) < LARGE
    )


def test_the_spec_that_is_measured_has_thirty_features_in_four_hundred_bytes() -> None:
    layout = Layout(thirty_features(512).keys[0])
    assert len({*layout.names}) == len(FEATURES) == 30
    assert layout.record_bytes == 400


def test_made_events_have_a_key_for_each_entity() -> None:
    maker = EventMaker(Layout(thirty_features(512).keys[0]), 1_000.0)
    first, second = maker.batches(np.arange(5_000))
    assert len(np.unique(np.concatenate([first.keys, second.keys]))) == 5_000
    assert second.offsets[0] == first.offsets[-1] + 1
    assert (maker.make(np.arange(10)).keys == first.keys[:10]).all()


def test_a_kernel_is_timed_with_all_entities_active() -> None:
    kernel = Kernel(1_000)
    assert kernel.microseconds(8_192) > 0.0
    assert 20.0 < kernel.published_bytes() < 408.0


def test_resident_memory_is_that_of_records_clocks_and_index() -> None:
    found = measure_resident(60_000, 400_000)
    assert found.entities > 58_000
    assert found.record_bytes + 8 < found.bytes_per_entity < found.record_bytes + 60
    assert found.flooded < 1.05 * found.full


def test_peers_count_and_add_up_what_is_in_their_windows() -> None:
    past: Past = {}
    noon = 1_767_268_800.0
    for amount, at in ((10.0, 0.0), (20.0, 2 * DAY), (30.0, 2 * DAY + 60.0)):
        _, past = features_and_past(past, payment(amount, at=noon + at))
    features, past = features_and_past(past, payment(40.0, at=noon + 2 * DAY + HOUR / 2))
    share = DAY / (30 * DAY)
    assert features["ratio:count:1d"] == pytest.approx((2 + 1) / (3 * share + 1))
    assert features["ratio:sum:1d"] == pytest.approx((50.0 + 40.0) / (60.0 * share + 20.0))
    assert sum(count for _, count, _ in past["windows"]["30d"]) == 4
    features, past = features_and_past(past, payment(1.0, at=noon + 90 * DAY))
    assert features["ratio:count:7d"] == 1.0
    assert json.loads(json.dumps(past)) == past


def test_peers_compare_an_amount_with_the_cards_usual_one() -> None:
    features, past = features_and_past({}, payment(10.0, at=0.0))
    assert features["relative:amount"] == 0.0
    features, _ = features_and_past(past, payment(100.0, at=60.0))
    assert features["relative:amount"] == pytest.approx(math.log(101.0 / 11.0))


def test_a_worker_judges_when_all_its_partitions_are_live() -> None:
    def seen(*live: bool) -> Seen:
        return Seen(0.0, {"memory": {"partitions": [{"live": each} for each in live]}})

    assert seen(True, True).judges(2)
    assert not seen(True, False).judges(2)
    assert not seen(True).judges(2)
    assert not Seen(0.0, {}).has(1)
    assert (Seen(0.0, {}).events, Seen(0.0, {"memory": None}).bytes_sent) == (0, 0)


def test_a_plan_takes_longer_with_more_parts_and_rounds() -> None:
    alone = [Plan(frozenset({part}), 1).estimate() for part in PARTS]
    assert max(alone) < Plan(runs=1).estimate() < Plan(runs=3).estimate()
    assert Plan.quick(frozenset(PARTS)).estimate() < 0.3 * Plan().estimate()
    assert not Plan(frozenset({"kernel", "bytes"})).needs_broker


def test_there_is_room_for_twice_the_cards_of_a_log() -> None:
    assert Plan(remembered=1_000_000).capacity == 2**19
    assert Plan(remembered=1_000).capacity == 512


def test_goals_of_the_memory_are_about_different_things_and_are_judged_by_ratios() -> None:
    assert len({goal.what for goal in GOALS}) == len(GOALS)
    results = Results()
    results.add(WITH, CPU, 10.0)
    results.add(WITHOUT, CPU, 6.0)
    (judged,) = judge(results, GOALS)
    assert judged.met
    assert judged.measured == pytest.approx(10 / 6)


def test_a_part_that_does_not_exist_is_refused_in_one_line() -> None:
    common = ["--quick", "--app-environment", sys.prefix]
    ran = CliRunner().invoke(cli, [*common, "memory", "--only", "kernel,kernels"])
    assert ran.exit_code == 2
    [line] = [line for line in ran.stderr.splitlines() if "rror" in line]
    assert "unknown part kernels; choose from kernel, bytes, worker" in line
