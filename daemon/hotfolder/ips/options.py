"""
Upload options: from the shape people write to the elements of UploadPostJob, in the order the server insists on.

One table holds names, order and types (PROTOCOL 2.3 and 3). To add an option, add its line there.
Crop and keywords are the two options with a shape of our own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from hotfolder.core.option_names import is_handle
from hotfolder.core.settings import OptionValues
from hotfolder.ips.markup import NAMESPACE, DocumentError, add_text


class OptionError(DocumentError):
    """An option has no such name, is missing, or its value has the wrong type."""


def _boolean(value: object) -> str:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return "true" if value else "false"


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _int(value: object) -> str:
    """Render xsd:int, which has 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise TypeError("a whole number of 32 bits")
    return str(value)


def _long(value: object) -> str:
    """Render xsd:long, which has 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise TypeError("a whole number of 64 bits")
    return str(value)


def _double(value: object) -> str:
    """Render xsd:double without an exponent (PROTOCOL 3.3)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("a finite number")
    return format(Decimal(repr(float(value))), "f")


def _handle(value: object) -> str:
    """Refuse names: the server would take one for a handle of something else, or of nothing."""
    if not isinstance(value, str) or not is_handle(value):
        raise TypeError("a handle")
    return value


Scalar = Callable[[object], str]
"""Renders a value, or raises TypeError with what it wants."""


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """Any number of elements `items` (PROTOCOL 2.3: HandleArray)."""

    type: Scalar


@dataclass(frozen=True, slots=True)
class Member:
    """One element: a scalar, an array of them, or a group of members in wire order."""

    name: str
    type: Scalar | ArrayOf | tuple[Member, ...]
    required: bool = False


_KNOCKOUT_BACKGROUND = (
    Member("corner", _string, required=True),
    Member("tolerance", _double),
    Member("fillMethod", _string, required=True),
)
_MANUAL_CROP = (
    Member("left", _int, required=True),
    Member("right", _int, required=True),
    Member("top", _int, required=True),
    Member("bottom", _int, required=True),
)
_AUTO_COLOR_CROP = (Member("corner", _string, required=True), Member("tolerance", _double, required=True))
_AUTO_TRANSPARENT_CROP = (Member("tolerance", _double, required=True),)
_PHOTOSHOP_LAYERS = (
    Member("layerNaming", _string),
    Member("anchor", _string),
    Member("createTemplate", _boolean),
    Member("extractText", _boolean),
    Member("extendLayers", _boolean),
)
_PHOTOSHOP = (Member("process", _string), Member("layerOptions", _PHOTOSHOP_LAYERS))
_POST_SCRIPT = (
    Member("process", _string),
    Member("resolution", _double),
    Member("colorspace", _string),
    Member("alpha", _boolean),
    Member("extractSearchWords", _boolean),
)
_PDF = (
    Member("process", _string),
    Member("resolution", _double),
    Member("colorspace", _string),
    Member("pdfCatalog", _boolean),
    Member("extractSearchWords", _boolean),
    Member("extractLinks", _boolean),
)
_ILLUSTRATOR = (
    Member("process", _string),
    Member("resolution", _double),
    Member("colorspace", _string),
    Member("alpha", _boolean),
)
_COLOR_MANAGEMENT = (
    Member("colorManagement", _string, required=True),
    Member("sourceProfileHandle", _handle),
    Member("outputProfileHandle", _handle),
)
_MEDIA = (
    Member("videoEncodingPresetsArray", ArrayOf(_handle)),
    Member("generateThumbnail", _boolean),
    Member("thumbnailOptions", (Member("thumbnailTime", _long),)),
)
_UNSHARP_MASK = (
    Member("amount", _double),
    Member("radius", _double),
    Member("threshold", _int),
    Member("monochrome", _int),
)

UPLOAD_OPTIONS = (
    Member("overwrite", _boolean, required=True),
    Member("readyForPublish", _boolean, required=True),
    Member("preservePublishState", _boolean),
    Member("createMask", _boolean, required=True),
    Member("preserveCrop", _boolean),
    Member("knockoutBackgroundOptions", _KNOCKOUT_BACKGROUND),
    Member("manualCropOptions", _MANUAL_CROP),
    Member("autoColorCropOptions", _AUTO_COLOR_CROP),
    Member("autoTransparentCropOptions", _AUTO_TRANSPARENT_CROP),
    Member("photoshopOptions", _PHOTOSHOP),
    Member("postScriptOptions", _POST_SCRIPT),
    Member("pdfOptions", _PDF),
    Member("illustratorOptions", _ILLUSTRATOR),
    Member("colorManagementOptions", _COLOR_MANAGEMENT),
    Member("autoSetCreationOptions", (Member("autoSetsArray", ArrayOf(_handle)),)),
    Member("projectHandleArray", ArrayOf(_handle)),
    Member("emailSetting", _string, required=True),
    Member("postHttpUrl", _string),
    Member("mediaOptions", _MEDIA),
    Member("inDesignOptions", (Member("process", _string),)),
    Member("xmpKeywords", _string),
    Member("unsharpMaskOptions", _UNSHARP_MASK),
    Member("unCompressOptions", (Member("process", _string, required=True),)),
)
"""UploadPostJob in wire order: rows 1 to 23 of PROTOCOL 2.3; row 24 is no longer in use."""

_CROPS = {
    "manual": "manualCropOptions",
    "autoColor": "autoColorCropOptions",
    "autoTransparent": "autoTransparentCropOptions",
}
"""Our kinds of crop; at most one of the elements may be sent (PROTOCOL 3)."""


def join_keywords(keywords: Sequence[str]) -> str:
    r"""Return one text, separated by commas, with `\,` for a comma and `\\` for a backslash (PROTOCOL 3.1)."""
    return ",".join(keyword.replace("\\", "\\\\").replace(",", "\\,") for keyword in keywords if keyword)


def add_upload_options(parent: etree._Element, canonical: str) -> None:
    """
    Append `uploadParams` with the options of one job, given as canonical JSON of `OptionValues`.

    Raises `OptionError`, or `UnfitTextError` for a text that XML cannot carry.
    """
    try:
        values = json.loads(canonical)
    except ValueError:
        raise OptionError("the options are not JSON") from None
    if not isinstance(values, dict):
        raise OptionError("the options are not a table")
    group = etree.SubElement(parent, f"{{{NAMESPACE}}}uploadParams")
    _add_members(group, UPLOAD_OPTIONS, _to_wire(values), "")


def _to_wire(values: OptionValues) -> dict[str, Any]:
    """Return the options under Adobe's names, with crop and keywords translated."""
    wire = dict(values)
    crop = wire.pop("crop", None)
    keywords = wire.pop("keywords", None)
    if crop:
        if not isinstance(crop, Mapping) or len(crop) != 1 or next(iter(crop)) not in _CROPS:
            raise OptionError(f"crop must be exactly one of {', '.join(_CROPS)}")
        ((kind, border),) = crop.items()
        wire[_CROPS[kind]] = border
    if keywords:
        if not isinstance(keywords, list) or not all(isinstance(keyword, str) for keyword in keywords):
            raise OptionError("keywords must be a list of texts")
        wire["xmpKeywords"] = join_keywords(keywords) or None
    return wire


def _add_members(parent: etree._Element, members: tuple[Member, ...], values: object, path: str) -> None:
    if not isinstance(values, Mapping):
        raise OptionError(f"{path.rstrip('.')} must be a table")
    unknown = sorted(set(values) - {member.name for member in members})
    if unknown:
        raise OptionError(f"{path}{unknown[0]} is not an upload option that we can send")
    for member in members:
        value = values.get(member.name)
        if value is None:
            if member.required:
                raise OptionError(f"{path}{member.name} is missing")
        elif isinstance(member.type, tuple):
            group = etree.Element(f"{{{NAMESPACE}}}{member.name}")
            _add_members(group, member.type, value, f"{path}{member.name}.")
            _append(parent, group)
        elif isinstance(member.type, ArrayOf):
            if not isinstance(value, list):
                raise OptionError(f"{path}{member.name} must be a list")
            group = etree.Element(f"{{{NAMESPACE}}}{member.name}")
            for item in value:
                _add_scalar(group, "items", member.type.type, item, f"{path}{member.name}")
            _append(parent, group)
        else:
            _add_scalar(parent, member.name, member.type, value, f"{path}{member.name}")


def _append(parent: etree._Element, group: etree._Element) -> None:
    """Append a group, unless nothing is in it: an empty list of sets once meant all of them (PROTOCOL 3.5)."""
    if len(group):
        parent.append(group)


def _add_scalar(parent: etree._Element, name: str, scalar: Scalar, value: object, path: str) -> None:
    try:
        text = scalar(value)
    except TypeError as wanted:
        raise OptionError(f"{path} must be {wanted}") from None
    add_text(parent, name, text)
