"""
Asks the server: who we are, how jobs stand, what their logs say, which assets are there, which names are taken.
"""

from __future__ import annotations

from typing import assert_never

from hotfolder.core import line_troubles
from hotfolder.core.messages import (
    AskExpiry,
    AssetsFailed,
    AssetsSeen,
    CheckTaken,
    Event,
    ExpiryTold,
    ExpiryUntold,
    FindAssets,
    Followed,
    Poll,
    Polled,
    PollFailed,
    Seek,
    SeekFailed,
    SignedIn,
    SignIn,
    SignInFailed,
    Sought,
    TakenFailed,
    TakenSeen,
)
from hotfolder.core.server import ActiveJob, Company, JobLog, Kind, RemoteError, Trouble
from hotfolder.services.account import Account

ServerAction = SignIn | AskExpiry | Poll | Seek | FindAssets | CheckTaken

_NOT_SIGNED_IN = Trouble(kind=Kind.TRANSIENT, text=line_troubles.NOT_SIGNED_IN, reached=False)


class TrackingService:
    """Asks one server; keeps nothing itself, so any number of threads may use it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._remote = account.remote

    def carry_out(self, action: ServerAction) -> list[Event]:
        """Ask, and return the answer."""
        match action:
            case SignIn():
                return [self._sign_in(action)]
            case AskExpiry():
                return [self._ask_expiry(action)]
            case Poll():
                return [self._poll(action)]
            case Seek():
                return [self._seek(action)]
            case FindAssets():
                return [self._find_assets(action)]
            case CheckTaken():
                return [self._check_taken(action)]
            case _:
                assert_never(action)

    def _sign_in(self, action: SignIn) -> Event:
        if not action.forced and not self._remote.credentials_changed():
            return SignInFailed(action.server, None)
        try:
            company = self._account.company = self._remote.sign_in()
        except RemoteError as error:
            return SignInFailed(action.server, error.trouble)
        return SignedIn(action.server, company)

    def _ask_expiry(self, action: AskExpiry) -> Event:
        try:
            return ExpiryTold(action.server, self._remote.password_expires())
        except RemoteError as error:
            return ExpiryUntold(action.server, error.trouble)

    def _poll(self, action: Poll) -> Event:
        company = self._account.company
        if company is None:
            return PollFailed(action.server, _NOT_SIGNED_IN)
        active: dict[str, ActiveJob] = {}
        try:
            active = {job.handle: job for job in self._remote.active_jobs(company)}
            logs: dict[int, tuple[JobLog, ...]] = {}
            for followed in action.jobs:
                namesakes = [job.handle for job in active.values() if job.original_name == followed.name]
                if any(handle in active and not active[handle].is_done for handle in (*followed.handles, *namesakes)):
                    continue
                logs[followed.job] = self._logs(company, followed)
        except RemoteError as error:
            return PollFailed(action.server, error.trouble, active)
        return Polled(action.server, active, logs)

    def _logs(self, company: Company, followed: Followed) -> tuple[JobLog, ...]:
        """
        Return the logs of all jobs of a name; nothing is complete, and so nothing returned, without those we know of.

        They are asked for by name, because what has sent our first POST twice has opened two jobs, and we know one. A
        server that does not find a job by its name is asked for it by its handle.
        """
        found = {log.handle: log for log in self._remote.job_logs(company, original_name=followed.name)}
        for handle in followed.handles:
            if handle not in found:
                by_handle = self._remote.job_logs(company, handle=handle)
                if not by_handle:
                    return ()
                found |= {log.handle: log for log in by_handle}
        return tuple(found.values())

    def _seek(self, action: Seek) -> Event:
        company = self._account.company
        if company is None:
            return SeekFailed(action.job, _NOT_SIGNED_IN)
        try:
            active = self._remote.active_jobs(company, original_name=action.name)
            logs = self._remote.job_logs(company, original_name=action.name)
        except RemoteError as error:
            return SeekFailed(action.job, error.trouble)
        return Sought(action.job, tuple(active), tuple(logs))

    def _find_assets(self, action: FindAssets) -> Event:
        company = self._account.company
        if company is None:
            return AssetsFailed(action.job, _NOT_SIGNED_IN)
        try:
            return AssetsSeen(action.job, tuple(self._remote.assets(company, action.names)))
        except RemoteError as error:
            if _is_not_offered(error.trouble):
                return AssetsSeen(action.job, None)
            return AssetsFailed(action.job, error.trouble)

    def _check_taken(self, action: CheckTaken) -> Event:
        company = self._account.company
        if company is None:
            return TakenFailed(action.server)
        try:
            return TakenSeen(action.server, frozenset(self._remote.names_in_use(company, action.assets)))
        except RemoteError as error:
            if _is_not_offered(error.trouble):
                return TakenSeen(action.server, None, error.trouble.text)
            return TakenFailed(action.server)


def _is_not_offered(trouble: Trouble) -> bool:
    """Return whether this user does not get an answer at all: one feature less, and no outage."""
    is_for_good = trouble.kind is Kind.PERMANENT
    return is_for_good or (trouble.kind is Kind.FATAL and trouble.code is not None and trouble.code >= 20000)
