"""
Job logs as the server tells them: which jobs match, the head of a JobLog, one page of its details (PROTOCOL 4.3).
"""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotfolder.sandbox.account import Account
from hotfolder.sandbox.answers import Content
from hotfolder.sandbox.documents import Tree, items_of, text_of
from hotfolder.sandbox.publishing import PUBLISH

MAX_RECORDS: Final = 1000
"""Default and maximum of recordsPerPage (PROTOCOL 4.3)."""


def matching_jobs(db: sqlite3.Connection, param: Tree, *, only_active: bool = False) -> list[sqlite3.Row]:
    """Jobs by jobHandle and originalName, each where given; oldest first. One name may fit several (PROTOCOL 4.3)."""
    given = {"handle": text_of(param, "jobHandle"), "name": text_of(param, "originalName")}
    wanted = {column: value for column, value in given.items() if value is not None}
    clauses = [f"{column} = :{column}" for column in wanted] + (["ended_at is null"] if only_active else [])
    where = f"where {' and '.join(clauses)}" if clauses else ""
    return db.execute(f"select * from job {where} order by number", wanted).fetchall()  # noqa: S608 - words of ours


def job_log(db: sqlite3.Connection, row: sqlite3.Row, account: Account) -> dict[str, Content]:
    """A JobLog without details; endDate is there if the job is over."""
    counts: dict[str, int] = dict(
        db.execute("select log_type, count(*) from log where job = ? group by log_type", (row["number"],)).fetchall()
    )
    is_publish = row["type"] == PUBLISH
    total = db.execute("select count(*) from received where job = ?", (row["number"],)).fetchone()[0]
    return {
        "companyHandle": account.company_handle,
        "jobHandle": row["handle"],
        "jobName": row["run_name"] or row["name"],
        "originalJobName": row["name"],
        "submitUserEmail": account.user,
        "logType": f"Begin{PUBLISH}" if is_publish else "BeginUpload",
        "jobSubType": "",
        "startDate": datetime.fromisoformat(row["opened_at"]),
        "endDate": None if row["ended_at"] is None else datetime.fromisoformat(row["ended_at"]),
        "description": row["description"],
        "fileSuccessCount": counts.get(f"{PUBLISH}Success" if is_publish else "UploadSuccess", 0),
        "fileErrorCount": counts.get(f"{PUBLISH}Error" if is_publish else "UploadError", 0),
        "fileWarningCount": counts.get("UploadWarning", 0),
        "fileDuplicateCount": counts.get("DuplicateSkipped", 0),
        "fileUpdateCount": counts.get("FileUpdated", 0),
        "totalFileCount": total,
        "transferSuccessCount": total,
        "transferErrorCount": 0,
        "transferWarningCount": 0,
        "fatalError": "FatalError" in counts,
    }


def log_page(db: sqlite3.Connection, row: sqlite3.Row, param: Tree) -> Mapping[str, Content]:
    """
    detailTotalRows and one page of details.

    Each job of an answer is paged by itself: the documents do not say, and so every total can be reached.
    """
    types = items_of(param, "logTypeArray") or []
    size = int(text_of(param, "recordsPerPage") or MAX_RECORDS)
    page = int(text_of(param, "resultsPage") or 1)
    direction = "desc" if text_of(param, "sortDirection") == "Descending" else "asc"
    order = f"log_type {direction}, number" if text_of(param, "sortBy") == "LogType" else f"number {direction}"
    marks = ", ".join("?" * len(types))
    where = "job = ?" + (f" and log_type in ({marks})" if types else "")
    total: int = db.execute(f"select count(*) from log where {where}", (row["number"], *types)).fetchone()[0]  # noqa: S608
    details = db.execute(
        f"select * from log where {where} order by {order} limit ? offset ?",  # noqa: S608 - marks and words of ours
        (row["number"], *types, size, (page - 1) * size),
    )
    return {"detailTotalRows": total, "detailArray": [_detail(detail) for detail in details]}


def _detail(row: sqlite3.Row) -> Mapping[str, Content]:
    at = datetime.fromisoformat(row["at"])
    aux: list[Content] = [
        {"logMessage": message, "logType": log_type, "dateCreated": at} for log_type, message in json.loads(row["aux"])
    ]
    return {
        "logMessage": row["message"],
        "logType": row["log_type"],
        "dateCreated": at,
        "assetName": row["asset_name"],
        "assetType": row["asset_type"],
        "assetHandle": row["asset_handle"],
        "auxArray": aux or None,
    }
