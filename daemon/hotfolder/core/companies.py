"""
Whether we may work for the company that a server turns out to be, once it lets us in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hotfolder.core.connection import Connection
from hotfolder.core.model import Job, JobState
from hotfolder.core.server import Company
from hotfolder.core.settings import ServerSettings


def objection(
    server: ServerSettings,
    company: Company,
    *,
    servers: Iterable[ServerSettings],
    connections: Mapping[str, Connection],
    jobs: Iterable[Job],
) -> str | None:
    """
    Return why nothing may be sent to this company, in words with the cure; None if all is well.

    `jobs` are all that are not at their end.
    """
    return _is_elsewhere(server, company, jobs) or _is_twice(server, company, servers, connections)


def _is_elsewhere(server: ServerSettings, company: Company, jobs: Iterable[Job]) -> str | None:
    """What was sent to one company cannot be asked of another: nobody would learn what became of it."""
    left = [
        job
        for job in jobs
        if job.server == server.name
        and job.company not in ("", company.handle)
        and job.state not in (JobState.GHOST, JobState.OVER)
    ]
    if not left:
        return None
    files = sum(job.files_total for job in left)
    now = f"{company.name} ({company.handle})"
    return (
        f"it is now the company {now}, but {files} files are under way at {left[0].company}; "
        "put the former company back into the settings until they are done"
    )


def _is_twice(
    server: ServerSettings,
    company: Company,
    servers: Iterable[ServerSettings],
    connections: Mapping[str, Connection],
) -> str | None:
    """Two servers that are one company, and do not look like it, would not keep its asset IDs apart."""
    for other in servers:
        known = connections[other.name].company
        if (
            known is not None
            and known.handle == company.handle
            and other.soap_url == server.soap_url
            and other.company_key != server.company_key
        ):
            return (
                f"it is the same company as that of the server {other.name}, {known.name} ({known.handle}): "
                "write company_handle for both, so that their files do not get in each other's way"
            )
    return None
