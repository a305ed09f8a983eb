"""
SOAP calls: zeep builds requests and reads answers by our own WSDL, and our own connections carry them (PROTOCOL 5.2).

zeep sees only answers that are whole, well-formed and no fault: with `strict=False`, which missing elements need, it
would take a truncated list for an empty one. Nothing is ever fetched: the WSDL comes from the package.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree

from hotfolder.core import line_troubles
from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.edges.remote.connections import BrokenError, Connections, NotSentError
from hotfolder.ips.answers import MAX_READ_ANSWER_BYTES, call_of, lacks_operation, read_soap_answer
from hotfolder.ips.faults import Call
from hotfolder.ips.redaction import Redact

BINDING = "{http://www.scene7.com/IpsApi}IpsApiServiceSoapBinding"


class NotOfferedError(RemoteError):
    """The server seems not to offer this operation."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What zeep wants to see of an HTTP answer."""

    content: bytes
    status_code: int
    headers: Mapping[str, str]
    encoding: str = "utf-8"


class CheckedTransport:
    """Carries zeep's envelopes; raises `RemoteError` for every answer that zeep should not see."""

    def __init__(
        self, connections: Connections, *, user_agent: str, now: Callable[[], datetime], redact: Redact
    ) -> None:
        self._connections = connections
        self._user_agent = user_agent
        self._now = now
        self._redact = redact

    def load(self, url: str) -> bytes:
        """Refuse: there is nothing to be fetched."""
        raise PermissionError(f"our WSDL needs no other document, not {url}")

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Reply:
        """Send an envelope to the one address we know, whatever zeep thinks it is."""
        message = etree.tostring(envelope, encoding="us-ascii", xml_declaration=False)
        operation = headers["SOAPAction"].strip('"')  # the bare name of the operation (PROTOCOL 1.3)
        headers = {**headers, "User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        try:
            answer = self._connections.exchange(headers, len(message), (message,), answer_limit=MAX_READ_ANSWER_BYTES)
        except NotSentError as error:
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text=str(error), reached=False)) from error
        except BrokenError as error:
            raise RemoteError(Trouble(kind=_if_lost(operation), text=str(error))) from error
        trouble = read_soap_answer(answer, operation, now=self._now(), redact=self._redact)
        if trouble is not None:
            raise (NotOfferedError if lacks_operation(answer) else RemoteError)(trouble)
        return _Reply(content=answer.body, status_code=answer.status, headers={"Content-Type": "text/xml"})


def _if_lost(operation: str) -> Kind:
    """Return what can be done when the answer is lost: a read is made again, of anything else nobody knows."""
    return Kind.TRANSIENT if call_of(operation) is Call.READ else Kind.UNKNOWN


class SoapCalls:
    """The operations of our WSDL at one address; safe for several threads."""

    def __init__(self, address: str, transport: CheckedTransport, wsdl: Path | None = None) -> None:
        """`wsdl` is a file to be used instead of ours."""
        self._address = address
        self._transport = transport
        self._wsdl = wsdl
        self._lock = threading.Lock()
        self._loaded: Any = None

    def call(self, operation: str, auth: Mapping[str, str], **arguments: object) -> Any:
        """Call once and return zeep's view of the result; raises `RemoteError`, in whose texts are no arguments."""
        service = self._service()
        exceptions = importlib.import_module("zeep.exceptions")
        try:
            carry_out = getattr(service, operation)
        except AttributeError:  # only a WSDL of somebody else's may lack it
            text = line_troubles.WSDL_LACKS.format(file=self._wsdl, operation=operation)
            raise NotOfferedError(Trouble(kind=Kind.PERMANENT, text=text)) from None
        try:
            return carry_out(**arguments, _soapheaders={"authHeader": dict(auth)})
        except TypeError:  # it has no such argument
            text = line_troubles.WSDL_DIFFERS.format(file=self._wsdl, operation=operation)
            raise NotOfferedError(Trouble(kind=Kind.PERMANENT, text=text)) from None
        except exceptions.ValidationError:  # our mistake; zeep's text may quote values
            text = line_troubles.VALUE_MISSING.format(operation=operation)
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text=text)) from None
        except (
            exceptions.Error,
            etree.LxmlError,
            ValueError,
        ) as error:  # zeep quotes the answer, which may quote the request
            text = line_troubles.UNREADABLE.format(operation=operation, error=type(error).__name__)
            raise RemoteError(Trouble(kind=_if_lost(operation), text=text)) from None

    def load(self) -> None:
        """Load zeep and the WSDL before the first call, so that it need not wait; raises `RemoteError` as that does."""
        self._service()

    def _service(self) -> Any:
        """Load zeep and the WSDL at the first call: it takes 0.2 s that most commands do not need."""
        with self._lock:
            if self._loaded is None:
                zeep = importlib.import_module("zeep")
                # Whole envelopes with the password go to this logger at DEBUG if zeep's own transport is ever used.
                logging.getLogger("zeep.transports").setLevel(logging.INFO)
                # A traceback for every date that it cannot read, which is no news (PROTOCOL 5.2).
                logging.getLogger("zeep.xsd.types.simple").setLevel(logging.CRITICAL)
                settings = zeep.Settings(
                    strict=False, xsd_ignore_sequence_order=True, forbid_dtd=True, forbid_external=True
                )
                if self._wsdl is None:
                    wsdl = resources.files("hotfolder.ips").joinpath("ips.wsdl").read_bytes()
                    self._loaded = self._bound(zeep, wsdl, settings)
                else:
                    self._loaded = self._bound_to_file(zeep, self._wsdl, settings)
            return self._loaded

    def _bound(self, zeep: Any, wsdl: bytes, settings: Any) -> Any:
        client = zeep.Client(BytesIO(wsdl), transport=self._transport, settings=settings)
        return client.create_service(BINDING, self._address)

    def _bound_to_file(self, zeep: Any, file: Path, settings: Any) -> Any:
        """Use a WSDL that we did not write; whatever is wrong with it, the administrator has to know."""
        try:
            return self._bound(zeep, file.read_bytes(), settings)
        except Exception as error:
            text = line_troubles.WSDL_UNUSABLE.format(file=file, error=f"{type(error).__name__}: {error}")
            raise RemoteError(Trouble(kind=Kind.FATAL, text=text, reached=False)) from error
