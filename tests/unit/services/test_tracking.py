"""Asking the server how jobs stand: which calls are made, and what their answers come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from hotfolder.core.messages import Followed, Poll, Polled
from hotfolder.core.server import ActiveJob, Company, JobLog
from hotfolder.services.account import Account
from hotfolder.services.tracking import TrackingService
from hotfolder.testing.perils import Perils, VirtualClock
from hotfolder.testing.remote import ModelRemote, ModelServer

COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")


def log(handle: str) -> JobLog:
    """Return the log of a job that has ended."""
    ended_at = datetime(2026, 3, 1, tzinfo=UTC)
    return JobLog(handle=handle, original_name="ours", ended_at=ended_at, rows=(), is_complete=True)


class Server(ModelRemote):
    """Knows some jobs of the name "ours"."""

    def __init__(self, *logged: str, active: Sequence[str] = (), knows_names: bool = True) -> None:
        clock = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC))
        super().__init__(ModelServer(clock), Perils(), lambda request: "ok")
        self._logs = [log(handle) for handle in logged]
        self._active = active
        self._knows_names = knows_names

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[ActiveJob]:
        return [ActiveJob(handle=handle, original_name="ours", state="Running") for handle in self._active]

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        if original_name is not None:
            return self._logs if self._knows_names and original_name == "ours" else []
        return [log for log in self._logs if log.handle == handle]


def polled(server: Server, *handles: str) -> tuple[str, ...] | None:
    """Return the handles of the logs that a poll for one job brings; None = it is not over."""
    service = TrackingService(Account(server, COMPANY))
    (event,) = service.carry_out(Poll("", (Followed(1, "ours", handles),)))
    assert isinstance(event, Polled)
    return None if 1 not in event.logs else tuple(log.handle for log in event.logs[1])


@pytest.mark.parametrize("knows_names", [True, False])
def test_the_log_of_a_job_is_read_by_its_name_or_its_handle(knows_names: bool) -> None:
    assert polled(Server("j|1", knows_names=knows_names), "j|1") == ("j|1",)


def test_another_job_of_the_same_name_is_found_with_ours() -> None:
    assert polled(Server("j|1", "j|2"), "j|1") == ("j|1", "j|2")


@pytest.mark.parametrize("active", ["j|1", "j|2"])
def test_a_job_is_not_over_while_one_of_its_name_is_at_work(active: str) -> None:
    assert polled(Server("j|1", active=[active]), "j|1") is None


def test_nothing_is_complete_without_every_log() -> None:
    assert polled(Server("j|1"), "j|1", "j|2") == ()
    assert polled(Server(), "j|1") == ()
