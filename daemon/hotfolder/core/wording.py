"""
What people who drop files get to read of outcomes: every text in one place, so that it can be translated.

Owns the words and none of the decisions. The texts keep to words that somebody who only knows the hot folder has;
"asset", "job" and "handle" are not among them. Reasons are parts of a sentence: they begin in lower case and have no
full stop.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from hotfolder.core import companions
from hotfolder.core.model import NotTaken, Outcome, Unsafe

# --- reasons ---

STORED = "the server stored it"
STORED_WITH_REMARKS = "the server stored it, with remarks"
UPDATED = "the server replaced the earlier version by it"
RENAMED = 'the server stored it under the name "{stored_as}" instead of "{asset}"'
RENAMED_AFTER_DOUBT = RENAMED + "; an earlier attempt of ours may have taken that name"
DUPLICATE = 'something with the name "{asset}" is there already, and replacing it is switched off; nothing was changed'
DUPLICATE_ALL_THE_SAME = (
    'the server skipped it for the name "{asset}", although replacing is switched on; nothing was changed'
)
ALREADY_THERE = "already there from our earlier attempt"
ARRIVED_TWICE = "the server stored it; it arrived there twice, and the second time was skipped"
REFUSED = "the server could not use it: {message}"
REFUSED_SILENTLY = "the server could not use it, and did not say why"
CANCELLED = "its upload was cancelled on the server"
GAVE_UP = "the server gave up: {message}"
GAVE_UP_SILENTLY = "the server gave up, and did not say why"
CONTRADICTION_SILENTLY = "it arrived at the server twice; once it was stored, once not"
CONTRADICTION = CONTRADICTION_SILENTLY + ": {message}"
TAKEN_APART = "the server took it apart and stored what is in it (files: {count})"
TAKEN_APART_PARTLY = "the server took it apart and stored some of what is in it (files: {count}), but not all"
TAKEN_APART_DUPLICATE = "everything in it is there already, and replacing it is switched off; nothing was changed"
SILENCE = "the server does not say what became of it"
PROVEN = "found on the server, with the same name{size}, changed there at {modified:%Y-%m-%d %H:%M:%S} UTC"
PROVEN_SIZE = " and size"
ORPHAN = "it lay among the files being sent, and the record of what became of it is lost"
NEVER_WORKED_ON = "the server took the file and shows nothing of it; its virus scan may have taken the file away"
TURNED_AWAY = "something on the way to the server does not let this file through, though it lets others: {reason}"
NEVER_ARRIVED = "every time it was sent the line broke or the answer made no sense, and the server does not have it"
NOT_PROVEN = "not found on the server as we sent it"

NAME_EXISTS = "the name exists, and nobody can tell whether it is this file"
ENDED_BEFORE_ANSWER = "hotfolder ended before the answer came"
NOT_TOLD = "the server does not tell whether it has the file"
LOST_WAITING = "the file changed or vanished while it was waiting to be sent"
ORIGINAL_GONE = "{reason}; the original was gone from its place"
ONLY_GONE = "the original was gone from its place"
CHANGED_SINCE = "the file was changed after it had been taken over, so what lies here is not what was sent"
ALSO_CHANGED_SINCE = "{reason}; " + CHANGED_SINCE
TAKEN_AWAY = "taken away before it was sent"

# --- when people see it ---

LIVE_SOON = "it goes live with the next publish, which begins as soon as possible"
LIVE_DAILY = "it goes live with the first publish at {clock} after it is stored"
LIVE_AT = "it goes live with the publish at {clock} on {day}"
LIVE_NOW = "it is being published"
LIVE_AFTER_FAILURE = "it goes live with the next publish; the last try failed: {reason}"
LIVE_SINCE = "it went live on {day} at {clock} UTC"
LIVE_MISSED = "it was stored, but could not be published: {reason}"
LIVE_OFF = "it waited for a publish, and then publishing was switched off"
LIVE_BY_OTHERS = "it goes live with the next publish of the company; this hot folder does not start one"
NOT_MARKED = "it is not marked to go live"
OLD_ONE_STAYS = "{reason}; from then on, shops may show the old image for up to 10 hours"
NEVER_SHOWN = "the server never showed it"
FORGOTTEN = "the server took it and does not tell what became of it"
NOT_PUBLISHED = "the server did not publish it"

# --- what is refused before it is sent ---

CONTROL_CHARACTERS = "its name holds control characters, which cannot be sent: rename it"
NO_NAME = "nothing is left of its name: rename it"
NO_NAME_ONCE_REMOVED = "nothing is left of its name once {removed} are removed, as the server does: rename it"
LONG_NAME = "its name is longer than {most} characters: rename it"
STAYED_EMPTY = "the file is empty, and stayed so for {time}"
_SAVE = "save it {form} and drop that instead"
NOT_TAKEN = {
    NotTaken.PSB: "it is a large Photoshop document (PSB), which the server does not take: "
    + _SAVE.format(form="as PSD or TIFF"),
    NotTaken.PSD_DUOTONE: "it is a Photoshop document in duotone, which the server does not take: "
    + _SAVE.format(form="in RGB"),
    NotTaken.PSD_LAB: "it is a Photoshop document in Lab colour, which the server does not take: "
    + _SAVE.format(form="in RGB"),
    NotTaken.PSD_INDEXED: "it is a Photoshop document with indexed colours, which the server does not take: "
    + _SAVE.format(form="in RGB"),
    NotTaken.PSD_DEEP: "it is a Photoshop document with more than 16 bits per channel, which the server does not "
    "take: " + _SAVE.format(form="with 8 or 16 bits"),
    NotTaken.TIFF_FLOAT: "it is a TIFF with floating-point samples (32 bits or HDR), which the server does not take: "
    + _SAVE.format(form="with 8 or 16 bits"),
    NotTaken.TIFF_LAB: "it is a TIFF in Lab colour, which the server does not take: " + _SAVE.format(form="in RGB"),
    NotTaken.PNG_CHUNK: "it is a PNG with more than 100 MB of picture in one piece, which the server does not take: "
    + _SAVE.format(form="as TIFF or in a smaller size"),
}

BYTES = "{count} bytes"
SIZE = "{size} ({count} bytes)"
TOO_LARGE = (
    "it has {size}, and the server takes no file of more than {most}: make it smaller and drop that instead, or ask "
    "for another way to get it there"
)


def spoken_size(size_bytes: int) -> str:
    """Return a size to the byte, and as people say it where that is shorter."""
    value, unit = float(size_bytes), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    count = f"{size_bytes:,}"
    return BYTES.format(count=count) if unit == "bytes" else SIZE.format(size=f"{value:.1f} {unit}", count=count)


# --- what waits, and for what ---

JUST_FOUND = "just found"
STILL_EMPTY = "the file is still empty"
STILL_WRITTEN = "still being written"
NOT_QUIET = "not yet unchanged for {time}"
LAST_LOOK = "a last look into the file"
HAS_WRITER = "a program still has the file open for writing"
FINDER_BUSY = "Finder has not finished copying it, or was interrupted"
TRAILING_HOLE = "the end of the file has not been written"
NO_END = "the end of the {format} is missing"
NO_END_OF_FILE = "the end of the file is missing"
STUCK = "{missing}, and nothing has changed for {time}: {cure}"
CLOSE_IT = "close it there, or copy it again"
COPY_AGAIN = "copy it again"
SECONDS = "{seconds} s"
MINUTES = "{minutes} minutes"
MAY_NOT_READ = "we may not read it"
BY_PERSON = "held by a person; 'hotfolder release' lets it go on"
POISON = (
    "hotfolder ended abruptly both times it looked into this file, so it is left alone; "
    "save it anew, or let it be tried once more with 'hotfolder release'"
)
DENIED = "{reason}; when that is put right, 'hotfolder release' lets it go on"
FIRST_RUN = (
    "seen for the first time with more than {limit} files lying in it; 'hotfolder release --folder {folder}' sends them"
)
EVERY_PLACE_TAKEN = "{path}: every place of this name is taken"
UNREADABLE_ORIGINAL = "the original cannot be read"
HANGS = "it has not answered for {time}: its file system hangs"
NOT_PUT_AWAY = "it could not be put in its place"

# --- why a file counts as complete: parts of a list with commas ---

UNCHANGED = "unchanged for {seconds} s"
CLOSED = "closed or renamed just now"
NO_WRITER = "no writer"
END_FOUND = "{format} end found"

# --- what is left out ---

LEFT_IN_PLACE = "left in place: {unsafe}"
OURS = "belongs to hotfolder itself"
EXCLUDED = "excluded by {pattern}"
NOT_INCLUDED = "no include pattern matches"
IN_DIRECTORY = "in {directory}: {why}"

# --- what is told before it is sent ---

HERE = '"{path}"'
ELSEWHERE = '"{path}" of the hot folder {folder}'
SAME_NAME = 'it gets the name "{asset}" online, as does {other}, which goes first'
SAME_NAME_STORED = 'it gets the name "{asset}" online, which {other} has already'
CASE_DIFFERS = 'the names "{asset}" and "{other_asset}" are two different ones online; the other one is {other}'

# --- notes ---


@dataclass(frozen=True, slots=True)
class NoteWording:
    """What a note says about one outcome."""

    happened: str
    to_do: str
    drag_back: bool  # whether `to_do` speaks of dragging it back


TITLES = {companions.NOT_SENT: "NOT SENT: {name}", companions.PLEASE_CHECK: "PLEASE CHECK: {name}"}

NOTES = {
    Outcome.FAILED: NoteWording(
        happened="This file was sent to the server, but the server would not have it. It is not online.",
        to_do="Put right what is said above, if you can, and drag the file back into the hot folder: "
        "that tries it again. If you cannot, ask.",
        drag_back=True,
    ),
    Outcome.DUPLICATE: NoteWording(
        happened="Something with this name is online already, and this hot folder is set up not to replace it. "
        "What is online was left as it is.",
        to_do="If this is something new, give the file another name and drag it back into the hot folder. "
        "If it is meant to replace what is there, ask.",
        drag_back=True,
    ),
    Outcome.REJECTED: NoteWording(
        happened="This file was not sent. It never left this share, and it is not online.",
        to_do="Put right what is said above and drag the file back into the hot folder: that tries it again.",
        drag_back=True,
    ),
    Outcome.RENAMED: NoteWording(
        happened='This file is on the server, but under another name: "{stored_as}" instead of "{asset}". '
        'What was there as "{asset}" before was left as it is, and the website still shows that.',
        to_do="Please do not drop it again before somebody has looked: every time would add one more copy. "
        "If the new name is fine, nothing is left to do, and you can take the file away. If not, ask.",
        drag_back=False,
    ),
    Outcome.UNKNOWN: NoteWording(
        happened="Nobody can tell from here whether this file is online: it was sent, but what the server says "
        "afterwards is not clear.",
        to_do='Please look whether it is online as "{asset}" before you do anything else. If it is, nothing is left '
        "to do, and you can take the file away. If it is not, drag it back into the hot folder.",
        drag_back=True,
    ),
}

KEPT_TO_DO = {
    Outcome.FAILED: "The file lies where you put it. Put right what is said above, if you can, and save it there "
    "again: that tries it again. If you cannot, ask.",
    Outcome.DUPLICATE: "The file lies where you put it. If this is something new, give it another name there. "
    "If it is meant to replace what is there, ask.",
    Outcome.UNKNOWN: 'The file lies where you put it. Please look whether it is online as "{asset}" before you do '
    "anything else. If it is, nothing is left to do. If it is not, save the file there again.",
}
"""Of a file that was kept in its place: it cannot be dragged back to where it is."""

TOLD_BEFORE = "It was said before it was sent: {caution}."
LOST = NoteWording(
    happened="This file was not sent, and it is not online.",
    to_do="If it should be online, put it into the hot folder again.",
    drag_back=False,
)
"""Of a file that was no longer there, or another one, when its turn came."""

UNNAMED = "under a name that the server does not tell"
HAPPENED = "What happened"
WHY = "Why"
REMARKS = "What the server remarked"
TO_DO = "What to do now"
WHOM = "Whom to ask"
REFERENCE_TITLE = "If you ask, give this"
REFERENCE = ("Number: {number}", "File: {path}", "Hot folder: {folder}", "Dropped: {dropped:%Y-%m-%d %H:%M} UTC")
NO_CONTACT = "whoever looks after this hot folder"
NO_REASON = "No reason was given."
DISAPPEARS = "This note goes away by itself when the file is dragged back."
SECOND_COPY = "There may be a second copy of it online."

# --- notes about things that are left alone ---

LEFT_ALONE = "This was not sent. It was left where you put it, and nothing was done to it."
UNSAFE = {
    Unsafe.LINK: "it is not a file but a link to something in another place, and links are never followed",
    Unsafe.SPECIAL: "it is not a file but a pipe, a socket or a device",
    Unsafe.HARD_LINKS: "the same file has a second name in another place (a hard link), so sending it could send "
    "something that was never meant to leave",
    Unsafe.UNDECODABLE: "its name holds characters in an old or damaged encoding (it is not valid UTF-8)",
    Unsafe.OTHER_DEVICE: "it lies on another disk that is connected inside this hot folder",
}
UNSAFE_TO_DO = {
    Unsafe.LINK: "Put a copy of the file itself here instead of the link.",
    Unsafe.SPECIAL: "Take it away. If it should be a file, ask.",
    Unsafe.HARD_LINKS: "Take it away and put a copy of the file here.",
    Unsafe.UNDECODABLE: "Give it a new name; plain letters and digits always work.",
    Unsafe.OTHER_DEVICE: "Copy the file into a folder of the hot folder itself.",
}
TAKE_NOTE_AWAY = "You can delete this note then."
PLACE = ("File: {path}", "Hot folder: {folder}")

# --- the server's own words ---

_WORDS = {
    "asset id": "name",
    "asset ids": "names",
    "asset name": "name",
    "assetname": "name",
    "assethandle": "reference",
    "jobhandle": "upload reference",
    "jobname": "upload name",
    "companyhandle": "company reference",
    "asset": "file",
    "assets": "files",
    "job": "upload",
    "jobs": "uploads",
    "handle": "reference",
    "handles": "references",
    "handled": "dealt with",
    "handling": "treatment",
}
# Not next to what makes it a part of a file name, a path or a longer word.
_WORD = re.compile(
    r"(?<![\w./\\-])(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")(?![\w/\\-]|\.\w)", re.IGNORECASE
)

_LONGEST_MESSAGE = 500
"""Characters of one message of the server: more than a sentence or two is a stack trace and helps nobody in a note."""


# Would break the line, turn it round, or cannot be written: controls, line separators, direction overrides, bytes of a
# name that were not UTF-8.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """
    Return text that can stand in one line of a note: what cannot is escaped, never dropped.

    In Unicode form NFC, however a name is written on the disk (RELIABILITY B10): what people read and copy out of a
    note or a terminal is what everybody types.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _UNSHOWN.sub(lambda found: ascii(found.group())[1:-1], text)


_RIGHT_TO_LEFT = ("R", "AL", "AN")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def isolated(text: str) -> str:
    """
    Return text that is shown so that letters from right to left in it do not turn round what stands beside it.

    Where there are none it stays as it is: not every terminal knows the marks.
    """
    if text.isascii() or not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text):
        return text
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"


def tidied(message: str) -> str:
    """Return a message of the server as one line that can be shown, not longer than some sentences."""
    line = " ".join(_UNSHOWN.sub(" ", message).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."


def in_plain_words(message: str) -> str:
    """Return a message of the server, tidied, with its own terms replaced by words that people know."""

    def replaced(found: re.Match[str]) -> str:
        word = _WORDS[found.group().lower()]
        return word.capitalize() if found.group()[0].isupper() else word

    return _WORD.sub(replaced, tidied(message))
