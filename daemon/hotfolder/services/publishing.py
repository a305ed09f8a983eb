"""
Has one server publish, and asks what became of it.
"""

from __future__ import annotations

from typing import assert_never

from hotfolder.core import line_troubles
from hotfolder.core.messages import (
    Event,
    PublishFailed,
    PublishSeekFailed,
    PublishSought,
    PublishSubmitted,
    SeekPublish,
    SubmitPublish,
)
from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.services.account import Account

_NOT_SIGNED_IN = Trouble(kind=Kind.TRANSIENT, text=line_troubles.NOT_SIGNED_IN, reached=False)


class PublishService:
    """Publishes at one server; the thread that asks the server uses it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._remote = account.remote

    def carry_out(self, action: SubmitPublish | SeekPublish) -> list[Event]:
        """Submit or ask, once, and return the answer."""
        match action:
            case SubmitPublish():
                return [self._submit(action)]
            case SeekPublish():
                return [self._seek(action)]
            case _:
                assert_never(action)

    def _submit(self, action: SubmitPublish) -> Event:
        company = self._account.company
        if company is None:
            return PublishFailed(action.publish, _NOT_SIGNED_IN)
        try:
            self._remote.publish(company, action.name)
        except RemoteError as error:
            return PublishFailed(action.publish, error.trouble)
        return PublishSubmitted(action.publish)

    def _seek(self, action: SeekPublish) -> Event:
        company = self._account.company
        if company is None:
            return PublishSeekFailed(action.publish, _NOT_SIGNED_IN)
        try:
            active = self._remote.active_jobs(company, original_name=action.name)
            # of a whole company the log may be long: it is read once, at the end
            is_active = any(not job.is_done for job in active)
            logs = [] if is_active else self._remote.job_logs(company, original_name=action.name)
        except RemoteError as error:
            return PublishSeekFailed(action.publish, error.trouble)
        return PublishSought(action.publish, tuple(active), tuple(logs))
