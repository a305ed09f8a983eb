"""
The IPS server as one user and company: `ports.Remote` over UploadFile and SOAP.

A POST is sent once and never repeated here. SOAP calls only read, so they are tried again a little by themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random_exponential

from hotfolder.config.secret import SecretError
from hotfolder.core import line_troubles
from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.server import (
    ActiveJob,
    Asset,
    Company,
    JobLog,
    Kind,
    PostAnswer,
    RemoteError,
    Trouble,
)
from hotfolder.core.settings import ServerSettings
from hotfolder.edges.remote.assets import read_assets, read_names_in_use
from hotfolder.edges.remote.body import Body, Room, SpoiltError, open_body
from hotfolder.edges.remote.catalogue import read_shelf
from hotfolder.edges.remote.connections import AddressGoneError, BrokenError, Connections, NotSentError, TimeLimits
from hotfolder.edges.remote.offers import if_offered
from hotfolder.edges.remote.pages import ask_job_logs, without_secret
from hotfolder.edges.remote.publishing import submit_publish
from hotfolder.edges.remote.soap import CheckedTransport, NotOfferedError, SoapCalls
from hotfolder.edges.remote.way import way_to
from hotfolder.ips import records
from hotfolder.ips.answers import MAX_POST_ANSWER_BYTES, read_post_answer
from hotfolder.ips.documents import auth_document, auth_fields, upload_document
from hotfolder.ips.markup import DocumentError, unfit_character
from hotfolder.ips.multipart import Framing, FramingError, frame
from hotfolder.ips.redaction import redactor
from hotfolder.ports import PostRequest, Progress

Understood = TypeVar("Understood")

READ_TRIES = 3
READ_RETRY_S = 15.0
"""A read is tried again for a blip of the line only; for more, its caller comes again by its own clock."""

_AUTHENTICATION = range(10000, 20000)
_NO_CREDENTIALS = 10000
"""Fault codes (PROTOCOL 1.5): not let in; no credentials seen."""


class IpsRemote:
    """
    `ports.Remote` for a real server.

    Kinds of a failed `post`: TRANSIENT, PERMANENT and FATAL mean that the server has not taken it, UNKNOWN that it may
    have. A file found changed before the first byte has left is TRANSIENT with `changed` filled; `reached` stays True,
    since that says nothing against the server. What `progress` raises passes through and cuts the POST off.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        read_password: Callable[[], str],
        connect_timeout_s: float,
        read_timeout_s: float,
        connections: int,
        app_version: str,
        boundary: Callable[[], str],
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Prepare; nothing is sent, loaded or read yet.

        `connections` is how many are kept alive to each of the two addresses; `boundary` makes a new unguessable
        multipart boundary each time; `sleep` waits between tries of a read and may return early.
        """
        self._settings = settings
        self._read_password = read_password
        self._app_version = app_version
        self._boundary = boundary
        self._now = now
        self._user_agent = f"hotfolder/{app_version}"
        limits = TimeLimits(connect_s=connect_timeout_s, read_s=read_timeout_s)
        way = way_to(settings)
        self._uploads = Connections(settings.upload_url, way=way, limits=limits, keep=connections, monotonic=monotonic)
        self._reads = Connections(settings.soap_url, way=way, limits=limits, keep=connections, monotonic=monotonic)
        self._soap = SoapCalls(
            settings.soap_url,
            CheckedTransport(self._reads, user_agent=self._user_agent, now=now, redact=self._redact),
            settings.wsdl,
        )
        self._room = Room(connections)
        self._sleep = sleep
        self._password: str | None = None  # as of the last sign_in
        self._auth_is_versioned = True  # what UploadFile reads credentials in
        self._auth_is_known = False  # it has read some

    def load(self) -> None:
        """Load what reads answers, which the first call would else wait for; what is wrong with it that call tells."""
        with suppress(RemoteError):
            self._soap.load()

    def close(self) -> None:
        """Close the connections; a second call is harmless."""
        self._uploads.close()
        self._reads.close()

    # --- who we are ---

    def sign_in(self) -> Company:
        """
        Prove the credentials, read afresh, and find the company; at most three requests, and none is repeated.

        An unknown company is FATAL, and its text lists the usable ones.
        """
        self._password = None  # one that cannot be read now is another one than whatever can be read later
        self._password = self._fresh_password()
        found, refusal = None, None
        try:
            found = self._find_company()
        except RemoteError as error:
            if not _may_mean_unknown_company(error):
                raise
            refusal = error
        return self._with_limit(found or self._choose_company(refusal))

    def credentials_changed(self) -> bool:
        """Return whether the password is another one than at the last `sign_in`; an unreadable one is no change."""
        try:
            return self._read_password() != self._password
        except SecretError:
            return False

    def password_expires(self) -> datetime | None:
        """
        Return when the user's password expires (PROTOCOL 4.5); None = never, or the server does not tell.

        Raises `RemoteError` when nobody answered or the credentials are refused.
        """
        try:
            return self._call("getUserInfo", records.password_expires, email=self._settings.user)
        except RemoteError as error:
            trouble = error.trouble
            if trouble.code in _AUTHENTICATION or (trouble.code is None and not isinstance(error, NotOfferedError)):
                raise
            return None

    def companies(self) -> list[Company]:
        """Return the companies this user may use, with the password of the last `sign_in`, else read now."""
        return records.active_companies(self._call("getCompanyMembership", records.items))

    def _find_company(self) -> Company | None:
        handle, name = self._settings.company_handle, self._settings.company
        wanted = {"companyName": name} if handle is None else {"companyHandle": handle}
        found = self._call("getCompanyInfo", records.company, **wanted)
        return found if found is not None and self._is_wanted(found) else None

    def _is_wanted(self, company: Company) -> bool:
        """Return whether it is the company of the settings; handles are compared whole (PROTOCOL 2.7)."""
        if self._settings.company_handle is not None:
            return company.handle == self._settings.company_handle
        return company.name == self._settings.company

    def _choose_company(self, refusal: RemoteError | None) -> Company:
        """Look for the company among the memberships, for roles and servers that do not allow getCompanyInfo."""
        try:
            usable = self.companies()
        except RemoteError as error:
            if refusal is not None and error.trouble.code not in _AUTHENTICATION:
                raise refusal from None
            raise
        found = next((company for company in usable if self._is_wanted(company)), None)
        if found is None:
            wanted = self._settings.company_handle or self._settings.company
            names = ", ".join(f"{company.name} ({company.handle})" for company in usable) or line_troubles.NO_COMPANIES
            text = line_troubles.NOT_OUR_COMPANY.format(company=repr(wanted), user=self._settings.user, companies=names)
            code = refusal.trouble.code if refusal is not None else None
            raise RemoteError(Trouble(kind=Kind.FATAL, text=text, code=code))
        return found

    def _with_limit(self, company: Company) -> Company:
        """Add the size limit of a POST, if the server tells it (PROTOCOL 4.5, getProperty)."""
        try:
            limit = self._call("getProperty", records.positive_number, name="UploadPostMaxFileSize")
        except RemoteError as error:
            if error.trouble.code in _AUTHENTICATION:
                raise
            return company
        return replace(company, max_post_bytes=limit)

    def _fresh_password(self) -> str:
        try:
            password = self._read_password()
        except SecretError as error:
            trouble = Trouble(kind=Kind.FATAL, text=line_troubles.NO_PASSWORD.format(error=error), reached=False)
            raise RemoteError(trouble) from None
        for value, text in (
            (password, line_troubles.UNFIT_PASSWORD),
            (self._settings.user, line_troubles.UNFIT_USER),
        ):
            if unfit_character(value) is not None:
                raise RemoteError(Trouble(kind=Kind.FATAL, text=text, reached=False))
        return password

    def _secret(self) -> str:
        if self._password is None:
            self._password = self._fresh_password()
        return self._password

    # --- UploadFile ---

    def post(self, request: PostRequest, progress: Progress) -> PostAnswer:
        """
        Send one POST, once (PROTOCOL 2); `progress` gets the bytes of files that have left.

        In which of two namespaces the server reads credentials, nobody has tried: until it has read some, a POST that
        is refused for lack of them goes once more in the other, and what worked is remembered (PROTOCOL 7).
        """
        try:
            return self._post_in(request, progress, auth_is_versioned=self._auth_is_versioned)
        except RemoteError as error:
            if error.trouble.code != _NO_CREDENTIALS or self._auth_is_known:
                raise
        return self._post_in(request, progress, auth_is_versioned=not self._auth_is_versioned)

    def _post_in(self, request: PostRequest, progress: Progress, *, auth_is_versioned: bool) -> PostAnswer:
        """Send it with credentials in one namespace, and remember this one if they were read."""
        try:
            answer = self._post(request, progress, auth_is_versioned=auth_is_versioned)
        except RemoteError as error:
            if error.trouble.code not in (None, _NO_CREDENTIALS):
                self._auth_is_versioned, self._auth_is_known = auth_is_versioned, True
            raise
        self._auth_is_versioned, self._auth_is_known = auth_is_versioned, True
        return answer

    def _post(self, request: PostRequest, progress: Progress, *, auth_is_versioned: bool) -> PostAnswer:
        try:
            framing = self._frame(request, auth_is_versioned=auth_is_versioned)
        except (DocumentError, FramingError) as error:
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text=str(error))) from error
        limit = request.company.max_post_bytes
        if limit is not None and framing.content_length > limit:
            text = line_troubles.OVER_THE_LIMIT.format(count=framing.content_length, most=limit)
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text=text))
        try:
            body = open_body(framing, request.files, room=self._room, progress=progress)
        except SpoiltError as error:
            trouble = Trouble(kind=Kind.TRANSIENT, text=line_troubles.NOTHING_SENT.format(why=error))
            raise RemoteError(trouble, changed=error.drops) from error
        try:
            return self._send(request, framing, body)
        finally:
            body.close()

    def _frame(self, request: PostRequest, *, auth_is_versioned: bool) -> Framing:
        return frame(
            boundary=self._boundary(),
            auth=auth_document(self._settings.user, self._secret(), self._app_version, is_versioned=auth_is_versioned),
            parameters=upload_document(
                company=request.company,
                destination=request.destination if request.files else None,
                job_name=request.job_name,
                job_handle=request.job_handle,
                options=request.options,
                file_name=request.file_name,
                end_job=request.end_job,
            ),
            files=[(file.header_name, file.size_bytes) for file in request.files],
        )

    def _send(self, request: PostRequest, framing: Framing, body: Body) -> PostAnswer:
        headers = {
            "Content-Type": framing.content_type,
            "Accept": "text/xml",
            "Accept-Encoding": "gzip",
            "User-Agent": self._user_agent,
        }
        try:
            answer = self._uploads.exchange(
                headers,
                framing.content_length,
                body,
                answer_limit=MAX_POST_ANSWER_BYTES,
                source=request.source_address,
            )
        except AddressGoneError as error:
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text=str(error), reached=False, has_moved=True)) from error
        except NotSentError as error:
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text=str(error), reached=False)) from error
        except BrokenError as error:
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text=str(error)), files=body.sent()) from error
        except SpoiltError as error:
            trouble = Trouble(kind=Kind.UNKNOWN, text=line_troubles.CUT_OFF.format(why=error))
            raise RemoteError(trouble, files=body.sent(), changed=error.drops) from error
        result = read_post_answer(answer, now=self._now(), redact=self._redact)
        if isinstance(result, Trouble):
            raise RemoteError(result, files=body.sent())
        if request.job_handle is not None and result != request.job_handle:
            text = line_troubles.OTHER_UPLOAD.format(upload=request.job_handle)
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text=text, status=answer.status), files=body.sent())
        return PostAnswer(job_handle=result, files=body.sent(), our_address=answer.our_address)

    # --- publishing ---

    def publish(self, company: Company, name: str) -> None:
        """Submit a publish, once; see `ports.Remote`."""
        submit_publish(self._call, company, name)

    # --- what the server knows ---

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[ActiveJob]:
        """Return the jobs in progress (PROTOCOL 4.1); a server that ignores the name does not mislead us."""
        jobs = self._read(
            "getActiveJobs", records.active_jobs, companyHandle=company.handle, originalName=original_name
        )
        return [job for job in jobs if original_name is None or job.original_name == original_name]

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        """Return whole logs (PROTOCOL 4.3) without our secret; one that grows while it is read is read once more."""
        logs = ask_job_logs(self._read, company, handle=handle, original_name=original_name)
        return without_secret(logs, redactor(self._secret()))

    def assets(self, company: Company, names: Sequence[str]) -> list[Asset]:
        """Return the assets with these IDs, more than one for a name if the server says so (PROTOCOL 5.1)."""
        return if_offered("assets", lambda: read_assets(self._read, company, names))

    def names_in_use(self, company: Company, names: Sequence[str]) -> set[str]:
        """
        Return those of the asset IDs that are taken, in one call.

        Not tried again: whoever asks does not wait for long, and the server looks once more when a file arrives.
        """
        return if_offered("names in use", lambda: read_names_in_use(self._call, company, names))

    def listed(self, company: Company, shelf: Shelf) -> list[Listed]:
        """Return all that the server has of one sort (PROTOCOL 3.5), asked anew at each call."""
        return if_offered(shelf.value, lambda: read_shelf(self._read, company, shelf))

    def _read(self, operation: str, understand: Callable[[Any], Understood], **arguments: object) -> Understood:
        """Call, and again for transient trouble, unless the server itself has said when to come back."""
        tries = Retrying(
            stop=stop_after_attempt(READ_TRIES) | stop_after_delay(READ_RETRY_S),
            wait=wait_random_exponential(multiplier=0.2, max=3.0),
            retry=retry_if_exception(_is_blip),
            sleep=self._wait,
            reraise=True,
        )
        found: Understood = tries(self._call, operation, understand, **arguments)
        return found

    def _wait(self, seconds: float) -> None:
        self._sleep(seconds)

    def _call(self, operation: str, understand: Callable[[Any], Understood], **arguments: object) -> Understood:
        """Call once, leaving out arguments that are None, and return what is understood of the answer."""
        auth = auth_fields(self._settings.user, self._secret(), self._app_version)
        given = {name: value for name, value in arguments.items() if value is not None}
        answer = self._soap.call(operation, auth, **given)
        try:
            return understand(answer)
        except records.ShapeError as error:
            text = line_troubles.UNREADABLE.format(operation=operation, error=error)
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text=text)) from error

    def _redact(self, text: str) -> str:
        return redactor(self._password)(text) if self._password is not None else text


def _is_blip(error: BaseException) -> bool:
    return (
        isinstance(error, RemoteError) and error.trouble.kind is Kind.TRANSIENT and error.trouble.retry_after_s is None
    )


def _may_mean_unknown_company(error: RemoteError) -> bool:
    """
    Return whether getCompanyInfo may have failed for the company's name, or for not being allowed or offered.

    Any fault may (30000 is a catch-all), but not one about the credentials, and not trouble on the way.
    """
    if isinstance(error, NotOfferedError):
        return True
    return error.trouble.code is not None and error.trouble.code not in _AUTHENTICATION
