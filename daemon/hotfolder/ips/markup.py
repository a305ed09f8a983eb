"""
XML in and out: the two namespaces, text that XML can carry, and a parser that trusts nothing.

It knows nothing of IPS beyond the namespaces (PROTOCOL 1.2 and 1.5).
"""

from __future__ import annotations

import re

from lxml import etree

NAMESPACE = "http://www.scene7.com/IpsApi/xsd/2014-04-03"
"""Of requests and answers; the request's selects the version (PROTOCOL 1.2)."""

BARE_NAMESPACE = "http://www.scene7.com/IpsApi/xsd"
"""Without a version: of faults in every version, and of authHeader in old ones (PROTOCOL 1.4, 1.5)."""


_UNFIT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DocumentError(ValueError):
    """A document cannot be built from these values; the text names the element. Never right with the same values."""


class UnfitTextError(DocumentError):
    """A text holds a character that no XML document can carry."""

    def __init__(self, element: str, character: str) -> None:
        super().__init__(f"{element} holds the character U+{ord(character):04X}, which the server's XML cannot carry")


class MarkupError(ValueError):
    """These bytes are not an XML document that we accept; the text says why and quotes nothing of them."""


def unfit_character(text: str) -> str | None:
    """Return the first character that XML 1.0 cannot carry (section 2.2, Char), or None."""
    unfit = _UNFIT.search(text)
    return unfit[0] if unfit else None


def add_text(parent: etree._Element, name: str, text: str) -> None:
    """Append an element with text; raises `UnfitTextError` (without the text, which may be a password)."""
    unfit = unfit_character(text)
    if unfit is not None:
        raise UnfitTextError(name, unfit)
    namespace = etree.QName(parent).namespace
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def new_root(name: str, *, namespace: str = NAMESPACE) -> etree._Element:
    """Return an element, written without a prefix as in Adobe's example (PROTOCOL 1.4)."""
    return etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})


def serialise(root: etree._Element, *, pretty: bool = False) -> bytes:
    """Return pure ASCII with character references, so that no guess at a charset can hurt (PROTOCOL 2.1)."""
    return etree.tostring(root, encoding="us-ascii", xml_declaration=False, pretty_print=pretty)


def parse(document: bytes) -> etree._Element:
    """Return the root of a well-formed document without a document type; raises `MarkupError`."""
    # A parser is cheap (10 µs) and not for two threads at once.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MarkupError("it is not well-formed XML") from None  # lxml's text would quote the document
    if root.getroottree().docinfo.doctype:
        raise MarkupError("it declares a document type")
    return root


def local_name(element: etree._Element) -> str:
    """Return the name without its namespace; "" for comments and processing instructions."""
    tag = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else ""
