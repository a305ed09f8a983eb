"""
Pairs of values and bytes: they drive our encoder, the oracle's schema, the sandbox's reader and our parser alike.
"""

from dataclasses import dataclass, field
from typing import Any

from hotfolder.core.server import Company, Kind

COMPANY = Company(handle="c|2101", name="Example Co", root_path="Example Co/")

XMLNS = ' xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"'
FAULT_XMLNS = ' xmlns:tns="http://www.scene7.com/IpsApi/xsd"'

PLAIN_OPTIONS: dict[str, Any] = {
    "overwrite": True,
    "readyForPublish": True,
    "preservePublishState": True,
    "createMask": False,
    "preserveCrop": True,
    "emailSetting": "None",
}
PLAIN_UPLOAD_PARAMS = (
    "<overwrite>true</overwrite><readyForPublish>true</readyForPublish>"
    "<preservePublishState>true</preservePublishState><createMask>false</createMask>"
    "<preserveCrop>true</preserveCrop>{crop}{types}<emailSetting>None</emailSetting>{end}"
)


@dataclass(frozen=True, kw_only=True)
class UploadCase:
    """What is to be said in uploadParams, and how it is said."""

    name: str
    values: dict[str, Any]
    options: dict[str, Any] | None = None
    inside: str  # between the root's tags


def _params(*, crop: str = "", types: str = "", end: str = "") -> str:
    return f"<uploadParams>{PLAIN_UPLOAD_PARAMS.format(crop=crop, types=types, end=end)}</uploadParams>"


def _opening(name: str, options: dict[str, Any], params: str) -> UploadCase:
    """A first POST whose options are the point."""
    return UploadCase(
        name=name,
        values={"destination": "a", "job_name": "j-1"},
        options={**PLAIN_OPTIONS, **options},
        inside="<companyHandle>c|2101</companyHandle><jobName>j-1</jobName><locale>en-US</locale>"
        f"<destFolder>Example Co/a/</destFolder>{params}",
    )


UPLOADS = (
    UploadCase(
        name="first POST with everything",
        values={
            "destination": "Catalog/chairs",
            "job_name": "hot1-20260131T120000Z-7f3a",
            "file_name": "Stuhl ä.tif",
            "end_job": True,
        },
        options=PLAIN_OPTIONS,
        inside="<companyHandle>c|2101</companyHandle><jobName>hot1-20260131T120000Z-7f3a</jobName>"
        "<locale>en-US</locale><destFolder>Example Co/Catalog/chairs/</destFolder>"
        "<fileName>Stuhl &#228;.tif</fileName><endJob>true</endJob>" + _params(),
    ),
    UploadCase(
        name="later POST at the company's root",
        values={"destination": "", "job_handle": "j|2101||hot1|54091"},
        inside="<companyHandle>c|2101</companyHandle><jobHandle>j|2101||hot1|54091</jobHandle>"
        "<destFolder>Example Co/</destFolder>",
    ),
    UploadCase(
        name="end without files",
        values={"destination": None, "job_handle": "j|1||<&>|2", "end_job": True},
        inside="<companyHandle>c|2101</companyHandle><jobHandle>j|1||&lt;&amp;&gt;|2</jobHandle><endJob>true</endJob>",
    ),
    _opening("no crop, no keywords", {"crop": {}, "keywords": []}, _params()),
    _opening(
        "keywords with commas and backslashes",
        {"keywords": ["spring", "red, green", "a\\b", "", "𝒳"]},
        _params(end="<xmpKeywords>spring,red\\, green,a\\\\b,&#119987;</xmpKeywords>"),
    ),
    _opening(
        "manual crop",
        {"crop": {"manual": {"bottom": 0, "top": 3, "left": 10, "right": 20}}},
        _params(
            crop="<manualCropOptions><left>10</left><right>20</right><top>3</top><bottom>0</bottom></manualCropOptions>"
        ),
    ),
    _opening(
        "crop by colour",
        {"crop": {"autoColor": {"tolerance": 0.00002, "corner": "UpperLeft"}}},
        _params(
            crop="<autoColorCropOptions><corner>UpperLeft</corner><tolerance>0.00002</tolerance></autoColorCropOptions>"
        ),
    ),
    _opening(
        "crop by transparency, with a whole number",
        {"crop": {"autoTransparent": {"tolerance": 1}}},
        _params(crop="<autoTransparentCropOptions><tolerance>1.0</tolerance></autoTransparentCropOptions>"),
    ),
    _opening(
        "documents of two types",
        {
            "pdfOptions": {
                "process": "Rasterize",
                "resolution": 150.5,
                "colorspace": "Rgb",
                "pdfCatalog": False,
                "extractSearchWords": True,
                "extractLinks": False,
            },
            "photoshopOptions": {
                "layerOptions": {
                    "extendLayers": False,
                    "extractText": False,
                    "createTemplate": True,
                    "anchor": "Center",
                    "layerNaming": "AppendName",
                },
                "process": "MaintainLayers",
            },
        },
        _params(
            types="<photoshopOptions><process>MaintainLayers</process><layerOptions><layerNaming>AppendName</layerNaming>"
            "<anchor>Center</anchor><createTemplate>true</createTemplate><extractText>false</extractText>"
            "<extendLayers>false</extendLayers></layerOptions></photoshopOptions>"
            "<pdfOptions><process>Rasterize</process><resolution>150.5</resolution><colorspace>Rgb</colorspace>"
            "<pdfCatalog>false</pdfCatalog><extractSearchWords>true</extractSearchWords>"
            "<extractLinks>false</extractLinks></pdfOptions>"
        ),
    ),
    _opening(
        "documents of the other types",
        {
            "inDesignOptions": {"process": "None"},
            "illustratorOptions": {"alpha": False, "colorspace": "Gray", "resolution": 72, "process": "None"},
            "postScriptOptions": {
                "extractSearchWords": True,
                "alpha": True,
                "colorspace": "Cmyk",
                "resolution": 300.0,
                "process": "Rasterize",
            },
        },
        _params(
            types="<postScriptOptions><process>Rasterize</process><resolution>300.0</resolution>"
            "<colorspace>Cmyk</colorspace><alpha>true</alpha><extractSearchWords>true</extractSearchWords>"
            "</postScriptOptions><illustratorOptions><process>None</process><resolution>72.0</resolution>"
            "<colorspace>Gray</colorspace><alpha>false</alpha></illustratorOptions>",
            end="<inDesignOptions><process>None</process></inDesignOptions>",
        ),
    ),
    _opening(
        "background",
        {"knockoutBackgroundOptions": {"fillMethod": "MatchPixel", "tolerance": 0.1, "corner": "BottomLeft"}},
        _params(
            crop="<knockoutBackgroundOptions><corner>BottomLeft</corner><tolerance>0.1</tolerance>"
            "<fillMethod>MatchPixel</fillMethod></knockoutBackgroundOptions>"
        ),
    ),
    _opening(
        "projects, sets, colours, videos, archives and an address to call",
        {
            "unCompressOptions": {"process": "UnCompress"},
            "mediaOptions": {
                "thumbnailOptions": {"thumbnailTime": 2**40},
                "generateThumbnail": False,
                "videoEncodingPresetsArray": ["ps|17", "ps|18"],
            },
            "postHttpUrl": "https://hooks.example.com/done?a=1&b=2",
            "projectHandleArray": ["p|6|Spring & Summer", "p|6|Autumn"],
            "autoSetCreationOptions": {"autoSetsArray": ["ps|941"]},
            "colorManagementOptions": {
                "outputProfileHandle": "a|1234",
                "sourceProfileHandle": "a|732|1|535",
                "colorManagement": "Convert",
            },
        },
        _params(
            types="<colorManagementOptions><colorManagement>Convert</colorManagement>"
            "<sourceProfileHandle>a|732|1|535</sourceProfileHandle>"
            "<outputProfileHandle>a|1234</outputProfileHandle></colorManagementOptions>"
            "<autoSetCreationOptions><autoSetsArray><items>ps|941</items></autoSetsArray></autoSetCreationOptions>"
            "<projectHandleArray><items>p|6|Spring &amp; Summer</items><items>p|6|Autumn</items></projectHandleArray>",
            end="<postHttpUrl>https://hooks.example.com/done?a=1&amp;b=2</postHttpUrl>"
            "<mediaOptions><videoEncodingPresetsArray><items>ps|17</items><items>ps|18</items>"
            "</videoEncodingPresetsArray><generateThumbnail>false</generateThumbnail>"
            "<thumbnailOptions><thumbnailTime>1099511627776</thumbnailTime></thumbnailOptions></mediaOptions>"
            "<unCompressOptions><process>UnCompress</process></unCompressOptions>",
        ),
    ),
    _opening(
        "nothing in lists",
        {
            "projectHandleArray": [],
            "autoSetCreationOptions": {"autoSetsArray": []},
            "mediaOptions": {"videoEncodingPresetsArray": [], "thumbnailOptions": {}},
        },
        _params(),
    ),
    _opening(
        "sharpening",
        {"unsharpMaskOptions": {"monochrome": 0, "threshold": 2, "radius": 0.2, "amount": 1.75}},
        _params(
            end="<unsharpMaskOptions><amount>1.75</amount><radius>0.2</radius><threshold>2</threshold>"
            "<monochrome>0</monochrome></unsharpMaskOptions>"
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class AnswerCase:
    """What came over the wire, and what it means for a POST and for a read."""

    name: str
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    post: str | Kind  # the job handle, or the kind of trouble
    code: int | None = None
    says: str = ""  # stands in the trouble's text


def _fault(name: str, code: int | str, reason: str) -> bytes:
    inside = f"<tns:code>{code}</tns:code><tns:reason>{reason}</tns:reason>"
    return f"<tns:{name}{FAULT_XMLNS}>{inside}</tns:{name}>".encode()


def envelope(body: str, *, version: str = "http://schemas.xmlsoap.org/soap/envelope/") -> bytes:
    """A SOAP envelope around a body."""
    return f'<e:Envelope xmlns:e="{version}"><e:Body>{body}</e:Body></e:Envelope>'.encode()


def soap_fault(detail: str) -> bytes:
    """A SOAP 1.1 fault with this detail."""
    return envelope(
        f"<e:Fault><faultcode>e:Client</faultcode><faultstring>ipsApiFault</faultstring>"
        f"<detail>{detail}</detail></e:Fault>"
    )


HANDLE = "j|2101||NAME|54091"
RETURN = f"<uploadPostReturn{XMLNS}><jobHandle>{HANDLE}</jobHandle></uploadPostReturn>"

ANSWERS = (
    AnswerCase(name="accepted", body=RETURN.encode(), post=HANDLE),
    AnswerCase(
        name="accepted, with declaration, prefix, another namespace, comment and strangers",
        body=b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- x --><p:uploadPostReturn xmlns:p="urn:x"><p:new/>'
        b"<p:jobHandle> j|2101||NAME|54091 </p:jobHandle></p:uploadPostReturn>",
        post=HANDLE,
    ),
    AnswerCase(
        name="accepted, with a broken declaration",
        body=b'<?xml version="1.0" encoding="UTF-8">\n' + RETURN.encode(),
        post=HANDLE,
    ),
    AnswerCase(
        name="accepted, with blanks before the declaration",
        body=b'\n<?xml version="1.0"?>' + RETURN.encode(),
        post=HANDLE,
    ),
    AnswerCase(
        name="accepted without a handle",
        body=f"<uploadPostReturn{XMLNS}><jobHandle/></uploadPostReturn>".encode(),
        post=Kind.UNKNOWN,
        says="uploadPostReturn",
    ),
    AnswerCase(name="accepted, says the body, but not the status", body=RETURN.encode(), status=500, post=Kind.UNKNOWN),
    AnswerCase(
        name="fault with 200",
        body=_fault("authenticationFault", 10001, "Invalid username/password"),
        post=Kind.FATAL,
        code=10001,
        says="Invalid username/password",
    ),
    AnswerCase(
        name="fault with 500", body=_fault("ipsApiFault", 30001, "x"), status=500, post=Kind.PERMANENT, code=30001
    ),
    AnswerCase(
        name="fault with 503", body=_fault("ipsApiFault", 30000, "x"), status=503, post=Kind.TRANSIENT, code=30000
    ),
    AnswerCase(
        name="fault without a namespace",
        body=b"<authorizationFault><code> 20009 </code><reason/></authorizationFault>",
        status=500,
        post=Kind.PERMANENT,
        code=20009,
    ),
    AnswerCase(
        name="fault in an envelope",
        body=soap_fault(_fault("ipsApiFault", 30003, "x").decode()),
        status=500,
        post=Kind.PERMANENT,
        code=30003,
    ),
    AnswerCase(
        name="fault without a code",
        body=b"<ipsApiFault><reason>x</reason></ipsApiFault>",
        status=500,
        post=Kind.UNKNOWN,
    ),
    AnswerCase(
        name="fault whose code is no number", body=_fault("ipsApiFault", "E1", "x"), status=500, post=Kind.UNKNOWN
    ),
    AnswerCase(
        name="a reason of many lines",
        body=_fault("ipsApiFault", 30001, "one\n\x1ftwo".replace("\x1f", "&#x85;&#x202e;")),
        post=Kind.PERMANENT,
        code=30001,
        says="fault 30001: one two)",
    ),
    AnswerCase(name="empty", body=b"", post=Kind.UNKNOWN, says="an empty answer"),
    AnswerCase(name="blank", body=b" \r\n", post=Kind.UNKNOWN, says="an empty answer"),
    AnswerCase(
        name="a portal's page",
        body=b"<!DOCTYPE html><html><head><title>Guest\n WiFi</title></head><body><p>Log in<br></body></html>",
        post=Kind.UNKNOWN,
        says="an HTML page instead of an answer, titled 'Guest WiFi'",
    ),
    AnswerCase(
        name="a page that is well-formed",
        body=b'<html xmlns="http://www.w3.org/1999/xhtml"><body><code>10001</code></body></html>',
        headers={"content-type": "text/html; charset=utf-8"},
        post=Kind.UNKNOWN,
        says="an HTML page",
    ),
    AnswerCase(name="truncated", body=RETURN.encode()[:-8], post=Kind.UNKNOWN, says="not well-formed XML"),
    AnswerCase(name="plain text", body=b"Service is busy", status=502, post=Kind.UNKNOWN, says="HTTP 502"),
    AnswerCase(
        name="entities",
        body=f'<!DOCTYPE x [<!ENTITY h "{HANDLE}">]>'.encode()
        + b"<uploadPostReturn><jobHandle>&h;</jobHandle></uploadPostReturn>",
        post=Kind.UNKNOWN,
        says="not well-formed",
    ),
    AnswerCase(
        name="a document type",
        body=b"<!DOCTYPE x>" + RETURN.encode(),
        post=Kind.UNKNOWN,
    ),
    AnswerCase(name="another document", body=b"<weather/>", post=Kind.UNKNOWN, says="an unexpected document, weather"),
    AnswerCase(
        name="a redirect",
        body=b"",
        status=307,
        headers={"location": "https://user:hunter2@other.example/login?token=hunter2"},
        post=Kind.TRANSIENT,
        says="a redirect to other.example; redirects are never followed",
    ),
    AnswerCase(name="a redirect to nowhere", body=b"", status=302, post=Kind.TRANSIENT, says="redirect to nowhere"),
    AnswerCase(
        name="a redirect on the same host",
        body=b"",
        status=301,
        headers={"location": "/elsewhere"},
        post=Kind.TRANSIENT,
        says="another path",
    ),
    AnswerCase(name="a broken redirect", body=b"", status=308, headers={"location": "http://[x"}, post=Kind.TRANSIENT),
    AnswerCase(name="too large", body=b"", status=413, post=Kind.PERMANENT, says="too large for the server"),
    AnswerCase(name="busy", body=b"<html></html>", status=503, post=Kind.TRANSIENT, says="HTTP 503"),
    AnswerCase(name="too often", body=b"", status=429, post=Kind.TRANSIENT),
    AnswerCase(name="a gateway that waited in vain", body=b"", status=504, post=Kind.UNKNOWN),
    AnswerCase(name="a proxy wants credentials", body=b"", status=407, post=Kind.TRANSIENT),
    AnswerCase(name="not found", body=b"<html></html>", status=404, post=Kind.TRANSIENT),
)
