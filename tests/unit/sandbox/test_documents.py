import pytest
from lxml import etree

from hotfolder.sandbox.documents import (
    BOOLEAN,
    DATE_TIME,
    ITEMS,
    NAMESPACE,
    STRING,
    Record,
    Scalar,
    Tree,
    decimal,
    integer,
    items_of,
    one_of,
    opt,
    parse,
    read,
    req,
    text_of,
)
from hotfolder.sandbox.errors import IpsFaultError

SCHEMA = Record(
    req("first", STRING),
    opt("flag", BOOLEAN),
    opt("inner", Record(req("count", integer(0, 9)), opt("names", ITEMS))),
    req("last", one_of("A", "B")),
)


def read_text(content: str) -> Tree:
    return read(parse(f'<doc xmlns="{NAMESPACE}">{content}</doc>'.encode(), "the test"), "doc", SCHEMA)


def test_values_are_read_in_order_as_sent() -> None:
    tree = read_text(
        "<!-- a comment --><first> kept </first>\n<flag> true </flag>"
        "<inner><count>7</count><names><items>a</items><items/></names></inner><last>B</last>"
    )
    assert tree == {
        "first": " kept ",
        "flag": "true",
        "inner": {"count": "7", "names": ["a", ""]},
        "last": "B",
    }
    assert list(tree) == ["first", "flag", "inner", "last"]


def test_prefixes_do_not_matter() -> None:
    root = etree.fromstring(f'<p:doc xmlns:p="{NAMESPACE}"><p:first>&#xfc;</p:first><p:last>A</p:last></p:doc>')
    assert read(root, "doc", SCHEMA) == {"first": "ü", "last": "A"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<first/>", 30002),
        ("<last>A</last>", 30002),
        ("<first/><inner/><last>A</last>", 30002),
        ("<last>A</last><first/>", 30003),
        ("<first/><first/><last>A</last>", 30003),
        ("<first/><flag>true</flag><flag>true</flag><last>A</last>", 30003),
        ("<first/><other/><last>A</last>", 30003),
        ('<first xmlns=""/><last>A</last>', 30003),
        ('<first xmlns="http://www.scene7.com/IpsApi/xsd"/><last>A</last>', 30003),
        ("<first><b/></first><last>A</last>", 30003),
        ("<first/>text<last>A</last>", 30003),
        ('<first attribute="x"/><last>A</last>', 30003),
        ("<first/><inner><count>7</count><names><item/></names></inner><last>A</last>", 30003),
        ("<first/><flag>True</flag><last>A</last>", 30001),
        ("<first/><last>a</last>", 30001),
        ("<first/><inner><count>10</count></inner><last>A</last>", 30001),
        ("<first/><inner><count/></inner><last>A</last>", 30001),
    ],
)
def test_what_does_not_fit_is_a_fault(content: str, code: int) -> None:
    with pytest.raises(IpsFaultError) as error:
        read_text(content)
    assert error.value.code == code


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text",
        b"<doc>",
        b"<doc/><doc/>",
        b"<doc>\x00</doc>",
        b'<!DOCTYPE doc [<!ENTITY e "x">]><doc>&e;</doc>',
        b'<!DOCTYPE doc SYSTEM "file:///etc/passwd"><doc/>',
        "<doc>ü</doc>".encode("latin-1"),
    ],
)
def test_broken_or_dangerous_xml_is_a_fault(raw: bytes) -> None:
    with pytest.raises(IpsFaultError) as error:
        parse(raw, "the test")
    assert error.value.code == 30003


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (integer(0, 255), ["0", "255", "+7"], ["-1", "256", "1.0", "", "0x1", "٣"]),
        (decimal(0, 1), ["0", "1", "0.25", "1."], ["1.01", "-0.1", "1e-1", "2e-05", "NaN", "INF", ""]),
        (BOOLEAN, ["true", "false", "0", "1"], ["TRUE", "yes", ""]),
        (DATE_TIME, ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123-05:00"], ["2026-01-31", "yesterday", ""]),
    ],
)
def test_scalars(kind: Scalar, good: list[str], bad: list[str]) -> None:
    """Doubles have no exponent on the wire (PROTOCOL 3.3)."""
    assert [text for text in good if not kind.accepts(text)] == []
    assert [text for text in bad if kind.accepts(text)] == []


def test_trees_are_looked_into_by_kind() -> None:
    tree: Tree = {"text": "a", "array": ["b"], "record": {"c": "d"}}
    assert (text_of(tree, "text"), text_of(tree, "array"), text_of(tree, "none")) == ("a", None, None)
    assert (items_of(tree, "array"), items_of(tree, "text")) == (["b"], None)
