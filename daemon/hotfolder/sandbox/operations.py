"""
The SOAP operations: from a checked param to the content of the return (PROTOCOL 4).
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from hotfolder.sandbox.account import Account
from hotfolder.sandbox.answers import Content
from hotfolder.sandbox.catalogue import CatalogueFile, Entry
from hotfolder.sandbox.documents import Tree, is_true, items_of, text_of
from hotfolder.sandbox.errors import invalid_parameter, missing_parameter
from hotfolder.sandbox.ingest import asset_handle
from hotfolder.sandbox.jobs import Jobs
from hotfolder.sandbox.logs import job_log, log_page, matching_jobs
from hotfolder.sandbox.names import UNKNOWN_TYPE
from hotfolder.sandbox.publishing import PUBLISH

IPS_VERSION: Final = "6.8"
"""The version of 2014-04-03 (PROTOCOL 1.2)."""

_SORT_FIELDS: Final = {
    "JobName": "jobName",
    "FileErrorCount": "fileErrorCount",
    "FileWarningCount": "fileWarningCount",
    "FileSuccessCount": "fileSuccessCount",
}

Answer = Mapping[str, Content]


class Operations:
    """Every operation that this server knows."""

    def __init__(self, account: Account, jobs: Jobs, catalogue: CatalogueFile, *, max_post_bytes: int) -> None:
        self._account = account
        self._jobs = jobs
        self._catalogue = catalogue
        self._max_post_bytes = max_post_bytes
        self._table: dict[str, Callable[[Tree], Answer]] = {
            "getCompanyInfo": self._company_info,
            "getCompanyMembership": self._company_membership,
            "checkLogin": self._check_login,
            "getUserInfo": self._user_info,
            "getProperty": self._property,
            "getActiveJobs": self._active_jobs,
            "getJobLogDetails": self._job_log_details,
            "getJobLogs": self._job_logs,
            "getAssetsByName": self._assets_by_name,
            "checkAssetNames": self._check_asset_names,
            "searchAssets": self._search_assets,
            "getProjects": self._projects,
            "getPropertySetTypes": self._property_set_types,
            "getPropertySets": self._property_sets,
        }

    def answer(self, operation: str, param: Tree, client: str) -> Answer:
        """The content of `<operation>Return` for one of `schemas.OPERATIONS`; raises the fault."""
        self._account.check_company(text_of(param, "companyHandle"))
        if operation == "submitJob":
            self._check_user(text_of(param, "userHandle"))
            return {"jobHandle": self._jobs.submit(param, client)}
        return self._table[operation](param)

    def _company(self) -> Answer:
        account = self._account
        return {"companyHandle": account.company_handle, "name": account.company, "rootPath": account.root_path}

    def _company_info(self, param: Tree) -> Answer:
        name = text_of(param, "companyName")
        if name is None and "companyHandle" not in param:
            raise missing_parameter("companyHandle or companyName is needed")
        if name is not None and name != self._account.company:
            raise invalid_parameter(f"Unknown company: {name}")
        return {"companyInfo": self._company()}

    def _company_membership(self, param: Tree) -> Answer:
        self._check_user(text_of(param, "userHandle"))
        return {"membershipArray": [{"company": self._company(), "role": "IpsUser", "isActive": True}]}

    def _check_user(self, handle: str | None) -> None:
        if handle is not None and handle != self._account.user_handle:
            raise invalid_parameter(f"Unknown user handle: {handle}")

    def _check_login(self, param: Tree) -> Answer:
        is_known = self._account.knows(text_of(param, "email") or "", text_of(param, "password") or "")
        return {"status": "ValidLogin" if is_known else "InvalidLogin"}

    def _user_info(self, param: Tree) -> Answer:
        self._check_user(text_of(param, "userHandle"))
        account = self._account
        if text_of(param, "email") not in (None, account.user):
            raise invalid_parameter(f"Unknown user: {text_of(param, 'email')}")
        user: Answer = {
            "userHandle": account.user_handle,
            "firstName": "Sandbox",
            "lastName": "User",
            "email": account.user,
            "defaultRole": "IpsUser",
            "isValid": True,
            **({} if account.password_expires is None else {"passwordExpires": account.password_expires}),
        }
        return {"userInfo": user}

    def _property(self, param: Tree) -> Answer:
        known = {"IpsVersion": IPS_VERSION, "UploadPostMaxFileSize": str(self._max_post_bytes)}
        name = text_of(param, "name") or ""
        if name not in known:
            raise invalid_parameter(f"Unknown property: {name}")
        return {"value": known[name]}

    def _active_jobs(self, param: Tree) -> Answer:
        with self._jobs.reading() as db:
            jobs = matching_jobs(db, param, only_active=True)
            return {
                "jobArray": [
                    self._active_publish(row) if row["type"] == PUBLISH else self._active_job(db, row) for row in jobs
                ]
            }

    def _active_publish(self, row: sqlite3.Row) -> Answer:
        """A publish job: its tasks are not known, so none are told."""
        progress = self._jobs.publishes.progress(row["number"])
        done, total = progress or (0, 0)
        last = datetime.fromisoformat(row["run_at"] or row["opened_at"])
        return {
            "companyHandle": self._account.company_handle,
            "jobHandle": row["handle"],
            "name": row["run_name"],
            "originalName": row["name"],
            "type": PUBLISH,
            "state": "WaitingCoordinator" if progress is None else "Running",
            "submitUserEmail": self._account.user,
            "locale": row["locale"],
            "description": row["description"],
            "serverName": "sandbox",
            "startDate": datetime.fromisoformat(row["opened_at"]),
            "totalSize": 0,
            "progress": int(100 * done / total) if total else 0,
            "progressMessage": f"{done} of {total}",
            "lastProgressUpdate": last,
            "taskProgressArray": [],
            "imageServingPublishJob": json.loads(row["options"]),
        }

    def _active_job(self, db: sqlite3.Connection, row: sqlite3.Row) -> Answer:
        done, total, last_at = db.execute(
            """
            select count(*) filter (where is_done), count(*), (select max(at) from log where job = ?1)
            from received where job = ?1
            """,
            (row["number"],),
        ).fetchone()
        is_running = row["run_at"] is not None
        is_queued = self._jobs.is_queued(row["number"])
        current = self._jobs.file_progress(row["number"])
        fraction = 0.0 if not total else (done + (current[1] if current else 0.0)) / total
        last = datetime.fromisoformat(last_at)
        items: list[Content] = []
        if current is not None:
            items.append(
                {"itemName": current[0], "progress": current[1], "progressMessage": "", "lastProgressUpdate": last}
            )
        task: Answer = {
            "taskType": "com.scene7.upload.UploadAsyncTaskMonitor",
            "taskState": "Processing" if is_running and not is_queued else "New",
            "numProcessed": done,
            "numProcessing": len(items),
            "numPending": total - done - len(items),
            "progress": fraction,
            "progressMessage": "",
            "lastProgressUpdate": last,
            "taskItemProgressArray": items,
        }
        return {
            "companyHandle": self._account.company_handle,
            "jobHandle": row["handle"],
            "name": row["name"],
            "originalName": row["name"],
            "type": "UploadPost",  # no constant is documented for UploadFile (PROTOCOL 4.1)
            "state": ("WaitingCoordinator" if is_queued else "Running") if is_running else "WaitingClient",
            "submitUserEmail": self._account.user,
            "locale": row["locale"],
            "description": row["description"],
            "serverName": "sandbox",
            "startDate": datetime.fromisoformat(row["opened_at"]),
            "totalSize": _wrapped(row["bytes_total"]),
            "progress": int(fraction * 100),
            "progressMessage": f"{done} of {total}",
            "lastProgressUpdate": last,
            "taskProgressArray": [task],
            "uploadPostJob": json.loads(row["options"]),
        }

    def _job_log_details(self, param: Tree) -> Answer:
        with self._jobs.reading() as db:
            logs: list[Content] = [
                {**job_log(db, row, self._account), **log_page(db, row, param)} for row in matching_jobs(db, param)
            ]
        return {"jobLogArray": logs}

    def _job_logs(self, param: Tree) -> Answer:
        self._check_user(text_of(param, "userHandle"))
        start, end = _moment(param, "startDate"), _moment(param, "endDate")
        with self._jobs.reading() as db:
            logs = [
                job_log(db, row, self._account)
                for row in matching_jobs(db, {})
                if (start is None or datetime.fromisoformat(row["opened_at"]) >= start)
                and (end is None or datetime.fromisoformat(row["opened_at"]) <= end)
            ]
        field = _SORT_FIELDS.get(text_of(param, "sortBy") or "")
        if field is not None:  # they come by StartDate; the other fields are one and the same for all jobs here
            logs.sort(key=lambda log: _sortable(log[field]))
        if text_of(param, "sortDirection") == "Descending":
            logs.reverse()
        rows = text_of(param, "numRows")
        return {"jobLogArray": logs if rows is None else logs[: int(rows)]}

    def _assets_by_name(self, param: Tree) -> Answer:
        wanted = items_of(param, "assetTypeArray")
        unwanted = items_of(param, "excludeAssetTypeArray") or []
        assets: list[Content] = []
        with self._jobs.reading() as db:
            for name in dict.fromkeys(items_of(param, "nameArray") or []):
                row = db.execute("select * from live_asset where name = ?", (name,)).fetchone()
                if row is not None and (not wanted or row["type"] in wanted) and row["type"] not in unwanted:
                    assets.append(self._asset(row))
        answer: Answer = {"assetArray": assets}
        return _chosen(answer, items_of(param, "responseFieldArray"), items_of(param, "excludeFieldArray") or [])

    def _search_assets(self, param: Tree) -> Answer:
        """By folder and type; with the profiles of the catalogue, which lie in the company's root."""
        folder = text_of(param, "folder") or self._account.root_path
        below = is_true(param, "includeSubfolders")
        wanted = items_of(param, "assetTypeArray")
        unwanted = items_of(param, "excludeAssetTypeArray") or []
        with self._jobs.reading() as db:
            rows = db.execute("select * from live_asset order by number").fetchall()
        found = [self._profile(entry) for entry in self._catalogue.now().profiles] + [self._asset(row) for row in rows]
        assets: list[Content] = [
            asset
            for asset in found
            if (str(asset["folder"]).startswith(folder) if below else asset["folder"] == folder)
            and (not wanted or asset["type"] in wanted)
            and asset["type"] not in unwanted
        ]
        size = int(text_of(param, "recordsPerPage") or 1000)
        start = (int(text_of(param, "resultsPage") or 1) - 1) * size
        answer: Answer = {"totalRows": len(assets), "assetArray": assets[start : start + size]}
        return _chosen(answer, items_of(param, "responseFieldArray"), items_of(param, "excludeFieldArray") or [])

    def _profile(self, entry: Entry) -> Answer:
        return {
            "assetHandle": entry.handle,
            "type": "IccProfile",
            "name": entry.name,
            "fileName": f"{entry.name}.icc",
            "folder": self._account.root_path,
        }

    def _projects(self, param: Tree) -> Answer:
        projects = self._catalogue.now().projects
        return {"projectArray": [{"projectHandle": entry.handle, "name": entry.name} for entry in projects]}

    def _property_set_types(self, param: Tree) -> Answer:
        return {
            "typeArray": [
                {
                    "typeHandle": kind.handle,
                    "companyHandle": self._account.company_handle,
                    "name": kind.name,
                    "propertyType": "CompanyProperty",  # which constants there are is not documented
                    "allowMultiple": True,
                }
                for kind in self._catalogue.now().types
            ]
        }

    def _property_sets(self, param: Tree) -> Answer:
        """The sets of a type that belong to the company; a set's name is one of its properties."""
        handle, owner = text_of(param, "typeHandle"), text_of(param, "primaryOwnerHandle")
        kind = next((kind for kind in self._catalogue.now().types if kind.handle == handle), None)
        if kind is None:
            raise invalid_parameter(f"Unknown property set type: {handle}")
        if owner not in (self._account.company_handle, self._account.user_handle):
            raise invalid_parameter(f"Unknown owner: {owner}")
        is_mine = owner == self._account.company_handle
        return {
            "setArray": [
                {
                    "setHandle": entry.handle,
                    "typeHandle": kind.handle,
                    "propertyArray": [
                        {"name": "Name", "value": entry.name},
                        {"name": "IsActive", "value": "true"},
                    ],
                }
                for entry in (kind.sets if is_mine else ())
            ]
        }

    def _asset(self, row: sqlite3.Row) -> Answer:
        kind: str = row["type"]
        info: Answer = {
            "originalPath": row["folder"] + row["file_name"],
            "originalFile": row["file_name"],
            "fileSize": row["size_bytes"],
        }
        return {
            "assetHandle": asset_handle(row["number"]),
            "type": kind,
            "name": row["name"],
            "fileName": row["file_name"],
            "folder": row["folder"],
            "folderHandle": f"f|{row['folder']}",
            "readyForPublish": bool(row["is_ready"]),
            "created": datetime.fromisoformat(row["created_at"]),
            "createUser": self._account.user,
            "lastModified": datetime.fromisoformat(row["modified_at"]),
            "lastModifyUser": self._account.user,
            # the block of the asset's kind: imageInfo is recorded (PROTOCOL 4.4), the others are named alike
            f"{kind[0].lower()}{kind[1:]}Info": None if kind == UNKNOWN_TYPE else info,
        }

    def _check_asset_names(self, param: Tree) -> Answer:
        names = items_of(param, "assetNameArray") or []
        with self._jobs.reading() as db:
            used = [name for name in names if db.execute("select 1 from asset where name = ?", (name,)).fetchone()]
        return {"inUseNameArray": used}


def _wrapped(size: int) -> int:
    """totalSize is an xsd:int for a byte count, useless above 2 GiB (PROTOCOL 5.1): it wraps."""
    return (size + 2**31) % 2**32 - 2**31


def _moment(param: Tree, name: str) -> datetime | None:
    """A date; naive ones are read as UTC (PROTOCOL 5.1)."""
    text = text_of(param, name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_parameter(f"{name}: found {text!r}, wanted a date and time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sortable(value: Content) -> tuple[int, str]:
    """A count or a name."""
    return (value, "") if isinstance(value, int) else (0, str(value))


def _chosen(answer: Answer, wanted: list[str] | None, unwanted: list[str]) -> Answer:
    """Only the fields of responseFieldArray and none of excludeFieldArray: paths as `assetArray/items/name`."""
    return _chosen_below(answer, "", wanted, unwanted)


def _chosen_below(content: Answer, path: str, wanted: list[str] | None, unwanted: list[str]) -> Answer:
    chosen: dict[str, Content] = {}
    for name, value in content.items():
        here = f"{path}{name}"
        if here in unwanted or not (wanted is None or any(_leads_to(here, field) for field in wanted)):
            continue
        if isinstance(value, list):
            value = [
                _chosen_below(item, f"{here}/items/", wanted, unwanted) if isinstance(item, Mapping) else item
                for item in value
            ]
        elif isinstance(value, Mapping):
            value = _chosen_below(value, f"{here}/", wanted, unwanted)
        chosen[name] = value
    return chosen


def _leads_to(path: str, field: str) -> bool:
    """Whether a path is above or below a field, or the field itself."""
    return path == field or field.startswith(f"{path}/") or path.startswith(f"{field}/")
