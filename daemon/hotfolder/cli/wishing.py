"""
`hold`, `release` and `retry`: what people want of drops and hot folders.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hotfolder.cli import asking
from hotfolder.cli.exits import Exit
from hotfolder.compose import bring_back
from hotfolder.core.settings import Settings
from hotfolder.edges.control import ControlError
from hotfolder.ports import FolderError
from hotfolder.status.filters import FilterError, check_folder
from hotfolder.status.plain import as_json
from hotfolder.status.view import look_soon
from hotfolder.status.wishes import Result, Wish, brought_back, read_wish, retry_moves

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files: where they lie, or where they were dropped")
]
FolderName = Annotated[str | None, typer.Option("--folder", help="A whole hot folder, by its name")]
Json = Annotated[bool, typer.Option("--json", help="As JSON")]


def hold(context: typer.Context, paths: Paths = None, folder: FolderName = None, as_json_: Json = False) -> int:
    """
    Have a hot folder, or files that are not sent yet, wait until `release`.

    What has been taken over already goes on. Needs a running daemon.
    Exit code 0; 1 when something could not be held; 2 without a daemon, and for usage.
    """
    settings = asking.settings_of(context)
    document = _document(settings, paths, folder, everything=None)
    return _told(_by_daemon(settings, "hold", document), as_json_)


def release(
    context: typer.Context,
    paths: Paths = None,
    folder: FolderName = None,
    everything: Annotated[bool, typer.Option("--all", help="All hot folders, and every file held by a person")] = False,
    as_json_: Json = False,
) -> int:
    """
    Let a hot folder, or files, go on that wait for a person.

    `--folder` leaves files held that were held one by one. Needs a running daemon.
    Exit code 0; 1 when something is held still; 2 without a daemon, and for usage.
    """
    settings = asking.settings_of(context)
    document = _document(settings, paths, folder, everything=everything)
    return _told(_by_daemon(settings, "release", document), as_json_)


def retry(
    context: typer.Context,
    paths: Paths = None,
    folder: FolderName = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed, in all hot folders")] = False,
    as_json_: Json = False,
) -> int:
    """
    Send files again that failed, were duplicates or were rejected: they go back to where they were dropped.

    Files that were renamed, or of which nobody knows whether they are online, only by their own paths: look first,
    they may be there twice afterwards. Without a running daemon they are sent when it runs again.
    Exit code 0, also when there is nothing to send; 1 when something could not go back; 2 for usage.
    """
    settings = asking.settings_of(context)
    document = _document(settings, paths, folder, everything=everything)
    answer = _asked_of_daemon(settings, "retry", document)
    results = _retried(settings, document) if answer is None else answer
    if not results and not as_json_:
        typer.echo("nothing to send again")
        return Exit.GOOD
    return _told(results, as_json_)


def _document(
    settings: Settings, paths: list[Path] | None, folder: str | None, *, everything: bool | None
) -> dict[str, Any]:
    """Return the wish as the daemon reads it, `everything` None where nobody can ask for that; raises a usage error."""
    if bool(paths) + (folder is not None) + bool(everything) != 1:
        ways = "files by their paths, or one hot folder by --folder" + ("" if everything is None else ", or --all")
        raise typer.BadParameter(f"say either {ways}")
    if folder is not None:
        try:
            check_folder(folder, [configured.name for configured in settings.folders])
        except FilterError as error:
            raise typer.BadParameter(f"--{error}") from None
        return {"folder": folder}
    return {"all": True} if everything else {"paths": [str(asking.spelled(settings, path)) for path in paths or ()]}


def _asked_of_daemon(settings: Settings, wish: str, document: dict[str, Any]) -> list[Result] | None:
    answer = asking.daemon_of(settings).post(f"/api/{wish}", document)
    return None if answer is None else list(answer["results"])


def _by_daemon(settings: Settings, wish: str, document: dict[str, Any]) -> list[Result]:
    answer = _asked_of_daemon(settings, wish, document)
    if answer is None:
        raise ControlError(
            f"no daemon answers at {settings.control_socket}, and {wish} is for a running one: "
            "start it with 'hotfolder run'; files that are to wait until then can be taken out of the hot folder"
        )
    return answer


def _retried(settings: Settings, document: dict[str, Any]) -> list[Result]:
    """Bring originals back ourselves: a daemon that starts finds them as new drops that were here before."""
    wish: Wish = read_wish(document, [folder.name for folder in settings.folders], may_be_all=True)
    with asking.ledger_of(settings) as ledger:
        moves, results = retry_moves(settings, ledger, wish, look_soon)
    for folder in settings.folders:
        group = moves.get(folder.name, [])
        try:
            done = bring_back(folder, [(move.source, move.target) for move in group]) if group else []
        except FolderError as error:
            results += [{"path": str(folder.path / move.source), "done": False, "text": str(error)} for move in group]
        else:
            results += brought_back(settings, folder, group, done)
    return results


def _told(results: list[Result], as_json_: bool) -> int:
    if as_json_:
        typer.echo(as_json(results, indent=2))
    else:
        for result in results:
            asking.say(f"{result['path']}: {result['text']}")
    return Exit.GOOD if all(result["done"] for result in results) else Exit.ATTENTION
