"""
Writing the server's documents: returns, faults bare or in a SOAP envelope (PROTOCOL 1.3, 1.5, 2.6).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

from lxml import etree

from hotfolder.sandbox.documents import FAULT_NAMESPACE, NAMESPACE
from hotfolder.sandbox.errors import IpsFaultError

SOAP_NAMESPACE: Final = "http://schemas.xmlsoap.org/soap/envelope/"

_SERVER_ZONE: Final = timezone(timedelta(hours=-5))
"""Dates go out with a numeric offset and milliseconds, as recorded (PROTOCOL 5.1), so that readers have to convert."""

Content: TypeAlias = "str | bool | int | float | datetime | Sequence[Content] | Mapping[str, Content] | None"
"""What an element holds: None leaves it out, a sequence is an IPS array (`items`), a mapping gives its subelements."""


def ips_document(name: str, content: Mapping[str, Content]) -> bytes:
    """A document of its own, as UploadFile answers."""
    return _serialize(_element(name, content))


def soap_answer(name: str, content: Mapping[str, Content]) -> bytes:
    """A document in a SOAP 1.1 envelope."""
    return _enveloped(_element(name, content))


def ips_fault(fault: IpsFaultError) -> bytes:
    """The bare fault element as document root (PROTOCOL 1.5, UploadFile)."""
    return _serialize(_fault_element(fault))


def soap_fault(fault: IpsFaultError) -> bytes:
    """A SOAP fault with the fault's name as faultstring and the element in its detail (PROTOCOL 1.5, SOAP)."""
    element = etree.Element(f"{{{SOAP_NAMESPACE}}}Fault", nsmap={"soapenv": SOAP_NAMESPACE})
    etree.SubElement(element, "faultcode").text = "soapenv:Server"
    etree.SubElement(element, "faultstring").text = fault.element
    etree.SubElement(element, "detail").append(_fault_element(fault))
    return _enveloped(element)


def _fault_element(fault: IpsFaultError) -> etree._Element:
    element = etree.Element(f"{{{FAULT_NAMESPACE}}}{fault.element}", nsmap={"tns": FAULT_NAMESPACE})
    etree.SubElement(element, f"{{{FAULT_NAMESPACE}}}code").text = str(fault.code)
    etree.SubElement(element, f"{{{FAULT_NAMESPACE}}}reason").text = fault.reason
    return element


def _element(name: str, content: Mapping[str, Content]) -> etree._Element:
    element = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})
    _fill(element, content)
    return element


def _fill(parent: etree._Element, content: Mapping[str, Content]) -> None:
    for name, value in content.items():
        if value is None:
            continue
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if isinstance(value, Mapping):
            _fill(child, value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for item in value:
                _fill(child, {"items": item})
        else:
            child.text = _text(value)


def _text(value: str | bool | int | float | datetime) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(_SERVER_ZONE).isoformat(timespec="milliseconds")
        case float():
            return f"{value:.4f}"
        case _:
            return str(value)


def _enveloped(element: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP_NAMESPACE}}}Envelope", nsmap={"soapenv": SOAP_NAMESPACE})
    etree.SubElement(envelope, f"{{{SOAP_NAMESPACE}}}Body").append(element)
    return _serialize(envelope)


def _serialize(element: etree._Element) -> bytes:
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")
