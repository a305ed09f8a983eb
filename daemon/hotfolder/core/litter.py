"""
Which names in a hot folder nobody means to send: litter of systems and programs, and our own reserved names.

Judges single names and knows nothing of disks. The lists are published in the README: what is ignored is counted and
shown with the reason, and never deleted.
"""

from __future__ import annotations

from typing import Final

WORKING: Final = "_working"
DONE: Final = "_done"
CHECK: Final = "_check"
FAILED: Final = "_failed"
STATUS_PAGE: Final = "_status.html"

TEMPORARY: Final = (".hotfolder-", ".tmp")
"""How the names of files begin and end that we write before they get their own names."""

RESERVED: Final = frozenset({WORKING, DONE, CHECK, FAILED, STATUS_PAGE})
"""Names at a hot folder's root that are ours, in any case."""

_FILES: Final = {
    ".ds_store": "Finder keeps view settings in it",
    "icon\r": "a folder's icon, made by Finder",
    "thumbs.db": "Windows keeps previews in it",
    "ehthumbs.db": "Windows keeps previews in it",
    "desktop.ini": "Windows keeps folder settings in it",
}

# By what a name begins with; the first that fits counts, so the dot alone comes last.
_BEGINNINGS: Final = (
    ("._", "Finder's extra data of another file"),
    (".~lock", "lock of a program that has the document open"),
    (".smbdelete", "left of a file deleted over the network"),
    (".fuse_hidden", "left of a file deleted while it was open"),
    (".nfs", "left of a file deleted while it was open"),
    (".", "hidden file (its name begins with a dot)"),
    ("~$", "lock of a program that has the document open"),
)
_FIRST_LETTERS: Final = frozenset(beginning[0] for beginning, _ in _BEGINNINGS)

_EXTENSIONS: Final = {
    "tmp": "temporary file",
    "part": "unfinished download or copy",
    "partial": "unfinished download or copy",
    "crdownload": "unfinished download",
    "idlk": "lock of a program that has the document open",
}

_SAFE_SAVE: Final = ".sb-"  # macOS saves to NAME.sb-XXXXXXXX-YYYYYY first

_DIRECTORIES: Final = {
    "@eadir": "the storage system's own data",
    "#recycle": "recycle bin of the storage system",
    "$recycle.bin": "recycle bin of Windows",
    "__macosx": "Finder's extra data from an archive",
    "lost+found": "the file system's own directory",
    "captureone": "working data of Capture One",
    ".trashes": "bin of macOS",
    ".temporaryitems": "temporary items of macOS",
}

_SAVING: Final = "temporary file of a program that is saving"
_SNAPSHOTS: Final = "snapshots of the storage system"
_HIDDEN_DIRECTORY: Final = "hidden directory (its name begins with a dot)"
_LIGHTROOM: Final = "working data of Lightroom"

REASONS: Final = (
    *_FILES.values(),
    *(reason for _, reason in _BEGINNINGS),
    *_EXTENSIONS.values(),
    *_DIRECTORIES.values(),
    *(_SAVING, _SNAPSHOTS, _HIDDEN_DIRECTORY, _LIGHTROOM),
)
"""Every reason that there is."""


def is_reserved(name: str) -> bool:
    """Return whether a name, at a hot folder's root, is one of ours."""
    return name[:1] == "_" and name.casefold() in RESERVED


def is_status_file(path: str) -> bool:
    """Return whether a path inside a hot folder is our status file, or one of ours on its way to be it."""
    return path == STATUS_PAGE or (path.startswith(TEMPORARY[0]) and path.endswith(TEMPORARY[1]) and "/" not in path)


def litter_reason(name: str) -> str | None:
    """Return why a file of this name is ignored, or None when it is to be sent."""
    lower = name.lower()
    if lower[:1] in _FIRST_LETTERS:
        known = _FILES.get(lower)
        if known is not None:
            return known
        for beginning, reason in _BEGINNINGS:
            if lower.startswith(beginning):
                return reason
    stem, dot, extension = lower.rpartition(".")
    if dot and stem and extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    if lower in _FILES:
        return _FILES[lower]
    if _SAFE_SAVE in lower:
        return _SAVING
    return None


def litter_directory_reason(name: str) -> str | None:
    """Return why a directory of this name is not entered, or None when it is."""
    lower = name.lower()
    known = _DIRECTORIES.get(lower)
    if known is not None:
        return known
    if lower[:1] == ".":
        if lower.startswith(".snapshot"):
            return _SNAPSHOTS
        return _HIDDEN_DIRECTORY
    if lower.endswith(".lrdata"):
        return _LIGHTROOM
    return None
