"""Batches, and how they are spread over POSTs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import drop, waiting_drops

from hotfolder.core.batching import SHARED_BYTES, choose, is_due, pack
from hotfolder.core.model import Drop
from hotfolder.core.naming import is_plain
from hotfolder.core.settings import BatchSettings

limits = st.builds(
    BatchSettings, max_files=st.sampled_from([1, 2, 5, 200]), max_bytes=st.sampled_from([1, 20, 10 * 1024**2, 10**12])
)


@given(waiting_drops(), limits, st.sets(st.sampled_from(["a", "b", "ä"])))
def test_batch_keeps_every_limit(waiting: list[Drop], limit: BatchSettings, busy: set[str]) -> None:
    batch = choose(waiting, limits=limit, busy_assets=busy)
    assert len({item.asset for item in batch}) == len(batch)
    assert len({item.options for item in batch}) <= 1
    assert busy.isdisjoint(item.asset for item in batch)
    assert len(batch) <= limit.max_files
    assert len(batch) <= 1 or sum(item.identity.size_bytes for item in batch) <= limit.max_bytes
    assert len(batch) <= 1 or not any(item.alone for item in batch)
    assert [item.id for item in batch] == sorted(item.id for item in batch)


@given(waiting_drops(), limits, st.sets(st.sampled_from(["a", "b", "ä"])))
def test_nobody_overtakes_an_older_version(waiting: list[Drop], limit: BatchSettings, busy: set[str]) -> None:
    for item in choose(waiting, limits=limit, busy_assets=busy):
        assert next(other for other in waiting if other.asset == item.asset) is item


@given(waiting_drops(), limits)
def test_all_go_in_some_batch_and_the_oldest_in_the_first(waiting: list[Drop], limit: BatchSettings) -> None:
    left = list(waiting)
    while left:
        batch = choose(left, limits=limit, busy_assets=())
        assert batch[0] is left[0]
        left = [item for item in left if item not in batch]


def test_older_version_with_other_options_goes_first() -> None:
    """Else it would be stored over the newer one."""
    waiting = [drop(1, "a.jpg"), drop(2, "b.jpg", options="{1}"), drop(3, "b.jpg"), drop(4, "c.jpg")]
    assert [item.id for item in choose(waiting, limits=BatchSettings(), busy_assets=())] == [1, 4]


def test_nothing_can_go_when_all_is_busy() -> None:
    assert choose([drop(1), drop(2)], limits=BatchSettings(), busy_assets={"chair"}) == []
    assert choose([], limits=BatchSettings(), busy_assets=()) == []


def test_file_larger_than_the_limit_goes_alone() -> None:
    large, small = drop(1, "a.jpg", size_bytes=100), drop(2, "b.jpg", size_bytes=1)
    assert choose([large, small], limits=BatchSettings(max_bytes=50), busy_assets=()) == [large]
    assert choose([small, large], limits=BatchSettings(max_bytes=50), busy_assets=()) == [small]


def test_batch_may_fill_its_limit_to_the_byte() -> None:
    pair = [drop(1, "a.jpg", size_bytes=30), drop(2, "b.jpg", size_bytes=20), drop(3, "c.jpg", size_bytes=0)]
    assert choose(pair, limits=BatchSettings(max_bytes=50), busy_assets=()) == pair[:2]
    assert choose(pair, limits=BatchSettings(max_bytes=49), busy_assets=()) == pair[:1]


def test_drop_that_must_be_alone_is() -> None:
    alone, other = drop(1, "a.jpg", alone=True), drop(2, "b.jpg")
    assert choose([alone, other], limits=BatchSettings(), busy_assets=()) == [alone]
    assert choose([other, alone], limits=BatchSettings(), busy_assets=()) == [other]


def test_choosing_reads_no_further_than_it_has_to() -> None:
    read = 0

    def endless() -> Iterator[Drop]:
        nonlocal read
        while True:
            read += 1
            yield drop(read, f"{read}.jpg")

    assert len(choose(endless(), limits=BatchSettings(max_files=200), busy_assets=())) == 200
    assert read == 200


def test_choosing_among_many_is_quick_at_its_worst() -> None:
    waiting = [drop(number, f"{number}.jpg", options="{}" if number == 0 else "{1}") for number in range(50_000)]
    began = time.perf_counter()
    assert len(choose(waiting, limits=BatchSettings(), busy_assets=())) == 1
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("waited_s", "files", "size_bytes", "due"),
    [
        (9.9, 1, 1, False),
        (10, 1, 1, True),
        (0, 200, 1, True),
        (0, 199, 4 * 1024**3 - 1, False),
        (0, 1, 4 * 1024**3, True),
        (99, 0, 0, False),
    ],
)
def test_batch_is_due_by_age_or_when_full(waited_s: float, files: int, size_bytes: int, due: bool) -> None:
    assert is_due(BatchSettings(), waited_s=waited_s, files=files, size_bytes=size_bytes) is due


@given(waiting_drops(), st.sampled_from([1, 2, 5, 20]))
def test_every_drop_is_in_exactly_one_post(batch: list[Drop], files_per_post: int) -> None:
    by_id = {item.id: item for item in batch}
    plans = pack(batch, files_per_post=files_per_post)
    assert sorted(id_ for plan in plans for id_ in plan.drops) == sorted(by_id)
    assert plans == pack(batch, files_per_post=files_per_post)
    for plan in plans:
        files = [by_id[id_] for id_ in plan.drops]
        assert {item.destination for item in files} == {plan.destination}
        assert [item.id for item in files] == sorted(item.id for item in files)
        if len(files) > 1:
            assert len(files) <= files_per_post
            assert sum(item.identity.size_bytes for item in files) <= SHARED_BYTES
            assert plan.file_name is None
            assert all(is_plain(item.sent_name) and not item.alone for item in files)
        else:
            assert plan.file_name in (None, files[0].sent_name)
            assert (plan.file_name is None) == is_plain(files[0].sent_name)
    assert [plan.drops[0] for plan in plans] == sorted(plan.drops[0] for plan in plans)


def test_small_files_of_one_destination_share_a_post() -> None:
    batch = [
        drop(1, "a.jpg", destination="x"),
        drop(2, "b.jpg", destination="y"),
        drop(3, "c.jpg", destination="x"),
        drop(4, "ä.jpg", destination="x"),
        drop(5, "d.jpg", destination="x", size_bytes=SHARED_BYTES),
        drop(6, "e.jpg", destination="x"),
    ]
    plans = pack(batch, files_per_post=20)
    assert [plan.drops for plan in plans] == [(1, 3), (2,), (4,), (5,), (6,)]
    assert [plan.file_name for plan in plans] == [None, None, "ä.jpg", None, None]


def test_post_may_be_filled_to_the_byte() -> None:
    assert SHARED_BYTES == 16 * 1024 * 1024
    half = SHARED_BYTES // 2
    assert len(pack([drop(1, "a.jpg", size_bytes=half), drop(2, "b.jpg", size_bytes=half)], files_per_post=20)) == 1
    assert len(pack([drop(1, "a.jpg", size_bytes=half), drop(2, "b.jpg", size_bytes=half + 1)], files_per_post=20)) == 2
