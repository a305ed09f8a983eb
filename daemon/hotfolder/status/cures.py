"""
What a person can do about what does not go on by itself: one sentence for each case, for those who run the daemon.

The notes beside the files speak to those who dropped them; their words are in `core.wording`.
"""

from __future__ import annotations

from hotfolder.core import litter, settings
from hotfolder.core.model import Outcome, Unsafe
from hotfolder.core.wording import BY_PERSON, LEFT_IN_PLACE, UNSAFE

REACHABLE = "it is tried again by itself; see that the share is mounted and that the daemon may read and write it"
RELEASE_FOLDER = "'hotfolder release --folder {folder}' lets it go on"
LOOK_THEN_RELEASE = "look whether all of that should be sent; then use 'hotfolder release --folder {folder}'"
RELEASE = "'hotfolder release PATH' lets it go on"
ROOM = "it is tried again by itself; see that the daemon may write there and that the disk has room"
CURE = "put right what the reason says, or take the file away; it goes on by itself when it changes"
NAMES = (
    "make it on the server, or correct the options: 'hotfolder list' shows what there is; the files go on by themselves"
)
CREDENTIALS = "correct user, password or company in {table}; a new password file is noticed by itself"
RENEWED = "change it at Adobe, then put the new one where password_file of {table} says; that is noticed by itself"
PUBLISHING = (
    'give the user a role that may publish, or set publish = "never" in the hot folders; it is tried again every hour'
)
PATIENCE = "it is tried again by itself, and nothing is lost meanwhile: what is dropped waits in its place"

OUTCOMES = {
    Outcome.FAILED: "put right what the reason says, then drag the file back into the hot folder "
    "or use 'hotfolder retry'",
    Outcome.DUPLICATE: "to replace what is there, set overwrite = true for this file and use 'hotfolder retry'; "
    "if it is something new, drag it back under another name",
    Outcome.REJECTED: "put right what the reason says, then drag the file back into the hot folder "
    "or use 'hotfolder retry'",
    Outcome.RENAMED: "look at it on the server; if its other name is fine, nothing is left to do; "
    "sending it again would add one more copy",
    Outcome.UNKNOWN: "look on the server whether it is there; only if it is not, "
    "drag it back or use 'hotfolder retry' with its path",
}

KEPT = {
    Outcome.FAILED: "put right what the reason says, then save the file again in its place",
    Outcome.DUPLICATE: "to replace what is there, set overwrite = true for this file and save it again in its place; "
    "if it is something new, give it another name there",
    Outcome.UNKNOWN: "look on the server whether it is there; only if it is not, save the file again in its place",
}
"""Of originals that were kept where they were dropped: `retry` cannot bring them back there."""

LEFT = {
    Unsafe.LINK: "put a copy of the file itself there instead of the link",
    Unsafe.SPECIAL: "take it away; if it should be a file, put that there instead",
    Unsafe.HARD_LINKS: "take it away and put a copy of the file there",
    Unsafe.UNDECODABLE: "give it a new name; plain letters and digits always work",
    Unsafe.OTHER_DEVICE: "copy the file into a directory of the hot folder itself",
}
_LEFT = {LEFT_IN_PLACE.format(unsafe=UNSAFE[unsafe]): cure for unsafe, cure in LEFT.items()}

OURS = {
    litter.WORKING: "leave it alone: what lies there goes on by itself",
    litter.DONE: "leave it alone; to send one of these files again, drag it back into the hot folder",
    litter.CHECK: "read the note beside each file: it says what to look at before it is dropped again",
    litter.FAILED: "read the note beside a file, put right what it says, then drag the file back into the hot folder "
    "or use 'hotfolder retry'",
    litter.STATUS_PAGE: "open it with a browser: it tells how the files are",
}


def of_outcome(outcome: Outcome | None, *, was_kept: bool = False) -> str | None:
    """Return what can be done about a finished drop; None where nothing has to be."""
    if outcome is None:
        return None
    return (KEPT.get(outcome) if was_kept else None) or OUTCOMES.get(outcome)


def of_folder(name: str, state: str, reason: str | None) -> str | None:
    """Return what can be done about a hot folder that does not work."""
    match state:
        case "degraded" | "opening":
            return REACHABLE
        case "held" if reason == BY_PERSON:
            return RELEASE_FOLDER.format(folder=name)
        case "held":
            return LOOK_THEN_RELEASE.format(folder=name)
        case _:
            return None


def of_held(reason: str, *, is_filing: bool = False) -> str:
    """Return what can be done about a held drop."""
    if reason == BY_PERSON:
        return RELEASE
    if is_filing:
        return ROOM
    return CURE


def of_left(reason: str) -> str | None:
    """Return what can be done about something that is left in its place; None where nothing has to be."""
    return _LEFT.get(reason)


def of_names(waits_for: str | None) -> str | None:
    """Return what can be done about names in options of which the server knows nothing."""
    if waits_for is None:
        return None
    return NAMES


def of_password(server: str) -> str:
    """Return what can be done about a password that expires soon."""
    table = "[server]" if server == settings.DEFAULT_SERVER else f"[server.{server}]"
    return RENEWED.format(table=table)


def of_publishing(state: str) -> str | None:
    """Return what can be done about publishing that does not work."""
    return PUBLISHING if state == "refused" else None


def of_server(state: str, name: str) -> str | None:
    """Return what can be done about a server."""
    match state:
        case "refused":
            table = "[server]" if name == settings.DEFAULT_SERVER else f"[server.{name}]"
            return CREDENTIALS.format(table=table)
        case "unreachable":
            return PATIENCE
        case _:
            return None
