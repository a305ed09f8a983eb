"""
Settings of the simulated daemon: the times of a virtual clock, and what varies from history to history.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hotfolder.core.settings import (
    DEFAULT_SERVER,
    BatchSettings,
    FolderSettings,
    OnSuccess,
    RecoverySettings,
    RuleSettings,
    ServerSettings,
    Settings,
    SettleSettings,
    TrackingSettings,
    UploadSettings,
    WatchMode,
)

OPTIONS: Final[Mapping[str, object]] = {
    "readyForPublish": True,
    "preservePublishState": True,
    "createMask": False,
    "preserveCrop": True,
    "emailSetting": "None",
}

JOB_TIMEOUT_S: Final = 60.0
GRACE_S: Final = 20.0


def folder(
    name: str,
    *,
    overwrite: bool = True,
    receipts: bool = False,
    on_success: OnSuccess = OnSuccess.MOVE,
    rules: tuple[RuleSettings, ...] = (),
    first_run_limit: int = 0,
) -> FolderSettings:
    """Return a hot folder of the simulated disk."""
    return FolderSettings(
        name=name,
        path=Path(f"/torture/{name}"),
        include=("*",),
        receipts=receipts,
        first_run_limit=first_run_limit,
        on_success=on_success,
        watch=WatchMode.AUTO,
        rescan_s=1800.0,  # a day of watching ghosts is 48 rescans
        settle=SettleSettings(quiet_s=2.0, formats=False),
        options={**OPTIONS, "overwrite": overwrite},
        rules=rules,
    )


def settings(place: Path, *folders: FolderSettings, files_per_post: int = 2, **upload: Any) -> Settings:
    """Return settings with their ledger at a place."""
    return Settings(
        servers=(
            ServerSettings(
                name=DEFAULT_SERVER,
                upload_url="",
                soap_url="",
                company="Example Co",
                company_handle=None,
                user="user",
                password="secret",
            ),
        ),
        folders=folders,
        ledger_url=f"sqlite:///{place}/ledger.db",
        control_socket=Path("/control.sock"),
        upload=UploadSettings(files_per_post=files_per_post, **upload),
        batch=BatchSettings(linger_s=1.0, max_files=6),
        tracking=TrackingSettings(poll_s=1.0, poll_max_s=5.0, deadline_s=600.0),
        recovery=RecoverySettings(job_timeout_s=JOB_TIMEOUT_S, grace_s=GRACE_S, recheck_s=10.0),
    )
