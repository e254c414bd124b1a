"""Private parts of Faust, aiokafka and numba are as we rely on: one line for each part.

A part that fails after an upgrade is looked up in the package's own list, which says what it is
used for, and then either the code or the pin of the version is changed.
"""

import ast
import inspect
import re
import textwrap
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import faust
import numba
import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from anomaly_app.core import compiled
from anomaly_app.kafka import consumer as package
from tests.support.fetches import TOPIC, Sent, batch, one_by_one
from tests.support.fetching import Fetching, fetching

ROOT = Path(__file__).parents[2]
OURS = ROOT / "anomaly_app/kafka/consumer"
PARTITION = TopicPartition(TOPIC, 0)
Thread = driver.AIOKafkaConsumerThread

Contract = Callable[[Fetching], Any]
CONTRACTS: dict[str, Contract] = {}


def part(*names: str) -> Callable[[Contract], Contract]:
    """Say which parts of the package's list a contract is about."""

    def remember(contract: Contract) -> Contract:
        CONTRACTS.update(dict.fromkeys(names, contract))
        return contract

    return remember


def parameters(function: Any) -> list[str]:
    return [*inspect.signature(function).parameters]


def names_in(function: Any) -> set[str]:
    """Names of attributes that a function uses."""
    return {*inspect.unwrap(function).__code__.co_names}


@part("AIOKafkaConsumer._fetch_max_wait_ms", "AIOKafkaConsumer._isolation_level")
def options_are_read_at_the_start(_: Fetching) -> None:
    assert {"_fetch_max_wait_ms", "_isolation_level"} <= names_in(AIOKafkaConsumer.__init__)
    assert {"_fetch_max_wait_ms", "_isolation_level"} <= names_in(AIOKafkaConsumer.start)


@part("AIOKafkaConsumer._fetcher")
def the_fetcher_is_made_at_the_start(_: Fetching) -> None:
    assert {"_fetcher", "Fetcher"} <= names_in(AIOKafkaConsumer.start)


@part("AIOKafkaConsumer._subscription")
def positions_are_in_the_assignment_of_the_subscription(it: Fetching) -> None:
    it.client._subscription.assign_from_subscribed({PARTITION})
    assignment = it.client._subscription.subscription.assignment
    assert assignment.tps == {PARTITION}
    assert not assignment.state_value(PARTITION).has_valid_position
    it.client.seek(PARTITION, 7)
    assert assignment.state_value(PARTITION).has_valid_position
    assert assignment.state_value(PARTITION).position == 7
    assert SubscriptionState.subscription.fset is None


@part("Fetcher._records")
async def results_are_kept_in_an_ordered_dict_and_read_batch_by_batch(it: Fetching) -> None:
    assert "OrderedDict" in names_in(Fetcher.__init__)
    assert "_records" in names_in(Fetcher._proc_fetch_request)
    kept = it.client._fetcher._records
    assert isinstance(kept, OrderedDict)
    it.client._subscription.assign_from_subscribed({PARTITION})
    it.client.seek(PARTITION, 5)
    it.answer(TP(*PARTITION), [5, 6])
    found = await it.client._fetcher.fetched_records({PARTITION}, timeout=0)
    assert [(one.first, one.end) for one in found[PARTITION]] == [(5, 7)]
    assert await it.client.position(PARTITION) == 7
    assert not kept


@part("Fetcher._proc_fetch_request")
def a_request_is_sent_by_one_method_of_the_fetcher(_: Fetching) -> None:
    assert parameters(Fetcher._proc_fetch_request) == ["self", "assignment", "node_id", "request"]
    assert inspect.iscoroutinefunction(Fetcher._proc_fetch_request)
    assert "_proc_fetch_request" in names_in(Fetcher._fetch_requests_routine)
    assert {"send", "topics"} <= names_in(Fetcher._proc_fetch_request)


@part("FetchResult._partition_records")
def a_result_iterates_over_its_records_and_takes_their_position(_: Fetching) -> None:
    assert parameters(FetchResult) == ["tp", "assignment", "partition_records", "backoff"]
    read = names_in(FetchResult.getall) | names_in(FetchResult._update_position)
    assert {"_partition_records", "next_fetch_offset"} <= read


@part("PartitionRecords._records", "PartitionRecords._records_iterator")
def an_answer_is_a_reader_of_batches_and_an_iterator_that_may_be_dropped(_: Fetching) -> None:
    found = one_by_one(batch([Sent(5), Sent(6)]), start=5)
    assert isinstance(found._records, MemoryRecords)
    assert inspect.isgenerator(found._records_iterator)
    assert found.next_fetch_offset == 5
    assert found._records.has_next()
    assert found._records.next_batch().next_offset == 7
    assert not found._records.has_next()


@part(
    "PartitionRecords._consume_aborted_up_to",
    "PartitionRecords._contains_abort_marker",
    "PartitionRecords._aborted_producers",
)
def aborted_transactions_are_known_as_batches_are_gone_through(_: Fetching) -> None:
    assert parameters(PartitionRecords._consume_aborted_up_to) == ["self", "batch_offset"]
    assert parameters(PartitionRecords._contains_abort_marker) == ["self", "next_batch"]
    found = one_by_one(batch([Sent(5)], producer=1), aborted=[(1, 5), (2, 9)])
    found._consume_aborted_up_to(4)
    assert found._aborted_producers == set()
    found._consume_aborted_up_to(5)
    assert found._aborted_producers == {1}


@part("DefaultRecordBatch")
def a_batch_has_its_offsets_producer_codec_and_records(_: Fetching) -> None:
    read = MemoryRecords(batch([Sent(5), Sent(6)], producer=3)).next_batch()
    assert (read.base_offset, read.next_offset, read.producer_id) == (5, 7, 3)
    assert (read.is_transactional, read.is_control_batch) == (True, False)
    assert read.compression_type == 0
    assert read.validate_crc()
    assert [(r.offset, r.key, r.value) for r in read] == [(5, b"k", b"{}"), (6, b"k", b"{}")]
    plain = MemoryRecords(batch([Sent(5)])).next_batch()
    assert (plain.producer_id, plain.is_transactional) == (-1, False)


@part("FetchRequest", "FetchRequest_v11", "FetchResponse_v11")
def a_fetch_is_built_in_the_version_of_the_broker(_: Fetching) -> None:
    assert parameters(FetchRequest.build) == ["self", "request_struct_class"]
    asked = FetchRequest(1, 2, 3, 1, [(TOPIC, [(0, 5, 100)])])
    built = asked.build(FetchRequest_v11)
    head = (built.replica_id, built.max_wait_time, built.min_bytes, built.max_bytes)
    assert head == (-1, 1, 2, 3)
    assert (built.isolation_level, built.session_id, built.session_epoch) == (1, 0, -1)
    assert built.topics == [(TOPIC, [(0, -1, 5, -1, 100)])]
    assert (built.forgotten_topics_data, built.rack_id) == ([], "")
    assert FetchRequest_v11.RESPONSE_TYPE is FetchResponse_v11
    assert FetchResponse_v11.API_VERSION == 11


@part("AIOKafkaConsumerThread._create_worker_consumer", "AIOKafkaConsumerThread._ensure_consumer")
def the_thread_makes_and_gives_the_client(it: Fetching) -> None:
    assert parameters(Thread._create_worker_consumer) == ["self", "transport"]
    assert "_create_worker_consumer" in names_in(Thread._create_consumer)
    assert "_create_consumer" in names_in(Thread.on_start)
    assert parameters(Thread._ensure_consumer) == ["self"]
    assert it.thread._ensure_consumer() is it.client


@part("AIOKafkaConsumerThread._fetch_records")
def the_thread_gives_what_the_fetcher_has_kept(_: Fetching) -> None:
    assert parameters(Thread._fetch_records)[:4] == [
        *("self", "consumer", "active_partitions", "timeout")
    ]
    assert {"fetched_records", "flow_active"} <= names_in(Thread._fetch_records)


@part("AIOKafkaConsumerThread._seek_wait")
def the_thread_seeks_and_waits(_: Fetching) -> None:
    assert parameters(Thread._seek_wait) == ["self", "consumer", "partitions"]
    assert "_seek_wait" in names_in(Thread.seek_wait)


@part("Consumer._new_consumer_thread")
def the_consumer_makes_its_thread_when_it_is_made(_: Fetching) -> None:
    assert parameters(driver.Consumer._new_consumer_thread) == ["self"]
    assert "_new_consumer_thread" in names_in(ThreadDelegateConsumer.__init__)


@part("Consumer._thread")
def the_consumer_keeps_its_thread(it: Fetching) -> None:
    assert isinstance(it.thread.consumer._thread, Thread)


@part("Consumer._add_gap")
def gaps_are_kept_by_one_method(_: Fetching) -> None:
    assert parameters(Consumer._add_gap) == ["self", "tp", "offset_from", "offset_to"]
    assert inspect.iscoroutinefunction(Consumer._add_gap)


@part("Consumer._drain_messages")
def the_fetcher_runs_one_method_of_the_consumer(_: Fetching) -> None:
    assert parameters(Consumer._drain_messages) == ["self", "fetcher"]
    assert inspect.iscoroutinefunction(Consumer._drain_messages)


@part("Consumer._wait_next_records", "Consumer._getmany")
def records_are_waited_for_by_methods_that_take_a_timeout(_: Fetching) -> None:
    assert parameters(Consumer._wait_next_records) == ["self", "timeout"]
    assert parameters(Consumer._getmany) == ["self", "active_partitions", "timeout"]
    assert "_getmany" in names_in(Consumer._wait_next_records)


@part("Consumer._to_message")
def what_is_handed_on_is_made_a_message_by_one_method(_: Fetching) -> None:
    assert parameters(driver.Consumer._to_message) == ["self", "tp", "record"]


@part("Consumer._commit_offsets")
def offsets_are_committed_by_one_method(_: Fetching) -> None:
    assert parameters(Consumer._commit_offsets)[:2] == ["self", "offsets"]
    assert inspect.iscoroutinefunction(Consumer._commit_offsets)
    # A commit of its own accord comes through what we override.
    assert "force_commit" in names_in(Consumer.commit)


@part("Consumer._read_offset")
def what_lies_before_a_seek_is_dropped_by_one_dict(it: Fetching) -> None:
    assert isinstance(it.thread.consumer._read_offset, dict)
    assert it.thread.consumer._read_offset[PARTITION] is None


@part("Consumer._waiting_for_ack")
def a_stop_waits_for_a_future_and_for_what_is_unacked(it: Fetching) -> None:
    assert it.thread.consumer._waiting_for_ack is None
    assert "_waiting_for_ack" in names_in(Consumer._wait_for_ack)
    # Not private, but it has to be the set itself, and to forget what Faust drops.
    assert isinstance(it.thread.consumer.unacked, WeakSet)
    assert it.thread.consumer.unacked is it.thread.consumer.unacked


@part("njit(_nrt=False)")
def without_nrt_nothing_is_counted_and_nothing_can_be_allocated(_: Fetching) -> None:
    def last(values: Any) -> Any:
        return values[1:][-1]

    def allocate(number: Any) -> Any:
        return np.zeros(number)[0]

    njit: Any = numba.njit
    counted = njit(numba.float64(compiled.DOUBLES))(last)
    plain = njit(numba.float64(compiled.DOUBLES), _nrt=False)(last)
    assert "NRT_decref" in "".join(counted.inspect_llvm().values())
    assert "NRT_" not in "".join(plain.inspect_llvm().values())
    assert plain(np.arange(5.0)) == counted(np.arange(5.0)) == 4.0
    with pytest.raises(numba.TypingError):
        njit(numba.float64(numba.int64), _nrt=False)(allocate)


@pytest.mark.parametrize("name", CONTRACTS)
async def test_a_private_part_is_as_we_rely_on(name: str) -> None:
    async with fetching() as it:
        checked = CONTRACTS[name](it)
        if inspect.isawaitable(checked):
            checked = await checked
    # Each contract asserts by itself; what it returned would be a check that nobody looks at.
    assert checked is None


def listed_parts() -> list[str]:
    """Parts in the lists of the package and of the module that compiles."""
    described = "\n".join(inspect.getdoc(one) or "" for one in (package, compiled))
    terms = [line for line in described.splitlines() if line.startswith("``")]
    return [name for line in terms for name in re.findall(r"``([^`]+)``", line)]


def test_the_list_of_private_parts_is_that_of_the_contracts() -> None:
    assert sorted(listed_parts()) == sorted(CONTRACTS)


def private_names(file: Path) -> Iterator[tuple[int, str]]:
    """Names with an underscore that a module takes from something else than itself."""
    tree = ast.parse(file.read_text())
    own = {"self", "cls"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_private = node.attr.startswith("_") and not node.attr.startswith("__")
            if is_private and not (isinstance(node.value, ast.Name) and node.value.id in own):
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            for name in (*(node.module or "").split("."), *(alias.name for alias in node.names)):
                if name.startswith("_") and not name.startswith("__"):
                    yield node.lineno, name


def own_names(tree: ast.AST) -> set[str]:
    """Private names that classes use of themselves."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
    }


@pytest.mark.parametrize(
    ("module", "base"),
    [
        ("consumer.py", driver.Consumer),
        ("fetching.py", Thread),
        ("transport.py", driver.Transport),
        ("transport.py", faust.App),
    ],
)
def test_what_our_classes_share_with_their_bases_is_in_the_list(module: str, base: type) -> None:
    file = OURS / module
    bases = [one for one in base.__mro__ if one.__module__.split(".")[0] in {"faust", "mode"}]
    theirs = {name for one in bases for name in (*vars(one), *inspect.get_annotations(one))}
    for one in bases:
        theirs |= own_names(ast.parse(textwrap.dedent(inspect.getsource(one))))
    defined = {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:2] != "__"
    }
    ours = own_names(ast.parse(file.read_text())) | {n for n in defined if n.startswith("_")}
    assert ours & theirs <= {name.rpartition(".")[2] for name in listed_parts()}


ALLOWED = {"_replace", "_asdict", "_make", "_fields", "_exit"}
"""What NamedTuple and the operating system's module have, and have documented."""


@pytest.mark.parametrize("folder", ["anomaly_app", "training", "demo", "harness", "benchmarks"])
def test_no_other_package_touches_private_parts_of_faust_and_aiokafka(folder: str) -> None:
    touched = [
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        if not file.is_relative_to(OURS) and {"faust", "aiokafka"} & imported(file)
        for line, name in private_names(file)
        if name not in ALLOWED
    ]
    assert touched == []


def imported(file: Path) -> set[str]:
    """Libraries that a module imports."""
    tree = ast.walk(ast.parse(file.read_text()))
    modules = [node.module for node in tree if isinstance(node, ast.ImportFrom) and node.module]
    tree = ast.walk(ast.parse(file.read_text()))
    plain = [alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in (*modules, *plain)}
