"""
What goes wrong with files and folders, as people read it on pages and in notes: each text once, to be translated.

Reasons are parts of a sentence: they begin in lower case and have no full stop.
"""

from __future__ import annotations

import errno

BY_NUMBER = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is mounted read-only",
    errno.EACCES: "hotfolder's user is not permitted to do that here",
    errno.EPERM: "hotfolder's user is not permitted to do that here",
    errno.EXDEV: "it is on another file system",
    errno.ELOOP: "there is a link in the way, and links are never followed",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "something that is not a directory is in the way",
    errno.EEXIST: "something else has that name",
    errno.EISDIR: "a directory has that name",
    errno.ENAMETOOLONG: "the name or the path is too long",
    errno.EIO: "the disk reports an input/output error",
    errno.ESTALE: "the share does not know it any more",
    errno.ENOTCONN: "the share is not connected",
    errno.EHOSTDOWN: "the share's server does not answer",
    errno.ETIMEDOUT: "the share's server does not answer",
    errno.EMFILE: "hotfolder has too many files open (raise LimitNOFILE)",
    errno.ENFILE: "the machine has too many files open (raise fs.file-max)",
    errno.EBUSY: "it is in use",
    errno.EMLINK: "the directory has too many subdirectories",
}
"""By error number; one without a text here has the C library's."""

OF_PATH = "{path}: {why}"

# --- one file ---

NAME_TAKEN = BY_NUMBER[errno.EEXIST]
SECOND_NAME = "it has a second name elsewhere (hard link)"
STILL_OPEN = "somebody still has it open for writing"
CHANGED_MEANWHILE = "it changed while it was being taken"
CHANGED_SINCE = "it has been changed since"
CHANGED_SINCE_TAKEN = "it has been changed since it was taken over"
CANNOT_READ = "it cannot be read: {why}"
PLACE_TAKEN = "{why}, and another file has its place by now"
NOT_PUT_BACK = "{why}, and it could not be put back ({other}); it is in {place}"
TOO_ALIKE = "too much like {name}, which is there"
NOT_MOVED = "it could not be moved to {place}: {why}"
CANNOT_OPEN_NOW = "{path} cannot be opened: {why}"
CANNOT_READ_NOW = "{path} cannot be read: {why}"
OTHER_SIZE = "{path} has {found} bytes and not {wanted}"
HAS_GROWN = "{path} has grown while it was read"
HAS_SHRUNK = "{path} has shrunk while it was read"
HAS_CHANGED = "{path} has changed while it was read"

# --- a hot folder ---

NOT_THERE = "it is not there (is the share mounted?)"
NOT_MOUNTED = (
    "the share that was mounted at {place} is not mounted; if the folder is to be used without it, make a folder "
    "_working in it"
)
NO_WORKING = "files that were taken over lie in its _working, and that is not there: is the share mounted?"
CANNOT_USE = "{path} cannot be used: {why}"
CANNOT_SYNC = "{path} could not be brought to the disk: {why}"
ANOTHER_ROOT = "{path} is not the directory it was: it was replaced, or a share was mounted or unmounted there"
ANOTHER_OWNER = (
    "{path} belongs to another hotfolder, on {host}; two cannot share a hot folder, so end one of them; if the other's "
    "ledger is gone for good, remove {mark}: what lies there is then brought to _check for somebody to look at"
)
OLDER_LEDGER = (
    "a newer copy of this ledger was at work in {path} ({when}), so the ledger does not know what was sent since; put "
    "the newer copy back, or see what became of the files of that time (notes, receipts, the website) and then remove "
    "{mark}: hotfolder goes on with what it knows"
)
HOST_UNKNOWN = "nobody knows where"
NO_EVENTS = "{path} is not watched any more: {why}"
READER_FAILED = "the reader of its events has failed"
NO_WATCH = "{path} cannot be watched: {why}"
WATCHES_USED_UP = (
    "it has {needed} directories, and {name} allows {limit} watches for everything that this user runs; raise it: "
    "sysctl {name}={wanted}"
)
INSTANCES_USED_UP = (
    "one inotify instance is needed, and {name} allows {limit} for everything that this user runs (or hotfolder has "
    "too many files open); raise it: sysctl {name}={wanted}"
)
