"""
The bandwidth of a configuration: one for always, or several by the time of day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from hotfolder.config.problems import quoted
from hotfolder.config.table import Table, refusal
from hotfolder.config.units import BANDWIDTH, HOURS, parse_bandwidth, parse_hours
from hotfolder.core.bandwidth import Bandwidth, BandwidthWindow, overlapping

WANTED = f'{BANDWIDTH.wanted}, or a list by hours such as [{{ hours = "08:00-18:00", limit = "20MB/s" }}]'


class BandwidthHours(Table):
    """A limit for some hours of every day."""

    hours: Annotated[str, HOURS] = Field(
        description='By the local time of this machine; over midnight "22:00-06:00".', examples=["08:00-18:00"]
    )
    limit: Annotated[str, BANDWIDTH] = Field(description="For all jobs together.", examples=["20MB/s"])


class _TextOrWindows:
    """Metadata of the field: which of the two forms a value has is told by its type, so that messages are of that."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_checked, handler.generate_schema(list[BandwidthHours]))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        windows = {**handler(schema), "minItems": 1}
        return {**windows, "type": ["string", "array"], "pattern": BANDWIDTH.pattern, "x-wanted": WANTED}


BandwidthText = Annotated[str | Sequence[BandwidthHours], _TextOrWindows()]


def resolve_bandwidth(stated: str | Sequence[BandwidthHours]) -> Bandwidth:
    """Return a bandwidth as the core knows it; outside of all hours it is unlimited."""
    if isinstance(stated, str):
        return Bandwidth(bytes_s=parse_bandwidth(stated))
    return Bandwidth(windows=tuple(map(_window, stated)))


def _window(stated: BandwidthHours) -> BandwidthWindow:
    begin, end = parse_hours(stated.hours)
    return BandwidthWindow(begin=begin, end=end, bytes_s=parse_bandwidth(stated.limit))


def _checked(value: Any, as_windows: ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, list):
        return _without_overlap(as_windows(value))
    wanted = BANDWIDTH.test(value) if isinstance(value, str) else WANTED
    if wanted is not None:
        raise refusal(WANTED if wanted == BANDWIDTH.wanted else wanted)
    return value


def _without_overlap(windows: list[BandwidthHours]) -> list[BandwidthHours]:
    if not windows:
        raise refusal(f"at least one entry, or {BANDWIDTH.wanted}")
    found = overlapping(tuple(map(_window, windows)))
    if found is None:
        return windows
    later, earlier = found
    error = refusal(f"hours that do not overlap {quoted(windows[earlier].hours)}, which has a limit of its own")
    raise ValidationError.from_exception_data(
        "bandwidth", [{"type": error, "loc": (later, "hours"), "input": windows[later].hours}]
    )
