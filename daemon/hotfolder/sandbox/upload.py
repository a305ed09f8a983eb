"""
The UploadFile servlet: one multipart POST into the files and jobs of the sandbox (PROTOCOL 2).

Files stream to `incoming/` while the body is read and count only when the POST has been received in full.
"""

import hashlib
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hotfolder.sandbox.account import Account, AuthHeader, read_auth
from hotfolder.sandbox.answers import ips_document
from hotfolder.sandbox.body import Body
from hotfolder.sandbox.catalogue import CatalogueFile, handles_in
from hotfolder.sandbox.documents import Tree, is_true, parse, read, text_of
from hotfolder.sandbox.errors import internal, invalid_parameter, invalid_xml, missing_parameter, no_credentials
from hotfolder.sandbox.faults import RequestWatch
from hotfolder.sandbox.ingest import asset_handle
from hotfolder.sandbox.jobs import Jobs, NewJob, ReceivedFile
from hotfolder.sandbox.multipart import MultipartError, MultipartReader
from hotfolder.sandbox.names import HEAD_SIZE, Target, problem_with, target_of
from hotfolder.sandbox.records import RequestInfo
from hotfolder.sandbox.schemas import UPLOAD_POST_PARAM, check_options
from hotfolder.sandbox.store import Store

_XML_LIMIT: Final = 1024 * 1024
"""Bytes of an XML part: options take some KB, keywords may take more."""

_JOB_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Length and alphabet are unknown; the sandbox holds callers to the safe ones (PROTOCOL 2.4 and 7)."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class UploadServlet:
    """Takes POSTs; any number at a time."""

    def __init__(
        self,
        account: Account,
        jobs: Jobs,
        store: Store,
        catalogue: CatalogueFile,
        *,
        max_post_bytes: int,
        is_auth_versioned: bool = True,
    ) -> None:
        self._account = account
        self._jobs = jobs
        self._store = store
        self._catalogue = catalogue
        self._max_post_bytes = max_post_bytes
        self._is_auth_versioned = is_auth_versioned

    def take(self, body: Body, boundary: str | None, watch: RequestWatch, info: RequestInfo) -> bytes | None:
        """
        The answer to one POST, carried out; None if a scripted fault kept it from being carried out.

        Raises the IPS fault; the rest of the body is then still unread.
        """
        if boundary is None:
            raise internal("The request is not multipart/form-data with a boundary")
        if body.size > self._max_post_bytes:
            raise invalid_parameter(f"The POST has {body.size} bytes, UploadPostMaxFileSize is {self._max_post_bytes}")
        parts = MultipartReader(body.read, boundary.encode("latin-1", "replace"))
        try:
            auth = self._read_auth(parts, info)
            param = self._read_param(parts, info)
            return self._take_files(parts, auth, param, watch, info)
        except MultipartError as error:
            raise internal(f"Not a well-formed multipart body: {error}") from error

    def _read_auth(self, parts: MultipartReader, info: RequestInfo) -> AuthHeader:
        head = parts.next_part()
        if head is None or head.name != "auth":
            raise no_credentials("The first part is not auth")
        info.auth_xml = parts.content(_XML_LIMIT)
        auth = read_auth(parse(info.auth_xml, "auth"), is_versioned=self._is_auth_versioned)
        info.fault_status = auth.fault_status
        self._account.check(auth)
        return auth

    def _read_param(self, parts: MultipartReader, info: RequestInfo) -> Tree:
        head = parts.next_part()
        if head is None or head.name != "uploadParams":
            raise missing_parameter("The second part is not uploadParams")
        info.xml = parts.content(_XML_LIMIT)
        param = read(parse(info.xml, "uploadParams"), "uploadPostParam", UPLOAD_POST_PARAM)
        info.end_job = is_true(param, "endJob")
        info.job_handle = text_of(param, "jobHandle")
        info.job_name = text_of(param, "jobName") if info.job_handle is None else self._jobs.name_of(info.job_handle)
        return param

    def _take_files(
        self, parts: MultipartReader, auth: AuthHeader, param: Tree, watch: RequestWatch, info: RequestInfo
    ) -> bytes | None:
        watch.see_job(info.job_name)
        self._account.check_company(text_of(param, "companyHandle"))
        dest_folder = self._dest_folder(param)
        files: list[ReceivedFile] = []
        job = _job_of(param, auth)
        if isinstance(job, NewJob):
            self._check_handles(job.options)
        with self._jobs.post(info.peer, job) as post:
            try:
                while (head := parts.next_part()) is not None:
                    if head.filename is None:
                        raise invalid_xml(f"Unexpected part {head.name!r}: wanted files after uploadParams")
                    name = self._file_name(param, head.filename, files)
                    info.file_names.append(name)
                    watch.see_file(name)
                    files.append(self._receive(parts, self._target(dest_folder, name)))
                if watch.acting is not None and not watch.acting.is_processed:
                    self._discard(files)
                    return None
                handle = post.commit(files, end_job=info.end_job)
            except BaseException:
                self._discard(files)
                raise
        return ips_document("uploadPostReturn", {"jobHandle": handle})

    def _check_handles(self, options: Tree) -> None:
        """Options name only what the company has."""
        if not any(handles_in(options)):
            return
        with self._jobs.reading() as db:
            rows = db.execute("select number from live_asset where type = 'IccProfile'").fetchall()
        uploaded = frozenset(asset_handle(row["number"]) for row in rows)
        self._catalogue.now().check(options, uploaded_profiles=uploaded)

    def _dest_folder(self, param: Tree) -> str:
        """destFolder, which must begin with the company root path (PROTOCOL 2.5); "" if absent."""
        folder = text_of(param, "destFolder")
        if folder is not None and not f"{folder}/".startswith(self._account.root_path):
            raise invalid_parameter(f"destFolder: found {folder!r}, wanted a path below {self._account.root_path!r}")
        return folder or ""

    def _file_name(self, param: Tree, filename: str, files: Sequence[ReceivedFile]) -> str:
        """The target name: the fileName element, else the part's filename (PROTOCOL 2.5)."""
        given = text_of(param, "fileName")
        if given is not None and files:
            raise invalid_parameter("fileName names one file, found several file parts")
        name = filename if given is None else given
        if not name or _CONTROL.search(name):
            raise invalid_parameter(f"File name: found {name!r}, wanted a name without control characters")
        return name

    def _target(self, dest_folder: str, name: str) -> Target:
        root = self._account.root_path
        target = target_of(dest_folder if dest_folder or "/" in name else root, name)
        if not target.folder.startswith(root):
            raise invalid_parameter(f"File name: found {name!r}, wanted a path below {root!r}")
        return target

    def _receive(self, parts: MultipartReader, target: Target) -> ReceivedFile:
        path = self._store.incoming / uuid.uuid4().hex
        try:
            size, sha256, head = _write(parts, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return ReceivedFile(
            target=target,
            size_bytes=size,
            sha256=sha256,
            problem=problem_with(target.file_name, head),
            content=path.name,
        )

    def _discard(self, files: Sequence[ReceivedFile]) -> None:
        for file in files:
            (self._store.incoming / file.content).unlink(missing_ok=True)


def _write(parts: MultipartReader, path: Path) -> tuple[int, str, bytes]:
    """Size, SHA-256 and first bytes of the present part, written to a new file."""
    digest = hashlib.sha256()
    size = 0
    head = b""
    with path.open("xb") as file:
        for block in parts.blocks():
            if len(head) < HEAD_SIZE:
                head += block[:HEAD_SIZE]
            digest.update(block)
            file.write(block)
            size += len(block)
    return size, digest.hexdigest(), head


def _job_of(param: Tree, auth: AuthHeader) -> NewJob | str:
    """The job that a first POST opens, or the handle of a later one: exactly one of the two (PROTOCOL 2.2)."""
    name, handle = text_of(param, "jobName"), text_of(param, "jobHandle")
    if name is not None and handle is not None:
        raise invalid_parameter("Found both jobName and jobHandle, wanted one of them")
    options = param.get("uploadParams")
    if isinstance(options, dict):
        check_options(options)
    if handle is not None:
        return handle
    if name is None:
        raise invalid_parameter("Found neither jobName nor jobHandle, wanted one of them")
    if not _JOB_NAME.fullmatch(name):
        raise invalid_parameter(f"jobName: found {name!r}, wanted at most 64 of A-Z a-z 0-9 . _ -")
    if not isinstance(options, dict):
        raise missing_parameter("The first POST of a job needs uploadParams")
    return NewJob(
        name=name,
        locale=text_of(param, "locale"),
        description=text_of(param, "description") or "",
        options=options,
        client=auth.client,
    )
