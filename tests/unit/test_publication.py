"""Which blocks are copied when, what may be sent after which commit, and what is safe."""

from typing import NamedTuple

import pytest

from anomaly_app.kafka.changelog.manifest import BlockImage
from anomaly_app.kafka.changelog.publication import FEW, Publication

INTERVAL = 60.0


class Copy(NamedTuple):
    block: int
    offset: int

    def to_bytes(self) -> bytes:
        return b""


def publication() -> Publication:
    return Publication(INTERVAL)


def test_a_steady_share_of_the_blocks_is_copied_in_each_moment() -> None:
    published, blocks, copies = publication(), [*range(600)], []
    for second in range(121):
        chosen = published.due(blocks, float(second))
        copies.append(len(chosen))
        for block in chosen:
            published.take(Copy(block, second), 0, float(second))
            published.acknowledge(Copy(block, second), 0, 0)
            for copy in published.send(10**6):
                published.acknowledge(copy, 0, 0)
    assert max(copies) <= 11
    assert sum(copies) == pytest.approx(1200, abs=20)


def test_the_block_with_the_oldest_change_comes_first_and_none_twice_in_an_interval() -> None:
    published = publication()
    published.due([7, 3], 0.0)
    assert published.due([7, 3], 30.0) == [7]
    published.take(Copy(7, 10), 5, 30.0)
    [copy] = published.send(10)
    published.acknowledge(copy, 0, 0)
    assert published.due([7, 3], 60.0) == [3]
    published.take(Copy(3, 20), 8, 60.0)
    assert published.due([7], 89.0) == []
    assert published.due([7], 90.0) == [7]


def test_after_a_pause_not_everything_is_copied_at_once() -> None:
    published = publication()
    blocks = [*range(600)]
    published.due(blocks, 0.0)
    assert len(published.due(blocks, 1000.0)) == 60


def test_copies_that_wait_for_a_commit_are_few() -> None:
    published = publication()
    blocks = [*range(100)]
    for second in range(1000):
        for block in published.due(blocks, float(second)):
            published.take(Copy(block, 9), 0, float(second))
    assert len(published.send(9)) == 25


def test_a_copy_is_sent_once_and_only_after_the_commit_that_covers_it() -> None:
    published = publication()
    early, late = Copy(1, 10), Copy(2, 20)
    published.take(early, 5, 0.0)
    published.take(late, 15, 0.0)
    assert published.send(None) == []
    assert published.send(9) == []
    assert published.send(10) == [early]
    assert published.send(20) == [late]
    assert published.send(99) == []
    published.fail(early)
    assert published.send(20) == [early]


def test_the_safe_offset_is_the_first_event_that_is_in_no_acknowledged_image() -> None:
    published = publication()
    copy = Copy(1, 30)
    published.take(copy, 5, 0.0)
    assert published.safe_offset(12, applied=30) == 5
    published.send(30)
    assert published.safe_offset(12, applied=30) == 5
    published.acknowledge(copy, 77, 4)
    assert published.safe_offset(12, applied=30) == 12
    assert published.images == {1: BlockImage(1, 30, 77, 4)}
    assert published.safe_offset(None, applied=30) == 30


def test_what_was_given_up_is_owed_and_copied_again_although_it_has_not_changed() -> None:
    published = publication()
    published.due([1], 0.0)
    published.take(Copy(1, 30), 5, 0.0)
    published.drop()
    assert published.send(99) == []
    assert published.safe_offset(None, applied=40) == 5
    assert published.due([], 2 * INTERVAL) == [1]
    published.take(Copy(1, 40), None, 2 * INTERVAL)
    assert published.safe_offset(None, applied=40) == 5
    [copy] = published.send(40)
    published.acknowledge(copy, 0, 0)
    assert published.safe_offset(None, applied=50) == 50


def test_an_acknowledgement_that_comes_after_all_says_where_the_image_is_but_settles_nothing() -> (
    None
):
    published = publication()
    copy = Copy(1, 30)
    published.take(copy, 5, 0.0)
    published.send(30)
    published.drop()
    published.acknowledge(copy, 77, 4)
    assert published.images[1].place == 77
    assert published.safe_offset(None, applied=40) == 5


def test_of_two_workers_images_the_one_with_the_higher_offset_counts() -> None:
    published = publication()
    published.adopt([BlockImage(1, 30, 7), BlockImage(2, 40, 8)], safe=25)
    published.adopt([BlockImage(1, 20, 9), BlockImage(2, 50, 10)], safe=15)
    assert published.images == {1: BlockImage(1, 30, 7), 2: BlockImage(2, 50, 10)}
    # What is dirty here is in the other's images.
    assert published.safe_offset(3, applied=60) == 25
    assert published.safe_offset(31, applied=60) == 31


def test_few_blocks_are_enough_for_a_copy_at_a_time() -> None:
    assert FEW >= 1
    published = publication()
    published.due([1], 0.0)
    assert published.due([1], INTERVAL) == [1]


def test_after_the_topic_was_made_anew_all_images_are_owed_again() -> None:
    published = publication()
    published.adopt([BlockImage(1, 30, 70), BlockImage(2, 40, 80)], safe=25)
    published.take(Copy(3, 50), 45, 0.0)
    [copy] = published.send(50)
    published.acknowledge(copy, 0, 4)
    assert published.images == {3: BlockImage(3, 50, 0, 4)}
    assert published.safe_offset(None, applied=60) == 0
    published.due([], 0.0)
    owed = published.due([], INTERVAL)
    assert sorted(owed) == [1, 2]
    for block in owed:
        published.take(Copy(block, 60), None, INTERVAL)
    for copy in published.send(60):
        published.acknowledge(copy, copy.block, 4)
    assert published.safe_offset(None, applied=60) == 60


def test_images_that_others_have_sent_meanwhile_do_not_make_the_topic_look_new() -> None:
    published = publication()
    published.take(Copy(1, 30), 5, 0.0)
    [copy] = published.send(30)
    published.adopt([BlockImage(2, 40, 80)], safe=25)
    published.acknowledge(copy, 70, 4)
    assert published.images == {2: BlockImage(2, 40, 80), 1: BlockImage(1, 30, 70, 4)}
