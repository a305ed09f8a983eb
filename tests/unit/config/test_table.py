"""Choices between keys are checked beside the keys, and said in the JSON Schema."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from hotfolder.config.table import Table


class Fruit(Table):
    exactly_one: ClassVar = (("apple", "pear"),)
    at_most_one: ClassVar = (("pear", "plum"),)
    never_empty: ClassVar = True

    apple: int | None = None
    pear: int | None = None
    plum: int | None = None


class Basket(Table):
    fruit: Fruit


def errors(data: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as caught:
        Basket.model_validate(data)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_good_choices_pass() -> None:
    Basket.model_validate({"fruit": {"apple": 1, "plum": 1}})


def test_wrong_choice_and_wrong_values_come_together() -> None:
    assert [location for location, _ in errors({"fruit": {"apple": "x", "pear": 1, "plum": "y"}})] == [
        ("fruit", "apple"),
        ("fruit", "plum"),
        ("fruit", "pear"),
        ("fruit", "plum"),
    ]


def test_missing_choice_is_the_tables_problem() -> None:
    assert errors({"fruit": {"plum": 1}}) == [(("fruit",), 'one of the keys "apple" or "pear"')]


def test_empty_table_says_nothing() -> None:
    assert (("fruit",), "at least one of its keys: apple, pear, plum") in errors({"fruit": {}})


@pytest.mark.parametrize("value", [True, 1.0, "1", float("inf")])
def test_types_are_strict(value: object) -> None:
    assert errors({"fruit": {"apple": value}})[0][0] == ("fruit", "apple")
