"""
Reading XML strictly against schemas written as data.

The generated parsers of the real server read in sequence and reject an unknown or misplaced element (PROTOCOL 2.2);
so does this reader: unknown, misplaced or repeated is fault 30003, a missing required element 30002, a bad value 30001.
It knows nothing of particular documents; those are data in `schemas`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from lxml import etree

from hotfolder.sandbox.errors import invalid_parameter, invalid_xml, missing_parameter

NAMESPACE: Final = "http://www.scene7.com/IpsApi/xsd/2014-04-03"
FAULT_NAMESPACE: Final = "http://www.scene7.com/IpsApi/xsd"

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

Tree: TypeAlias = "dict[str, str | list[str] | Tree]"
"""
A document as read: element names in their order, texts as they were sent (outer blanks removed but from strings).

An array (any number of `items`) is a list.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A simple type: whether a text belongs to it, and what to ask for if not."""

    wanted: str
    accepts: Callable[[str], bool]
    is_string: bool = False  # strings keep their blanks


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One element of a record."""

    name: str
    kind: "Scalar | Array | Record"
    required: bool = False


class Array:
    """HandleArray and StringArray alike: any number of `items`."""

    def __init__(self, item: Scalar) -> None:
        self.item = item


class Record:
    """A complex type: an xsd:sequence of fields."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.position = {field.name: index for index, field in enumerate(fields)}


def req(name: str, kind: Scalar | Array | Record) -> Field:
    """A required element."""
    return Field(name=name, kind=kind, required=True)


def opt(name: str, kind: Scalar | Array | Record) -> Field:
    """An optional element."""
    return Field(name=name, kind=kind)


def one_of(*constants: str) -> Scalar:
    """String constants are case-sensitive (PROTOCOL 3)."""
    return Scalar(wanted="one of " + ", ".join(constants), accepts=frozenset(constants).__contains__)


def integer(low: int, high: int) -> Scalar:
    """A whole number within bounds, both included."""

    def accepts(text: str) -> bool:
        return re.fullmatch(r"[+-]?[0-9]{1,19}", text) is not None and low <= int(text) <= high

    return Scalar(wanted=f"a whole number from {low} to {high}", accepts=accepts)


def decimal(low: float, high: float) -> Scalar:
    """A double within bounds, in plain notation: doubles are written without exponent (PROTOCOL 3.3)."""

    def accepts(text: str) -> bool:
        return re.fullmatch(r"[+-]?[0-9]{1,400}(\.[0-9]{0,400})?", text) is not None and low <= float(text) <= high

    return Scalar(wanted=f"a number from {low:g} to {high:g}, without exponent", accepts=accepts)


def matching(pattern: str, wanted: str) -> Scalar:
    """A text of a form."""
    return Scalar(wanted=wanted, accepts=lambda text: re.fullmatch(pattern, text) is not None, is_string=True)


STRING: Final = Scalar(wanted="a text", accepts=lambda _: True, is_string=True)
BOOLEAN: Final = Scalar(wanted="true or false", accepts=frozenset(("true", "false", "1", "0")).__contains__)
INT: Final = integer(-(2**31), 2**31 - 1)
LONG: Final = integer(-(2**63), 2**63 - 1)
DATE_TIME: Final = Scalar(
    wanted="a date and time",
    accepts=lambda text: (
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", text, re.ASCII) is not None
    ),
)
ITEMS: Final = Array(STRING)


def parse(raw: bytes, what: str) -> etree._Element:
    """
    The root of a well-formed document; fault 30003 if it is none.

    Entities are not resolved and nothing is fetched; a document type declaration is refused.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise invalid_xml(f"{what} is not well-formed XML: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise invalid_xml(f"{what} has a document type declaration")
    return root


def split_tag(element: etree._Element) -> tuple[str, str]:
    """Namespace ("" for none) and local name."""
    name = etree.QName(element)
    return name.namespace or "", name.localname


def read(root: etree._Element, name: str, record: Record) -> Tree:
    """The content of a document whose root must be `name` in the versioned namespace."""
    namespace, found = split_tag(root)
    if (namespace, found) != (NAMESPACE, name):
        raise invalid_xml(f"Found root {{{namespace}}}{found}, wanted {{{NAMESPACE}}}{name}")
    return _read_record(root, record, name)


def _read_record(element: etree._Element, record: Record, path: str) -> Tree:
    tree: Tree = {}
    last = -1
    for name, child in _children(element, path):
        index = record.position.get(name)
        if index is None:
            raise invalid_xml(f"Unexpected subelement {name} in {path}")
        if index <= last:
            raise invalid_xml(f"Unexpected subelement {name} in {path}: misplaced or repeated")
        last = index
        kind = record.fields[index].kind
        match kind:
            case Record():
                tree[name] = _read_record(child, kind, f"{path}/{name}")
            case Array():
                tree[name] = _read_array(child, kind.item, f"{path}/{name}")
            case Scalar():
                tree[name] = _read_scalar(child, kind, f"{path}/{name}")
            case _:
                assert_never(kind)
    for field in record.fields:
        if field.required and field.name not in tree:
            raise missing_parameter(f"Missing element {field.name} in {path}")
    return tree


def _read_array(element: etree._Element, item: Scalar, path: str) -> list[str]:
    items: list[str] = []
    for name, child in _children(element, path):
        if name != "items":
            raise invalid_xml(f"Unexpected subelement {name} in {path}")
        items.append(_read_scalar(child, item, f"{path}/{name}"))
    return items


def _read_scalar(element: etree._Element, scalar: Scalar, path: str) -> str:
    _refuse_attributes(element, path)
    pieces = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            raise invalid_xml(f"Unexpected subelement {split_tag(child)[1]} in {path}: wanted a text")
        pieces.append(child.tail or "")
    text = "".join(pieces)
    if not scalar.is_string:
        text = text.strip()
    if not scalar.accepts(text):
        raise invalid_parameter(f"{path}: found {text!r}, wanted {scalar.wanted}")
    return text


def _children(element: etree._Element, path: str) -> Iterator[tuple[str, etree._Element]]:
    """Local name and element of each child in the versioned namespace; anything else but comments is refused."""
    _refuse_attributes(element, path)
    _refuse_text(element.text, path)
    for child in element:
        _refuse_text(child.tail, path)
        if not isinstance(child.tag, str):
            continue  # a comment or a processing instruction
        namespace, name = split_tag(child)
        if namespace != NAMESPACE:
            raise invalid_xml(f"Unexpected subelement {{{namespace}}}{name} in {path}")
        yield name, child


def _refuse_text(text: str | None, path: str) -> None:
    if text and text.strip():
        raise invalid_xml(f"Unexpected text {text.strip()[:40]!r} in {path}")


def _refuse_attributes(element: etree._Element, path: str) -> None:
    for name in element.attrib:
        if etree.QName(name).namespace != _XSI:
            raise invalid_xml(f"Unexpected attribute {name!s} in {path}")


def is_true(tree: Tree, name: str, *, default: bool = False) -> bool:
    """A boolean element of a tree, `default` if it is absent."""
    value = tree.get(name)
    return default if value is None else value in ("true", "1")


def text_of(tree: Tree, name: str) -> str | None:
    """A scalar element of a tree, None if it is absent."""
    value = tree.get(name)
    return value if isinstance(value, str) else None


def items_of(tree: Tree, name: str) -> list[str] | None:
    """The `items` of an array element of a tree, None if the array is absent."""
    value = tree.get(name)
    return value if isinstance(value, list) else None
