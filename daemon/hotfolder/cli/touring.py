"""
`demo` and `sandbox`: everything without a server, a configuration or a network.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hotfolder.cli.console import console, may_redraw
from hotfolder.cli.exits import Exit
from hotfolder.cli.running import running_daemon
from hotfolder.cli.samples import make_image
from hotfolder.config import load
from hotfolder.config.units import parse_duration
from hotfolder.core.messages import Notice
from hotfolder.core.model import Drop, Job
from hotfolder.core.wording import shown
from hotfolder.daemon import Daemon
from hotfolder.ports import HistoryQuery
from hotfolder.sandbox import OverwriteMode, Sandbox, run_sandbox

PASSWORD = "tour"  # noqa: S105 # of a sandbox that lives for a minute on loopback

TOUR = """\
[server]
base_url = "{base_url}"
company = "Example Co"
user = "ingest@example.com"

[ledger]
url = "sqlite:///ledger.db"

[batch]
linger = "500ms"

[tracking]
poll = "250ms"

[control]
socket = "control.sock"

[web]
listen = ""

[defaults]
receipts = true
contact = "Photo desk, ext. 4711"
settle = {{ quiet = "500ms" }}

[[folder]]
name = "catalog"
path = "share/catalog"
destination = "Catalog/{{subfolder}}"
options = {{ overwrite = true, keywords = ["spring", "{{subfolder}}"] }}

[[folder.rule]]
match = ["*.png"]
options = {{ createMask = true }}

[[folder]]
name = "archive"
path = "share/archive"
destination = "Archive"
options = {{ overwrite = false, readyForPublish = false }}
"""


class _Tour:
    """Drops files wave by wave, each when the one before has been filed."""

    def __init__(self, share: Path) -> None:
        self._share = share
        self._expected = 0
        self._waves = [self._first, self._second]

    def is_over(self, daemon: Daemon) -> bool:
        """Drop the next wave when it is time; return whether all have been filed."""
        if sum(daemon.recent.outcomes.values()) < self._expected:
            return False
        if not self._waves:
            return True
        self._waves.pop(0)()
        return False

    def _drop(self, path: str, content: bytes) -> None:
        target = self._share / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self._expected += 1

    def _first(self) -> None:
        for number in range(1, 7):
            self._drop(f"catalog/chairs/chair-{number}.jpg", make_image(number, "JPEG"))
        self._drop("catalog/logo.png", make_image(7, "PNG"))
        self._drop("archive/lamp.jpg", make_image(8, "JPEG"))
        self._drop("catalog/broken.jpg", b"This is a text that somebody called an image.\n")

    def _second(self) -> None:
        self._drop("catalog/chairs/chair-1.jpg", make_image(21, "JPEG"))  # replaces the first one
        self._drop("catalog/chairs/chair-2.png", make_image(22, "PNG"))  # same name, other extension
        self._drop("archive/lamp.jpg", make_image(23, "JPEG"))  # overwrite is off here


def demo(
    keep: Annotated[Path | None, typer.Option(help="Work in this new folder and leave everything there")] = None,
) -> int:
    """Show the whole tour on the embedded sandbox: sample images are dropped, uploaded and filed."""
    if keep is not None:
        try:
            keep.mkdir(parents=True)
        except OSError as error:
            raise typer.BadParameter(f"{keep}: {error.strerror}; name a folder that is not there yet") from None
        return _tour(keep.absolute())
    with tempfile.TemporaryDirectory(prefix="hotfolder-demo-") as place:
        return _tour(Path(place))


def _tour(place: Path) -> int:
    terminal = console()
    is_live = may_redraw(terminal)
    share = place / "share"
    for name in ("catalog", "archive"):
        (share / name).mkdir(parents=True)
    tour = _Tour(share)
    with Sandbox(
        data=place / "sandbox",
        company="Example Co",
        user="ingest@example.com",
        password=PASSWORD,
        speed=8.0,
        overwrite_mode=OverwriteMode.FULL_NAME.value,
    ) as box:
        config = place / "hotfolder.toml"
        config.write_text(TOUR.format(base_url=box.base_url))
        settings = load(config, {"HOTFOLDER_PASSWORD": PASSWORD}).settings
        terminal.print(f"A sandbox server at {box.base_url}, two hot folders below {share}", highlight=False)
        with running_daemon(
            settings,
            read_password=lambda name: PASSWORD,
            until=tour.is_over,
            live=terminal if is_live else None,
            log_level="error",
            idle_wake_s=0.2,
            listen=None if is_live else _say,
        ) as (daemon, asked):
            if asked:
                return Exit.INTERRUPTED
            found = list(daemon.ledger.history(HistoryQuery(limit=None)))
        terminal.print(_outcomes(found))
        outcomes = {str(drop.outcome) for drop, _ in found}
        wanted = {"stored", "updated", "duplicate", "renamed", "failed"}
        return Exit.GOOD if wanted <= outcomes else Exit.ATTENTION


def _outcomes(found: Sequence[tuple[Drop, Job | None]]) -> Table:
    """Return what became of each file, oldest first."""
    table = Table(title="What became of each file", title_justify="left", show_lines=True)
    table.add_column("file", overflow="fold", ratio=3)
    table.add_column("outcome", no_wrap=True)
    table.add_column("where it is now, and what its note says", overflow="fold", ratio=5)
    for drop, _ in reversed(found):
        place = Text(shown(f"{drop.folder}/{drop.target_path}"))
        if drop.note_digest is not None:
            place.append("\n" + shown(drop.reason), style="italic")
        table.add_row(Text(shown(f"{drop.folder}/{drop.path}")), Text(str(drop.outcome)), place)
    return table


def _say(notice: Notice) -> None:
    """Tell progress in plain lines where no terminal shows it live."""
    fields: dict[str, Any] = dict(notice.fields)
    match notice.event:
        case "drop.ready":
            text = f"{fields['folder']}: {fields['path']} is complete"
        case "job.posted":
            text = f"{fields['folder']}: {fields['files']} files sent"
        case "job.progress":
            text = f"{fields['folder']}: the server has done {fields.get('files_done', 0)} files of a job"
        case "drop.filed":
            text = f"{fields['folder']}: {fields['path']}: {fields['outcome']}"
        case _:
            return
    sys.stdout.write(shown(text) + "\n")
    sys.stdout.flush()


def sandbox(
    port: Annotated[int, typer.Option(help="TCP port on loopback; 0 = any free one", min=0, max=65535)] = 8470,
    data: Annotated[Path, typer.Option(metavar="DIR", help="Where it keeps assets and jobs")] = Path("sandbox-data"),
    company: Annotated[str, typer.Option(help="The company it knows")] = "Example Co",
    user: Annotated[str, typer.Option(help="The user it knows")] = "ingest@example.com",
    password: Annotated[str, typer.Option(help="That user's password")] = "secret",  # noqa: S107 # of a sandbox
    password_expires: Annotated[
        str | None, typer.Option(metavar="DURATION", help='When it says that the password expires, such as "10d"')
    ] = None,
    speed: Annotated[float, typer.Option(help="Files it works through per second and job; 0 = at once", min=0)] = 20.0,
    job_timeout: Annotated[str, typer.Option(help="How long an open job waits for its next POST")] = "30m",
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scripted faults, TOML; see docs/sandbox.md")
    ] = None,
    overwrite_mode: Annotated[
        OverwriteMode, typer.Option(help="What overwrite = true replaces; else a copy NAME-1 is made")
    ] = OverwriteMode.FULL_NAME_ANY_FOLDER,
    serial: Annotated[bool, typer.Option("--serial", help="Jobs run one after the other, not side by side")] = False,
    unversioned_auth: Annotated[
        bool, typer.Option("--unversioned-auth", help="UploadFile takes only the authHeader without a version")
    ] = False,
) -> int:
    """Run the embedded IPS server on loopback until it is stopped."""
    try:
        job_timeout_s = parse_duration(job_timeout)
    except ValueError as error:
        raise typer.BadParameter(f"--job-timeout: {error}") from None
    try:
        expires_s = None if password_expires is None else parse_duration(password_expires)
    except ValueError as error:
        raise typer.BadParameter(f"--password-expires: {error}") from None
    return run_sandbox(
        port=port,
        data=data,
        company=company,
        user=user,
        password=password,
        speed=speed,
        job_timeout_s=job_timeout_s,
        faults=faults,
        overwrite_mode=overwrite_mode.value,
        serial=serial,
        auth_namespace="unversioned" if unversioned_auth else "versioned",
        password_expires_s=expires_s,
    )
