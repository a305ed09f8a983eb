"""
zeep on our WSDL without a network: requests as envelopes, answers from texts.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import zeep
from lxml import etree
from tests.unit.ips.cases import envelope

BINDING = "{http://www.scene7.com/IpsApi}IpsApiServiceSoapBinding"

CALLS: dict[str, dict[str, object]] = {
    "getCompanyInfo": {"companyName": "Ex & Co"},
    "getCompanyMembership": {},
    "getUserInfo": {"email": "a@b.example"},
    "checkLogin": {"password": "<&>", "email": "a@b.example"},
    "getProperty": {"name": "UploadPostMaxFileSize"},
    "getActiveJobs": {"originalName": "j", "companyHandle": "c|1"},
    "getJobLogs": {"numRows": 5, "companyHandle": "c|1"},
    "getJobLogDetails": {
        "sortDirection": "Ascending",
        "sortBy": "Date",
        "resultsPage": 2,
        "recordsPerPage": 1000,
        "logTypeArray": {"items": ["UploadError"]},
        "jobHandle": "j|1||x|2",
        "companyHandle": "c|1",
    },
    "getAssetsByName": {
        "responseFieldArray": {"items": ["assetArray/items/name"]},
        "nameArray": {"items": ["a", "b"]},
        "companyHandle": "c|1",
    },
    "submitJob": {
        "imageServingPublishJob": {"emailSetting": "None", "publishType": "Incremental"},
        "locale": "en-US",
        "jobName": "publish-1",
        "companyHandle": "c|1",
    },
    "checkAssetNames": {"assetNameArray": {"items": ["a"]}, "companyHandle": "c|1"},
    "searchAssets": {
        "resultsPage": 2,
        "recordsPerPage": 1000,
        "assetTypeArray": {"items": ["IccProfile"]},
        "includeSubfolders": True,
        "companyHandle": "c|1",
    },
    "getProjects": {"companyHandle": "c|1"},
    "getPropertySetTypes": {"companyHandle": "c|1"},
    "getPropertySets": {"primaryOwnerHandle": "c|1", "typeHandle": "pt|1"},
}
"""Every operation with arguments in no order."""


class Wire:
    """A transport that keeps the last envelope and answers with a text."""

    def __init__(self) -> None:
        self.sent: etree._Element | None = None
        self.headers: Mapping[str, str] = {}
        self.answer = ""

    def load(self, url: str) -> bytes:
        raise AssertionError(f"the WSDL asks for {url}")

    def post_xml(self, address: str, sent: etree._Element, headers: Mapping[str, str]) -> SimpleNamespace:
        self.sent, self.headers = sent, headers
        return SimpleNamespace(status_code=200, content=envelope(self.answer), headers={}, encoding="utf-8")


@cache
def _service() -> tuple[Wire, Any]:
    wire = Wire()
    wsdl = resources.files("hotfolder.ips").joinpath("ips.wsdl").read_bytes()
    make_client: Callable[..., Any] = zeep.Client
    settings = zeep.Settings(strict=False, xsd_ignore_sequence_order=True, forbid_dtd=True, forbid_external=True)
    return wire, make_client(BytesIO(wsdl), transport=wire, settings=settings).create_service(
        BINDING, "http://127.0.0.1/services/IpsApiService"
    )


def read(operation: str, answer: str) -> Any:
    """Return what zeep makes of an answer."""
    wire, service = _service()
    wire.answer = answer
    return getattr(service, operation)(**CALLS[operation])


def ask(operation: str, auth: Mapping[str, str], **arguments: object) -> tuple[etree._Element, Mapping[str, str]]:
    """Return the envelope and the HTTP headers that zeep would send."""
    wire, service = _service()
    wire.answer = f'<{operation}Return xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"/>'
    getattr(service, operation)(**arguments, _soapheaders={"authHeader": dict(auth)})
    assert wire.sent is not None
    return wire.sent, wire.headers
