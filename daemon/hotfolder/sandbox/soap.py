"""
The SOAP service: one SOAP 1.1 document/literal request into an answer (PROTOCOL 1.3, 1.4).
"""

from lxml import etree

from hotfolder.sandbox.account import Account, read_auth
from hotfolder.sandbox.answers import SOAP_NAMESPACE, soap_answer
from hotfolder.sandbox.documents import NAMESPACE, parse, read, split_tag, text_of
from hotfolder.sandbox.errors import invalid_xml
from hotfolder.sandbox.faults import RequestWatch
from hotfolder.sandbox.jobs import Jobs
from hotfolder.sandbox.operations import Operations
from hotfolder.sandbox.records import RequestInfo
from hotfolder.sandbox.schemas import OPERATIONS


class SoapService:
    """Answers envelopes; any number at a time."""

    def __init__(self, account: Account, jobs: Jobs, operations: Operations) -> None:
        self._account = account
        self._jobs = jobs
        self._operations = operations

    def take(self, raw: bytes, watch: RequestWatch, info: RequestInfo) -> bytes | None:
        """
        The answer to one envelope; None if a scripted fault kept it from being carried out. Raises the IPS fault.

        `info.operation` is what SOAPAction named, and must be what the body asks for.
        """
        info.xml = raw
        headers, request = _open(parse(raw, "The request"))
        namespace, name = split_tag(request)
        operation = name.removesuffix("Param")
        auth = read_auth(_find_auth(headers))
        info.fault_status, info.wants_gzip = auth.fault_status, auth.wants_gzip
        self._account.check(auth)
        record = OPERATIONS.get(operation)
        if namespace != NAMESPACE or not name.endswith("Param") or record is None:
            raise invalid_xml(f"Unknown operation: {{{namespace}}}{name}")
        if info.operation != operation:
            raise invalid_xml(f"SOAPAction: found {info.operation!r}, wanted {operation!r}")
        param = read(request, name, record)
        info.job_handle = text_of(param, "jobHandle")
        info.job_name = text_of(param, "originalName") or text_of(param, "jobName")
        if info.job_name is None and info.job_handle is not None:
            info.job_name = self._jobs.name_of(info.job_handle)
        watch.see_job(info.job_name)
        if watch.acting is not None and not watch.acting.is_processed:
            return None
        return soap_answer(f"{operation}Return", self._operations.answer(operation, param, auth.client))


def _open(envelope: etree._Element) -> tuple[list[etree._Element], etree._Element]:
    """The header entries and the one element of the body."""
    if split_tag(envelope) != (SOAP_NAMESPACE, "Envelope"):
        raise invalid_xml(
            f"Found root {{{split_tag(envelope)[0]}}}{split_tag(envelope)[1]}, wanted a SOAP 1.1 Envelope"
        )
    children = [child for child in envelope if isinstance(child.tag, str)]
    names = [split_tag(child) for child in children]
    if names not in ([(SOAP_NAMESPACE, "Body")], [(SOAP_NAMESPACE, "Header"), (SOAP_NAMESPACE, "Body")]):
        raise invalid_xml("An Envelope holds an optional Header and a Body")
    headers = [entry for child in children[:-1] for entry in child if isinstance(entry.tag, str)]
    requests = [entry for entry in children[-1] if isinstance(entry.tag, str)]
    if len(requests) != 1:
        raise invalid_xml(f"The Body holds {len(requests)} elements, wanted one")
    return headers, requests[0]


def _find_auth(headers: list[etree._Element]) -> etree._Element | None:
    """The header entry named authHeader, in whatever namespace."""
    return next((entry for entry in headers if split_tag(entry)[1] == "authHeader"), None)
