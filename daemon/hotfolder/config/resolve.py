"""
From good documents to the frozen settings of the core: merged, converted, with absolute paths and every default.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hotfolder.config import model
from hotfolder.config.addresses import absolute_ledger_url
from hotfolder.config.bandwidth import resolve_bandwidth
from hotfolder.config.options import complete
from hotfolder.config.places import control_socket
from hotfolder.config.units import parse_duration, parse_publish, parse_size
from hotfolder.core import settings


def resolve(
    main: model.Main,
    servers: Sequence[settings.ServerSettings],
    folders: Sequence[settings.FolderSettings],
    base: Path,
    notify: Sequence[settings.NotifySettings] = (),
) -> settings.Settings:
    """Return the settings; relative paths of the main file start at `base`, which is absolute."""
    ledger_url = absolute_ledger_url(main.ledger.url, base)
    return settings.Settings(
        servers=tuple(servers),
        folders=tuple(folders),
        ledger_url=ledger_url,
        control_socket=control_socket(main.control.socket, ledger_url, base),
        web_listen=main.web.listen,
        web_password_file=None if main.web.password_file is None else base / main.web.password_file,
        web_links=tuple(
            settings.WebLink(name=link.name, folders=tuple(link.folders), token_file=base / link.token_file)
            for link in main.web.link
        ),
        upload=settings.UploadSettings(
            parallel_jobs=main.upload.parallel_jobs,
            files_per_post=main.upload.files_per_post,
            bandwidth=resolve_bandwidth(main.upload.bandwidth),
        ),
        batch=settings.BatchSettings(
            linger_s=parse_duration(main.batch.linger),
            max_files=main.batch.max_files,
            max_bytes=parse_size(main.batch.max_bytes),
        ),
        tracking=settings.TrackingSettings(
            poll_s=parse_duration(main.tracking.poll),
            poll_max_s=parse_duration(main.tracking.poll_max),
            deadline_s=parse_duration(main.tracking.deadline),
        ),
        retry=settings.RetrySettings(
            first_s=parse_duration(main.retry.first),
            max_s=parse_duration(main.retry.max),
            tries=main.retry.tries,
        ),
        recovery=settings.RecoverySettings(
            job_timeout_s=parse_duration(main.recovery.job_timeout),
            grace_s=parse_duration(main.recovery.grace),
            recheck_s=parse_duration(main.recovery.recheck),
        ),
        notify=tuple(notify),
    )


def resolve_folder(name: str, path: Path, own: model.FolderFile, defaults: model.FolderKeys) -> settings.FolderSettings:
    """Return the settings of one hot folder: built-in defaults, under [defaults], under what it says itself."""
    keys = model.FolderKeys.model_validate(_merged(defaults, own))
    return settings.FolderSettings(
        name=name,
        path=path,
        server=keys.server,
        destination=keys.destination,
        watch=settings.WatchMode(keys.watch),
        poll_s=parse_duration(keys.poll),
        rescan_s=parse_duration(keys.rescan),
        include=tuple(keys.include),
        exclude=tuple(keys.exclude),
        first_run_limit=keys.first_run_limit,
        priority=keys.priority,
        on_success=settings.OnSuccess(keys.on_success),
        receipts=keys.receipts,
        contact=keys.contact,
        publish=parse_publish(keys.publish),
        status_file=keys.status_file,
        language=keys.language,
        settle=settings.SettleSettings(
            quiet_s=parse_duration(keys.settle.quiet),
            empty_grace_s=parse_duration(keys.settle.empty_grace),
            limit_s=parse_duration(keys.settle.limit),
            formats=keys.settle.formats,
        ),
        options=complete(keys.options.stated()),
        rules=tuple(
            settings.RuleSettings(
                match=tuple(rule.match),
                options={} if rule.options is None else rule.options.stated(),
                destination=rule.destination,
            )
            for rule in keys.rule
        ),
    )


def _merged(defaults: model.FolderKeys, own: model.FolderFile) -> dict[str, Any]:
    """Return what is stated: tables key by key, each option as a whole."""
    below, above = defaults.model_dump(exclude_unset=True), own.model_dump(exclude_unset=True, exclude={"name", "path"})
    tables = {key: {**below.get(key, {}), **above.get(key, {})} for key in ("settle", "options")}
    return {**below, **above, **tables}
