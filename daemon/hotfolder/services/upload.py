"""
Makes one POST from claimed files; the answer says what is known of it, however it went.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from hotfolder.core import line_troubles
from hotfolder.core.messages import Event, FolderDown, PostAccepted, PostFailed, PostPart, PostProgressed, SendPost
from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.ports import ChangedError, Clock, Files, FolderError, PostFile, PostRequest, Reader
from hotfolder.services.account import Account
from hotfolder.services.reading import PostKey, Readings, WatchedReader
from hotfolder.services.throttle import Throttle

PROGRESS_EVERY_S = 0.25  # people see four steps a second as motion; more would only cost


class UploadService:
    """Any number of threads may use it."""

    def __init__(
        self,
        accounts: Callable[[str], Account],
        files: Callable[[str], Files],
        clock: Clock,
        emit: Callable[[Event], None],
        throttle: Throttle | None = None,
    ) -> None:
        self._accounts = accounts  # by the server's name
        self._files = files  # hot folder's name to its files
        self._clock = clock
        self._emit = emit
        self.readings = Readings(clock.monotonic)
        self._throttle = throttle  # of all servers together: they share our line. None = no limit, ever
        self._counting = threading.Lock()
        self._sent_bytes = 0

    @property
    def sent_bytes(self) -> int:
        """Bytes of files in all POSTs so far, whatever became of them."""
        return self._sent_bytes

    def carry_out(self, action: SendPost) -> list[Event]:
        """Send it, once."""
        account = self._accounts(action.server)
        company = account.company
        if company is None:
            trouble = Trouble(kind=Kind.TRANSIENT, text=line_troubles.NOT_SIGNED_IN, reached=False)
            return [PostFailed(action.job, action.number, trouble)]
        files = self._files(action.folder)
        folder_errors: list[str] = []
        request = PostRequest(
            company=company,
            destination=action.destination,
            files=tuple(
                PostFile(
                    drop=part.drop,
                    header_name=part.header_name,
                    size_bytes=part.identity.size_bytes,
                    open=partial(self._open, (action.job, action.number), files, part, folder_errors),
                )
                for part in action.parts
            ),
            job_name=action.job_name,
            job_handle=action.job_handle,
            options=action.options,
            file_name=action.file_name,
            end_job=action.end_job,
            source_address=action.source_address,
        )
        try:
            answer = account.remote.post(request, self._progress(action))
        except RemoteError as error:
            local = bool(folder_errors) and error.trouble.kind is not Kind.UNKNOWN
            changed = () if local else error.changed
            failed = PostFailed(action.job, action.number, error.trouble, error.files, changed, local=local)
            return [*(FolderDown(action.folder, reason) for reason in folder_errors[:1]), failed]
        return [PostAccepted(action.job, action.number, answer.job_handle, answer.files, answer.our_address)]

    def _progress(self, action: SendPost) -> Callable[[int], None]:
        last_s = self._clock.monotonic()
        counted_bytes = 0

        def progressed(sent_bytes: int) -> None:
            nonlocal last_s, counted_bytes
            if sent_bytes < counted_bytes:  # it is sent once more from its start
                counted_bytes = 0
            block_bytes = sent_bytes - counted_bytes
            counted_bytes = sent_bytes
            with self._counting:
                self._sent_bytes += block_bytes
            if self._throttle is not None:
                self._throttle.spend(block_bytes)
            now_s = self._clock.monotonic()
            if now_s - last_s >= PROGRESS_EVERY_S:
                last_s = now_s
                self._emit(PostProgressed(action.job, action.number, sent_bytes))

        return progressed

    def _open(self, post: PostKey, files: Files, part: PostPart, folder_errors: list[str]) -> Reader:
        """Open one claimed file; a folder in trouble is remembered, so that the server is not blamed."""
        try:
            with self.readings.waiting(post):
                reader = files.open_for_sending(part.work_path, part.identity)
        except FolderError as error:
            folder_errors.append(str(error))
            raise ChangedError(str(error)) from error
        return WatchedReader(reader, self.readings, post)
