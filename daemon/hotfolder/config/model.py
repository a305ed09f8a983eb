"""
The tables of the configuration: every key with its type, limits, default and one line about it.

Values stay as people write them; `resolve` turns them into the frozen settings of the core.
The descriptions feed the JSON Schema and the samples in `config/`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from hotfolder.config.addresses import LEDGER_URL, LISTEN, POST_HOST
from hotfolder.config.bandwidth import BandwidthText
from hotfolder.config.languages import Language
from hotfolder.config.options import Options
from hotfolder.config.patterns import PATTERN
from hotfolder.config.server_tables import Server
from hotfolder.config.table import Check, Table
from hotfolder.config.templates import DESTINATION
from hotfolder.config.texts import PathText, Text, check_text
from hotfolder.config.units import DAILY, PUBLISH, duration, size
from hotfolder.core.litter import is_reserved
from hotfolder.core.settings import DEFAULT_SERVER


def check_folder_name(name: str) -> str | None:
    """Return what is wanted instead of the name of a hot folder, or None if it is good."""
    if is_reserved(name):
        return "another name; this one is reserved for our own use inside hot folders"
    if re.search(r"[/\\{}]", name) or name in {".", ".."} or name != name.strip():
        return 'a name without "/", "\\", braces, or blanks at its ends'
    return check_text(name)


FolderName = Annotated[
    str,
    Check(
        wanted="a name in quotes",
        test=check_folder_name,
        pattern=r"^(?!\.{1,2}$)(?!\s)[^/\\{}\x00-\x1f\x7f]*[^/\\{}\x00-\x1f\x7f\s]$",
    ),
]


Patterns = list[Annotated[str, PATTERN]]


class Ledger(Table):
    """The durable record of every drop."""

    url: Annotated[str, LEDGER_URL] = Field(
        "sqlite:////var/lib/hotfolder/ledger.db",
        description="A SQLite file (three slashes: beside this file, four: from the root) or "
        "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE.",
    )


class Upload(Table):
    """How files are posted."""

    parallel_jobs: Annotated[int, Field(ge=1, le=10)] = Field(
        2,
        description="POSTs to a server at once; fewer for a while after it had trouble. Where several hot folders send "
        "to it, those of more than 64 MiB leave one to the others.",
    )
    files_per_post: Annotated[int, Field(ge=1, le=1000)] = Field(
        20, description="Small files (16 MiB together) that may share a POST; 1 = never."
    )
    bandwidth: BandwidthText = Field(
        "unlimited",
        description='For all jobs together: "20MB/s"; or by the local time of day, and unlimited at all others: '
        '[{ hours = "08:00-18:00", limit = "20MB/s" }, { hours = "22:00-06:00", limit = "40MB/s" }].',
    )
    post_http_hosts: list[Annotated[str, POST_HOST]] = Field(
        default=[],
        description="Hosts that postHttpUrl of the upload options may name, with their port if it is not 443; "
        "[] = none, and the option is refused.",
    )


class Batch(Table):
    """When waiting drops become a job."""

    linger: Annotated[str, duration(most="1d")] = Field(
        "10s", description="The oldest drop waits this long for company."
    )
    max_files: Annotated[int, Field(ge=1, le=50_000)] = Field(200, description="Files of one job.")
    max_bytes: Annotated[str, size("1B", "1024TiB")] = Field("4GiB", description="Bytes of one job.")


class Tracking(Table):
    """How jobs are followed on the server."""

    poll: Annotated[str, duration("10ms", "1h")] = Field("5s", description="First interval; grows to poll_max.")
    poll_max: Annotated[str, duration("10ms", "1d")] = Field("60s", description="Longest interval.")
    deadline: Annotated[str, duration("1s")] = Field(
        "45m", description="A job not over by then is reported; its files stay safe."
    )


class Retry(Table):
    """Transient trouble with one file or POST."""

    first: Annotated[str, duration("1ms", "1d")] = Field("1s", description="Pause before the second try.")
    max: Annotated[str, duration("1ms", "1d")] = Field("5m", description="Longest pause.")
    tries: Annotated[int, Field(ge=1, le=1000)] = Field(5, description="Then the file fails with its reason.")


class Recovery(Table):
    """How long a server may need to show or to close a job; lower them only for a test server."""

    job_timeout: Annotated[str, duration()] = Field(
        "30m", description="An open job ends after this long without a POST."
    )
    grace: Annotated[str, duration()] = Field("10m", description="On top of it, before silence means: was never there.")
    recheck: Annotated[str, duration()] = Field("5m", description="Two empty answers must lie this far apart.")


class Control(Table):
    """How commands reach the running daemon."""

    socket: PathText | None = Field(
        None,
        description="Default: there if that directory exists, else control.sock beside the ledger.",
        examples=["/run/hotfolder/control.sock"],
    )


class WebLink(Table):
    """A link for somebody outside, such as an agency: /link/TOKEN shows some hot folders, for looking only."""

    name: Text = Field(description="For you.", examples=["agency"])
    folders: Annotated[list[Text], Field(min_length=1)] = Field(
        description="Names of the hot folders it shows.", examples=[["catalog"]]
    )
    token_file: PathText = Field(
        description="File with the secret part of the link, 20 characters or more, not readable for others.",
        examples=["agency-token"],
    )


class Web(Table):
    """The pages for people."""

    listen: Annotated[str, LISTEN] = Field(
        "127.0.0.1:8480",
        description='Address and port; "" turns it off. Another address than this machine\'s own needs password_file.',
    )
    password_file: PathText | None = Field(
        None,
        description="File with the password that people log in with, not readable for others; none = nobody is asked.",
        examples=["page-password"],
    )
    link: list[WebLink] = Field(default=[], description="Links for people outside.")


NOTIFY_NAME = r"^[A-Za-z0-9_-]{1,64}$"  # it stands in log lines and in the name of a credential


def check_notify_name(name: str) -> str | None:
    """Return what is wanted instead of the name of a [[notify]], or None if it is good."""
    return None if re.fullmatch(NOTIFY_NAME, name) else 'a name of letters, digits, "-" and "_"'


class Notify(Table):
    """Messages, by mail or any of a hundred services; needs Apprise: pip install 'hotfolder[notify]'."""

    name: Annotated[str, Check(wanted="a name in quotes", test=check_notify_name, pattern=NOTIFY_NAME)] = Field(
        description="Used in the log.", examples=["photo-desk"]
    )
    urls_file: PathText | None = Field(
        None,
        description="File with where to, one URL of Apprise's a line, not readable for others, such as "
        "mailtos://USER:PASSWORD@mail.example.com?to=desk@example.com; {contact} in one stands for the mail address in "
        "the contact of each hot folder. Else the systemd credential notify-NAME.",
        examples=["notify-urls"],
    )
    folders: list[Text] = Field(default=[], description="Names of the hot folders that it is told of; [] = all.")
    language: Language = Field("en", description="Of its messages.")
    events: list[Literal["failed", "held", "trouble", "finished"]] = Field(
        default=["failed", "held", "trouble", "finished"],
        description="failed: files that somebody has to look at. held: what does not go on without a person. trouble: "
        "a hot folder or server out of reach, and its recovery. finished: what was dropped together is done.",
    )
    trouble_after: Annotated[str, duration(most="7d")] = Field(
        "10m", description="Trouble that is over sooner is not told."
    )
    gather: Annotated[str, duration("100ms", "1h")] = Field(
        "30s",
        description="What comes in so close together is one message; after one about failed or held files the next "
        "waits 30 times as long.",
    )
    quiet: Annotated[str, duration("100ms", "1d")] = Field(
        "2m", description="What was dropped together is done when nothing was under way for so long."
    )
    digest: Annotated[str, DAILY] = Field(
        "never", description='When to tell what the last 24 hours brought: "never", or a local time such as "18:00".'
    )


class Settle(Table):
    """When a file counts as complete."""

    quiet: Annotated[str, duration(most="1d")] = Field("5s", description="Unchanged for this long.")
    empty_grace: Annotated[str, duration()] = Field("1m", description="Then an empty file is rejected.")
    limit: Annotated[str, duration("1ms")] = Field("10m", description="Then an incomplete file is held in place.")
    formats: bool = Field(True, description="Look for the end of formats we know.")


class Rule(Table):
    """For files that match: other options or another destination."""

    match: Annotated[Patterns, Field(min_length=1)] = Field(
        description="Globs and groups as in include.", examples=[["*.psd"]]
    )
    destination: Annotated[str, DESTINATION] | None = Field(
        None, description="Instead of the hot folder's.", examples=["Catalog/PSD"]
    )
    options: Options | None = Field(
        None,
        description="Each option named here replaces the hot folder's whole value.",
        examples=[{"photoshopOptions": {"process": "None"}}],
    )


class FolderKeys(Table):
    """What may be said of a hot folder, and in [defaults] of all."""

    server: Text = Field(
        DEFAULT_SERVER,
        description="Where its files go: NAME of [server.NAME], or default for [server] itself.",
    )
    destination: Annotated[str, DESTINATION] = Field(
        "{folder}/{subfolder}",
        description="Below the company root. {subfolder} is the full path inside the hot folder; "
        "also {folder} {date} {year} {month} {day} {stem} {ext}.",
    )
    watch: Literal["auto", "inotify", "polling"] = Field("auto", description="How changes are noticed.")
    poll: Annotated[str, duration("10ms", "1d")] = Field(
        "2s", description="Polling interval; stretched to ten times what a scan costs."
    )
    rescan: Annotated[str, duration("100ms", "7d")] = Field(
        "5m", description="Interval of full looks that repair missed events."
    )
    include: Annotated[Patterns, Field(min_length=1)] = Field(
        default=["@media"],
        description="Globs without case, on the name, or on the path inside the hot folder if they hold a slash; "
        "groups @images @documents @video @audio @media @archives @fonts @web; * = everything.",
    )
    exclude: Patterns = Field(
        default=[], description="Globs and groups to leave out, on top of the built-in litter list."
    )
    first_run_limit: Annotated[int, Field(ge=0, le=10**9)] = Field(
        1000,
        description="A new hot folder with more files than this already in it is held until `release`; 0 = no limit.",
    )
    priority: Annotated[int, Field(ge=-100, le=100)] = Field(
        0,
        description="Turns beside the other hot folders of its server, while several have something to send: 1 = two "
        "for each one of a hot folder with 0, 2 = three, and so on; -1 = half a turn, -2 = a third. None waits for "
        "ever.",
    )
    on_success: Literal["move", "delete", "keep"] = Field("move", description="What happens to the original.")
    receipts: bool = Field(False, description="Write NAME.receipt.toml beside every filed file.")
    contact: str = Field("", description="Whom to ask; named in notes to people.", examples=["Photo desk, ext. 4711"])
    publish: Annotated[str, PUBLISH] = Field(
        "never",
        description='When to publish what was stored with readyForPublish = true: "never", "after-job", or daily at a '
        'local time such as "22:00". Adobe publishes by company: all else that is marked there goes live with it.',
    )
    status_file: bool = Field(
        True, description="Keep _status.html in the hot folder, which says what its page does; made when there is news."
    )
    language: Language = Field(
        "en", description="Of the notes in this hot folder; the page speaks that of the browser."
    )
    settle: Settle = Field(default_factory=Settle)
    options: Options = Field(default_factory=Options)
    rule: list[Rule] = Field(default=[], description="First match wins.")


class FolderFile(FolderKeys):
    """One hot folder in a file of its own, folders.d/NAME.toml; its name is the name of the file."""

    path: PathText = Field(
        description="The directory that people drop into; never created by us.",
        examples=["/srv/share/catalog", "/srv/share/example"],  # of main file and folders.d: they must differ
    )


class Folder(FolderFile):
    """One hot folder."""

    name: FolderName = Field(
        description="Used in logs and commands, and as {folder} in templates.", examples=["catalog"]
    )


class Main(Table):
    """The main file."""

    server: Server
    ledger: Ledger = Field(default_factory=Ledger)
    upload: Upload = Field(default_factory=Upload)
    batch: Batch = Field(default_factory=Batch)
    tracking: Tracking = Field(default_factory=Tracking)
    retry: Retry = Field(default_factory=Retry)
    recovery: Recovery = Field(default_factory=Recovery)
    control: Control = Field(default_factory=Control)
    web: Web = Field(default_factory=Web)
    notify: list[Notify] = Field(default=[], description="")
    defaults: FolderKeys = Field(
        default_factory=FolderKeys, description="For every hot folder that does not say otherwise."
    )
    folder: list[Folder] = Field(default=[], description="Hot folders; or one file each in folders.d/NAME.toml.")
