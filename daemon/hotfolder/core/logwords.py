"""
What the words in a job log's `logType` mean for a file (PROTOCOL 4.3).

Adobe's own page has misspelt constants, other case and prefixed forms, and servers have words that no page knows: so
words are compared loosely, and an unknown one counts neither for nor against a file.
"""

from __future__ import annotations

from enum import IntEnum


class Weight(IntEnum):
    """What a row says of its file; of several rows the heaviest decides (RELIABILITY F5)."""

    UNKNOWN = 0  # a word we do not know
    NEUTRAL = 1  # progress, or a fact about the job
    WARNING = 2  # uploaded, with a remark
    SUCCESS = 3  # created
    UPDATED = 4  # replaced what was there
    DUPLICATE = 5  # not uploaded: the name exists
    CANCEL = 6
    ERROR = 7
    FATAL = 8  # the whole job ended

    @property
    def is_good(self) -> bool:
        """Whether the file is stored, as far as this row goes."""
        return Weight.WARNING <= self <= Weight.UPDATED

    @property
    def is_bad(self) -> bool:
        """Whether the file is not stored, as far as this row goes."""
        return self >= Weight.CANCEL


_KNOWN = {
    "uploadsuccess": Weight.SUCCESS,
    "fileupdated": Weight.UPDATED,
    "uploadwarning": Weight.WARNING,
    "uploaderror": Weight.ERROR,
    "pdfriperror": Weight.ERROR,
    "filecancel": Weight.CANCEL,
    "duplicateskipped": Weight.DUPLICATE,
    "fatalerror": Weight.FATAL,
    "beginupload": Weight.NEUTRAL,
    "endupload": Weight.NEUTRAL,
    "beginpdfrip": Weight.NEUTRAL,
    "endpdfrip": Weight.NEUTRAL,
    "filebegin": Weight.NEUTRAL,
    "fileend": Weight.NEUTRAL,
    "fileprogress": Weight.NEUTRAL,
    "originaljobname": Weight.NEUTRAL,
    "jobclient": Weight.NEUTRAL,
    "jobtype": Weight.NEUTRAL,
    "initiatingjobname": Weight.NEUTRAL,
    "totalfilecount": Weight.NEUTRAL,
}

_OTHER_WORK = ("publish", "publ]ish", "pubilsh", "reoptimize")
"""Parts of words that speak of publishing and later optimizing (two as Adobe misprints them): not about the upload."""


def weight(log_type: str) -> Weight:
    """Return what a log type says: exact, else by its end (`IPSJobLog.gcUploadWarning`), else with one slip."""
    word = log_type.strip().lower()
    known = _KNOWN.get(word)
    if known is not None:
        return known
    if any(part in word for part in _OTHER_WORK):
        return Weight.NEUTRAL
    for name, meaning in _KNOWN.items():
        if word.endswith(name):
            return meaning
    word = "".join(letter for letter in word.rpartition(".")[2] if letter.isalnum()).removeprefix("gc")
    for name, meaning in _KNOWN.items():
        if _is_one_slip(word, name):
            return meaning
    return Weight.UNKNOWN


def _is_one_slip(word: str, name: str) -> bool:
    """Return whether one letter added, left out or wrong, or two neighbours swapped, make one word the other."""
    if abs(len(word) - len(name)) > 1:
        return False
    start = 0
    while start < min(len(word), len(name)) and word[start] == name[start]:
        start += 1
    rest, other = word[start:], name[start:]
    return (
        rest[1:] == other[1:]
        or rest == other[1:]
        or rest[1:] == other
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )
