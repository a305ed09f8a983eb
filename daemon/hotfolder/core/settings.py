"""
The settings that decisions need, frozen and complete: every default is already filled in.

`config` makes these from TOML; nothing in here knows TOML, files or environment.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hotfolder.core.bandwidth import Bandwidth

OptionValues = Mapping[str, Any]
"""
Upload options as people write them: Adobe's names (PROTOCOL 2.3) to booleans, strings, numbers and tables of those;
`crop` and `keywords` (a list of templates) are ours.
Example: {"overwrite": True, "keywords": ["spring"], "crop": {"manual": {"left": 1, "right": 1, "top": 0, "bottom": 0}}}
"""


DEFAULT_SERVER = "default"
"""The name of the server that `[server]` itself describes; others have the names of their own tables."""


class OnSuccess(Enum):
    """What happens to an original once it is stored."""

    MOVE = "move"
    DELETE = "delete"
    KEEP = "keep"


class WatchMode(Enum):
    """How changes in a hot folder are noticed between rescans."""

    AUTO = "auto"
    INOTIFY = "inotify"
    POLLING = "polling"


class PublishWhen(Enum):
    """When what a hot folder stored is published; a time of day is the third way to say it."""

    NEVER = "never"
    AFTER_JOB = "after-job"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettleSettings:
    """When a file counts as complete."""

    quiet_s: float = 5.0  # unchanged for this long by our own clock; 0 = one look after a close or rename event
    empty_grace_s: float = 60.0  # an empty file may still be filled for this long, then it is rejected
    limit_s: float = 600.0  # a file incomplete for longer is held in place with its reason
    formats: bool = True  # look for the end of formats we know


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSettings:
    """One rule of a hot folder: for files that match, other options or another destination."""

    match: tuple[str, ...]  # globs without case; groups such as @images; a "/" makes it match the path
    options: OptionValues = field(default_factory=dict)  # each replaces the folder's whole value
    destination: str | None = None  # template; None = the folder's


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderSettings:
    """One hot folder."""

    name: str  # unique, used in logs, commands and the ledger
    path: Path  # absolute; never created by us
    server: str = DEFAULT_SERVER  # name of the server its drops go to
    destination: str = "{folder}/{subfolder}"  # template, below the company root
    watch: WatchMode = WatchMode.AUTO
    poll_s: float = 2.0  # polling interval, stretched to ten times what a scan costs
    rescan_s: float = 300.0  # full look that repairs missed events
    include: tuple[str, ...] = ("@media",)
    exclude: tuple[str, ...] = ()  # on top of the built-in litter list
    first_run_limit: int = 1000  # 0 = no limit
    priority: int = 0  # the higher, the more turns it gets beside others (`core.turns`)
    on_success: OnSuccess = OnSuccess.MOVE
    receipts: bool = False
    contact: str = ""  # whom to ask, named in notes
    publish: PublishWhen | time = PublishWhen.NEVER  # a time: every day, by the clock of this machine's place
    status_file: bool = True  # keep `_status.html` at its root
    language: str = "en"  # of what its people read in the share
    settle: SettleSettings = field(default_factory=SettleSettings)
    options: OptionValues = field(default_factory=dict)  # complete: `overwrite` and every unstated default is in
    rules: tuple[RuleSettings, ...] = ()  # first match wins


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """Where one IPS server is, and as whom we speak to it: one company."""

    name: str = DEFAULT_SERVER
    upload_url: str  # the UploadFile servlet
    soap_url: str  # services/IpsApiService
    company: str | None  # name, or None when the handle is given
    company_handle: str | None
    user: str
    password: str = field(repr=False)  # sent in two places of the protocol and shown in none
    proxy: str | None = None  # URL of an HTTP proxy
    proxy_login: str | None = field(default=None, repr=False)  # USER:PASSWORD
    ca_bundle: Path | None = None  # certificates to trust instead of the machine's
    source_address: str | None = None  # of this machine, to connect from
    wsdl: Path | None = None  # to be used instead of ours

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be shown nowhere: a proxy that refuses a login may repeat its header."""
        if self.proxy_login is None:
            return (self.password,)
        header = base64.b64encode(self.proxy_login.encode()).decode()
        return self.password, self.proxy_login, self.proxy_login.partition(":")[2], header

    @property
    def company_key(self) -> tuple[str, str]:
        """What two servers share if they are one company; asset IDs are company-wide."""
        return self.soap_url, self.company_handle or self.company or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadSettings:
    """How POSTs are made."""

    parallel_jobs: int = 2
    files_per_post: int = 20  # small files that may share a POST; 1 = never
    bandwidth: Bandwidth = field(default_factory=Bandwidth)  # for all POSTs together


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettings:
    """When waiting drops become a job."""

    linger_s: float = 10.0
    max_files: int = 200
    max_bytes: int = 4 * 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackingSettings:
    """How jobs are followed on the server."""

    poll_s: float = 5.0  # grows to poll_max_s while nothing changes
    poll_max_s: float = 60.0
    deadline_s: float = 2700.0  # a job not over by then is reported; its drops stay safe


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrySettings:
    """Transient trouble with one file or POST."""

    first_s: float = 1.0
    max_s: float = 300.0
    tries: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoverySettings:
    """How long the server may need to show or to close a job."""

    job_timeout_s: float = 1800.0  # PROTOCOL 2.4: an open job ends after 30 minutes without a POST
    grace_s: float = 600.0  # on top of it, before silence counts as "was never there"
    recheck_s: float = 300.0  # two empty answers must lie this far apart


@dataclass(frozen=True, kw_only=True, slots=True)
class WebLink:
    """A link to the pages for somebody outside, who sees some folders and can do nothing."""

    name: str
    folders: tuple[str, ...]
    token_file: Path  # holds the secret part of the link


class NotifyEvent(Enum):
    """What a message may be about; the daily digest has a time of its own."""

    FAILED = "failed"  # files that somebody has to look at
    HELD = "held"  # what does not go on without a person
    TROUBLE = "trouble"  # a folder or server that cannot be used, and that it can again
    FINISHED = "finished"  # what was dropped together is done


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifySettings:
    """Whom messages go to, and which."""

    name: str  # in the log
    urls: tuple[str, ...] = field(repr=False)  # in Apprise's form; they hold passwords
    folders: tuple[str, ...] = ()  # names of the hot folders that it is told of; () = all
    language: str = "en"
    events: frozenset[NotifyEvent] = frozenset(NotifyEvent)
    trouble_after_s: float = 600.0  # trouble that is over sooner is nobody's business
    gather_s: float = 30.0  # what comes so close together is told together
    quiet_s: float = 120.0  # nothing under way for so long: what was dropped together is done
    digest: time | None = None  # every day at that time, by the clock of this machine's place

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be shown nowhere: services put passwords and tokens anywhere into their URLs."""
        parts: list[str] = []
        for url in self.urls:
            parted = urlsplit(url)
            login = parted.netloc.rpartition("@")[0]
            values = [value for _, value in parse_qsl(parted.query, keep_blank_values=True)]
            tokens = [part for part in (login, *parted.path.split("/"), *values) if len(part) >= SHORTEST_TOKEN]
            password = login.partition(":")[2]
            parts += [url, password, *tokens, *map(unquote, (password, *tokens))]
        return tuple(part for part in parts if part)


SHORTEST_TOKEN = 12
"""Characters of a part of a URL that may be a secret; what is shorter is more likely a word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything the daemon runs by."""

    servers: tuple[ServerSettings, ...]  # at least one
    folders: tuple[FolderSettings, ...]
    ledger_url: str
    control_socket: Path
    web_listen: str = "127.0.0.1:8480"  # "" = off
    web_password_file: Path | None = None  # that people log in with; None = nobody is asked
    web_links: tuple[WebLink, ...] = ()
    upload: UploadSettings = field(default_factory=UploadSettings)
    batch: BatchSettings = field(default_factory=BatchSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)
    notify: tuple[NotifySettings, ...] = ()

    def folder(self, name: str) -> FolderSettings | None:
        """Return the hot folder of that name, or None."""
        return next((folder for folder in self.folders if folder.name == name), None)

    def server(self, name: str) -> ServerSettings | None:
        """Return the server of that name, or None."""
        return next((server for server in self.servers if server.name == name), None)
