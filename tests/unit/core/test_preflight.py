"""What is refused before it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import file_names

from hotfolder.core.model import NotTaken
from hotfolder.core.naming import unusable
from hotfolder.core.preflight import POST_EXTRA_BYTES, objection, too_large
from hotfolder.core.wording import spoken_size

LIMIT = 2 * 1024**3


@pytest.mark.parametrize(
    ("size_bytes", "limit", "is_refused"),
    [
        (LIMIT - POST_EXTRA_BYTES, LIMIT, False),
        (LIMIT - POST_EXTRA_BYTES + 1, LIMIT, True),
        (10**15, None, False),
        (0, POST_EXTRA_BYTES, False),
        (1, POST_EXTRA_BYTES, True),
        (1, 5, True),
    ],
)
def test_a_file_and_what_stands_around_it_have_to_fit_into_one_post(
    size_bytes: int, limit: int | None, is_refused: bool
) -> None:
    assert POST_EXTRA_BYTES == 65_536
    assert (too_large(size_bytes, limit) is not None) == is_refused


def test_a_file_that_is_too_large_is_told_both_sizes_and_a_cure() -> None:
    assert too_large(3 * 1024**3, LIMIT) == (
        "it has 3.0 GiB (3,221,225,472 bytes), and the server takes no file of more than 2.0 GiB "
        "(2,147,418,112 bytes): make it smaller and drop that instead, or ask for another way to get it there"
    )


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB (1,024 bytes)"),
        (5 * 1024**4, "5.0 TiB (5,497,558,138,880 bytes)"),
    ],
)
def test_sizes_are_told_to_the_byte(size_bytes: int, words: str) -> None:
    assert spoken_size(size_bytes) == words


@given(file_names, st.none() | st.sampled_from(NotTaken), st.integers(0, 2**50), st.none() | st.integers(0, 2**50))
def test_one_objection_is_told_and_a_name_that_cannot_be_sent_comes_first(
    name: str, head: NotTaken | None, size_bytes: int, limit: int | None
) -> None:
    reason = objection(name, size_bytes, head, limit)
    if unusable(name) is not None:
        assert reason == unusable(name)
    elif head is not None:
        assert reason is not None
        assert "does not take" in reason
    else:
        assert reason == too_large(size_bytes, limit)
