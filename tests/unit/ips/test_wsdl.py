"""
Our WSDL, held against the published schema: every request it makes is valid, and it invents no element.
"""

from collections.abc import Callable
from importlib import resources

import pytest
from lxml import etree
from tests.unit.ips.soap import CALLS, ask

from hotfolder.ips.documents import auth_fields

AssertValid = Callable[[bytes | etree._Element], None]

XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@pytest.fixture(scope="module")
def wsdl() -> etree._Element:
    return etree.fromstring(resources.files("hotfolder.ips").joinpath("ips.wsdl").read_bytes())


@pytest.mark.parametrize("operation", CALLS)
def test_a_request_fits_the_published_schema_whatever_the_order_of_arguments(
    operation: str, assert_valid: AssertValid
) -> None:
    sent, headers = ask(operation, auth_fields("u", ' <&">', "1"), **CALLS[operation])
    ((header,), (parameters,)) = sent
    assert_valid(header)
    assert_valid(parameters)
    assert etree.QName(parameters).localname == f"{operation}Param"
    assert etree.QName(sent).namespace == "http://schemas.xmlsoap.org/soap/envelope/"
    assert headers["SOAPAction"].strip('"') == operation


def test_every_operation_of_the_wsdl_is_tried_here(wsdl: etree._Element) -> None:
    assert {action.get("soapAction") for action in wsdl.iter(f"{SOAP}operation")} == set(CALLS)


def test_the_wsdl_points_nowhere(wsdl: etree._Element) -> None:
    """The address comes from the settings, and nothing is imported."""
    (address,) = (element.get("location") or "" for element in wsdl.iter(f"{SOAP}address"))
    assert address.startswith("https://ips.invalid/")
    assert not list(wsdl.iter("{*}import", "{*}include"))


def test_the_wsdl_names_no_element_that_the_published_schema_has_not(
    wsdl: etree._Element, published: etree._Element
) -> None:
    for ours in wsdl.iter(f"{XSD}schema"):
        for declared in ours:
            kind, name = etree.QName(declared).localname, declared.get("name")
            theirs = published.find(f"{XSD}{kind}[@name='{name}']")
            assert theirs is not None, name
            fields = [field.get("name") for field in theirs.iter(f"{XSD}element") if field is not theirs]
            places = [
                fields.index(field.get("name")) for field in declared.iter(f"{XSD}element") if field is not declared
            ]
            assert places == sorted(places), f"{name} is out of order"
