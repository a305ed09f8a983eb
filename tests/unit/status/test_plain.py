"""JSON that is safe to print."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hotfolder.status.plain import as_json

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_nothing_is_lost_and_nothing_in_it_moves_the_cursor(value: Any) -> None:
    text = as_json(value)
    assert json.loads(text) == value
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    text.encode()


def test_letters_stay_readable() -> None:
    assert as_json({"file": "Übung №1 שלום.jpg"}) == '{"file": "Übung №1 שלום.jpg"}'
