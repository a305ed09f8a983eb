"""Values on their way into columns and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import drop

from hotfolder.core.journal import DROP_COLUMNS, JOB_COLUMNS, POST_COLUMNS, PUBLISH_COLUMNS
from hotfolder.core.model import Identity
from hotfolder.edges.ledger.rows import (
    DROP,
    JOB,
    POST,
    PUBLISH,
    from_moment,
    from_path,
    identity_hash,
    to_moment,
    to_path,
    to_text,
)
from hotfolder.edges.ledger.tables import drops, jobs, posts, publishes

# Everything that statx can tell: device and inode have 64 bits, seconds 63 and a sign.
any_identity = st.builds(
    Identity,
    device=st.integers(0, 2**64 - 1),
    inode=st.integers(0, 2**64 - 1),
    size_bytes=st.integers(0, 2**63 - 1),
    mtime_ns=st.integers(-(2**63) * 10**9, 2**63 * 10**9 - 1)
    | st.sampled_from([-1, 0, 10**9 - 1, 2**63, -(10**9)])
    | st.integers(0, 2 * 10**18),
)


@given(any_identity)
def test_every_identity_a_file_may_have_fits_and_comes_back(identity: Identity) -> None:
    """A file from the year 292 billion, as `touch` makes it on Btrfs, must not stop the commits of all others."""
    record = drop(1)
    record.identity = identity
    columns = DROP.whole([record])
    stored = [columns[name][0] for name in DROP.names(["identity"])]
    assert all(-(2**63) <= value < 2**63 for value in stored)
    names = DROP.names(DROP_COLUMNS)
    assert DROP.records(names, [[columns[name][0] for name in names]]) == [record]


@given(any_identity)
def test_a_hash_of_an_identity_fits_into_a_column(identity: Identity) -> None:
    assert -(2**63) <= identity_hash(identity) < 2**63


def test_neighbouring_inodes_and_equal_times_have_hashes_of_their_own() -> None:
    """An unpacked archive gives a thousand files one mtime; a camera gives neighbours neighbouring ones."""
    found = {identity_hash(Identity(1, inode, 5, 10**18 + step)) for inode in range(1000) for step in range(100)}
    assert len(found) == 100_000


@given(st.datetimes(timezones=st.timezones()))
def test_every_moment_comes_back_as_the_same_moment(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return  # the first and last day of all time, seen from elsewhere
    assert from_moment(to_moment(moment)) == utc


@given(st.binary(max_size=40))
def test_every_name_of_a_file_comes_back(name: bytes) -> None:
    assert to_path(from_path(name)) == name


def test_text_that_no_file_system_gave_is_no_path_and_no_trouble() -> None:
    assert to_path("half \ud800 a pair") == b"half \xed\xa0\x80 a pair"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain", "plain"),
        ("Stühle 椅子 🪑", "Stühle 椅子 🪑"),
        ("IMG_\udce4.jpg", "IMG_\\udce4.jpg"),
        ("a\0b", "a\\x00b"),
        ("ä\0\ud800", "ä\\x00\\ud800"),
        (None, None),
    ],
)
def test_text_is_kept_as_it_is_unless_a_database_would_refuse_it(text: str | None, stored: str | None) -> None:
    assert to_text(text) == stored


def test_every_attribute_has_its_columns_and_every_column_its_attribute() -> None:
    for shape, attributes, table in (
        (DROP, DROP_COLUMNS, drops),
        (JOB, JOB_COLUMNS, jobs),
        (POST, POST_COLUMNS, posts),
        (PUBLISH, PUBLISH_COLUMNS, publishes),
    ):
        assert shape.attributes == attributes
        assert set(shape.names(attributes)) == set(table.columns.keys())
