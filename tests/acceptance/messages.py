"""
Adobe's own schema as the judge of everything that the daemon sends.

It lies beside the repository and never in it; HOTFOLDER_IPS_SCHEMAS names another directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lxml import etree

from hotfolder.sandbox import RequestRecord

SCHEMA = (
    Path(os.environ.get("HOTFOLDER_IPS_SCHEMAS") or Path(__file__).parents[3] / "shared" / "ips") / "ips-2014-04-03.xsd"
)

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


@cache
def schema() -> etree.XMLSchema:
    """Return the schema; there has to be one."""
    return etree.XMLSchema(etree.parse(SCHEMA))


def documents(request: RequestRecord) -> list[etree._Element]:
    """Return the elements of a request that the schema defines: auth and parameters, or SOAP header and body."""
    found: list[etree._Element] = []
    if request.auth_xml is not None:
        found.append(etree.fromstring(request.auth_xml))
    if request.xml is not None:
        root = etree.fromstring(request.xml)
        if root.tag != f"{_SOAP}Envelope":
            return [*found, root]
        for part in ("Header", "Body"):
            found += root.findall(f"{_SOAP}{part}/*")
    return found


def misfits(requests: Iterable[RequestRecord]) -> list[str]:
    """Return why messages do not fit the schema."""
    rules = schema()
    return [
        f"{request.operation}: {rules.error_log.last_error}"
        for request in requests
        for element in documents(request)
        if not rules.validate(element)
    ]
