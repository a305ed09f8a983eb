"""
What all tables of the model share: strictness, checks with words for people, and choices between keys.

The same declarations feed the checks and the JSON Schema, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from hotfolder.config.problems import one_of, quoted

OUR_ERROR = "hotfolder"  # the type of errors that bring their own words in `ctx`: wanted, and found or ""


def refusal(wanted: str, found: str = "") -> PydanticCustomError:
    """Return the error for a value that is not as wanted; `found` replaces the value itself in the message."""
    return PydanticCustomError(OUR_ERROR, "{wanted}", {"wanted": wanted, "found": found})


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """
    Metadata of a field: a test beyond its type, and what people are told it wants.

    `test` returns None for a good value, else what is wanted instead, in full.
    `pattern` is a regular expression that says the same for the JSON Schema, as far as it can.
    """

    wanted: str
    test: Callable[[Any], str | None]
    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def checked(value: Any) -> Any:
            wanted = self.test(value)
            if wanted is not None:
                raise refusal(wanted)
            return value

        return core_schema.no_info_after_validator_function(checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern, "x-wanted": self.wanted}


class Table(BaseModel):
    """One table of the configuration, with values as people write them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    exactly_one: ClassVar[tuple[tuple[str, ...], ...]] = ()  # of each group of keys one must be there, and one only
    at_most_one: ClassVar[tuple[tuple[str, ...], ...]] = ()
    never_empty: ClassVar[bool] = False  # a table without any key says nothing, so it is a mistake

    @model_validator(mode="wrap")
    @classmethod
    def _report_choices_beside_fields(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the choices between keys also where single keys are wrong, so that all problems come at once."""
        wrong = list(cls._wrong_choices(data)) if isinstance(data, Mapping) else []
        try:
            table = handler(data)
        except ValidationError as error:
            wrong = [*map(_again, error.errors(include_url=False)), *wrong]
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return table

    @classmethod
    def _wrong_choices(cls, data: Mapping[str, Any]) -> list[InitErrorDetails]:
        wrong: list[InitErrorDetails] = []
        if cls.never_empty and not data:
            wrong.append({"type": refusal(f"at least one of its keys: {', '.join(cls.model_fields)}"), "input": data})
        for group in (*cls.exactly_one, *cls.at_most_one):
            stated = [key for key in group if key in data]
            if len(stated) > 1:
                error = refusal(f"only one of {one_of(group)}", f"it beside {quoted(stated[0])}")
                wrong.append({"type": error, "loc": (stated[1],), "input": data})
            elif not stated and group in cls.exactly_one:
                error = refusal(f"one of the keys {one_of(group)}", "none")
                wrong.append({"type": error, "input": data})
        return wrong

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        result = handler(schema)
        node = handler.resolve_ref_schema(result)
        node.pop("title", None)
        if cls.never_empty:
            node["minProperties"] = 1
        choices: list[JsonSchemaValue] = [
            {"oneOf": [{"required": [key]} for key in group]} for group in cls.exactly_one
        ]
        choices += [{"not": {"required": list(pair)}} for group in cls.at_most_one for pair in combinations(group, 2)]
        if choices:
            node["allOf"] = choices
        return result


def _again(details: Any) -> InitErrorDetails:
    """Return an error that pydantic reported in the form in which it takes it back; our own keep their words."""
    ours = details["type"] == OUR_ERROR
    error = PydanticCustomError(details["type"], details["msg"], details["ctx"] if ours else None)
    return {"type": error, "loc": details["loc"], "input": details["input"]}
