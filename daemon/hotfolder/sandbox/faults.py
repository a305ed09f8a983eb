"""
Scripted faults: what goes wrong, at which request or file, how often. Data from a TOML file or added at run time.

A file holds `[[fault]]` tables::

    [[fault]]
    on = "UploadFile"         # an operation, or "*" for every one; not with faults of files
    nth = 2                   # the second matching request only; or any of from, count, every
    job = "catalog-*"         # glob on the job name
    file = "*.psd"            # glob on a target file name of the POST
    do = "fault"              # see REQUEST_FAULTS and FILE_FAULTS
    code = 30000

`from` is the first match that counts (1), `every` acts on each so-manieth from there (1), `count` is how often it acts
at most (without end).
Of several faults that fit one request the first acts; faults of files add up.
"""

import difflib
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from hotfolder.sandbox.errors import SandboxError
from hotfolder.sandbox.schemas import OPERATIONS

UPLOAD: Final = "UploadFile"

_ANSWER: Final = (
    "processed",
)  # answers in place of the true one; `processed` = the request is carried out all the same
REQUEST_FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "http-503": ("retry_after", "status", *_ANSWER),  # an error of the web server, not of IPS; status for 429, 502 ...
    "html": ("status", *_ANSWER),  # a page of some proxy, status 200
    "garbage": ("status", *_ANSWER),  # text/xml that is no XML
    "empty-200": _ANSWER,
    "fault": ("code", "reason", "status", "as_200", "retry_after", *_ANSWER),  # an IPS fault; status 500
    "redirect": ("location", "status", *_ANSWER),  # 307
    "truncated": ("short_length",),  # processed; half of the true answer, short_length = Content-Length admits it
    "gzip": (),  # processed; the true answer packed, asked for or not
    "broken-gzip": (),  # processed; packed and damaged
    "namespace": ("namespace",),  # processed; the true answer in another namespace
    "hollow": (),  # processed; the true answer's element with nothing in it: no job, log, asset, handle
    "huge": ("bytes",),  # processed; the true answer and so many blanks, 2 MiB
    "drip": ("bytes_per_second",),  # processed; the true answer, slowly
    "swallow-before": (),  # connection closed without processing and without an answer
    "swallow-after": (),  # processed, connection closed without an answer
    "slow": ("seconds",),  # processed, the answer comes late
    "hold": (),  # processed, the answer waits for `Fault.release`, or for the end of the sandbox
    "slow-read": ("bytes_per_second",),
    "stall": ("after_bytes",),  # no more is read after so many bytes of the body, until `Fault.release` or the end
    "reset": ("after_bytes",),  # connection reset when so many bytes of the body are read; not processed
}
"""What can happen to a request, with the keys each takes."""

FILE_FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "upload-error": ("message",),  # UploadError instead of an asset
    "upload-warning": ("message",),  # an asset, with UploadWarning as its row
    "no-log-row": (),  # ingested as ever, but the log does not mention it
    "rename": (),  # stored as name-1
    "vanish": (),  # neither asset nor row, as after a virus scan (PROTOCOL 6.1)
    "log-type": ("log_type",),  # an asset, with another word in its row: misspelt, unknown, FileCancel
    "nameless-row": (),  # an asset, with nothing in its row but the message
    "noise": ("rows",),  # so many rows of progress before its own: logs of many pages
    "fatal": ("message",),  # the job ends here with FatalError: this file and those after it come to nothing
    "publish-error": ("message",),  # later, when it is to be published: ImageServingPublishError, and it is not
}
"""What can happen to a file while it is ingested, or published."""

_PUBLISH_FAULT: Final = "publish-error"
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "fault": ("code",),
    "redirect": ("location",),
    "slow": ("seconds",),
    "slow-read": ("bytes_per_second",),
    "drip": ("bytes_per_second",),
    "stall": ("after_bytes",),
    "reset": ("after_bytes",),
    "log-type": ("log_type",),
    "noise": ("rows",),
}
_PROCESSED: Final = frozenset(
    (
        *("truncated", "gzip", "broken-gzip", "namespace", "hollow", "huge", "drip"),
        *("swallow-after", "slow", "hold", "slow-read"),
    )
)
_STATUS: Final[dict[str, int]] = {"http-503": 503, "fault": 500, "redirect": 307}
_COMMON: Final = ("do", "job", "file", "nth", "from", "count", "every")


class FaultFileError(SandboxError):
    """The script cannot be used; every problem in it is one line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(kw_only=True, slots=True)
class Fault:
    """One scripted fault and how often it was met."""

    do: str
    on: str = "*"
    job: str | None = None
    file: str | None = None
    first: int = 1
    every: int = 1
    count: int | None = None  # None: without end
    status: int = 200
    retry_after: int | None = None  # seconds
    code: int = 30000
    reason: str = "Scripted fault"
    location: str = ""
    seconds: float = 0.0
    bytes_per_second: int = 0
    after_bytes: int = 0
    message: str = "Scripted trouble with this file"
    namespace: str = "urn:example:another"
    size_bytes: int = 2 * 1024 * 1024  # of "huge"
    log_type: str = ""
    rows: int = 0
    processed: bool = False
    short_length: bool = False
    matches: int = 0  # requests or files it fitted so far
    hits: int = 0  # how often it acted
    met: threading.Event = field(default_factory=threading.Event)  # set when it acts
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def is_for_files(self) -> bool:
        return self.do in FILE_FAULTS

    @property
    def is_processed(self) -> bool:
        """Whether the request it spoils is carried out all the same."""
        return self.processed or self.do in _PROCESSED

    def meet(self) -> bool:
        """Count one match; True if it acts this time."""
        self.matches += 1
        behind = self.matches - self.first
        acts = behind >= 0 and behind % self.every == 0 and (self.count is None or self.hits < self.count)
        if acts:
            self.hits += 1
            self.met.set()
        return acts

    def release(self) -> None:
        """Let go of what do = "hold" and "stall" keep, now and later."""
        self.released.set()

    def fits_job(self, job_name: str | None) -> bool:
        return self.job is None or (job_name is not None and fnmatchcase(job_name, self.job))

    def fits_file(self, file_name: str) -> bool:
        return self.file is None or fnmatchcase(file_name, self.file)


class FaultScript:
    """All scripted faults of one sandbox; safe to use from several threads."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults; held answers go out."""
        with self._lock:
            for fault in self._faults:
                fault.release()
            self._faults.clear()

    def release(self) -> None:
        """Let go of all held answers."""
        with self._lock:
            for fault in self._faults:
                fault.release()

    def watch(self, operation: str) -> "RequestWatch":
        """To be asked while one request comes in."""
        with self._lock:
            fitting = [fault for fault in self._faults if not fault.is_for_files and fault.on in ("*", operation)]
        return RequestWatch(fitting, self._lock)

    def for_file(self, file_name: str, job_name: str) -> dict[str, Fault]:
        """The faults that act on one file while it is ingested, by what they do."""
        return self._meet(file_name, job_name, frozenset(FILE_FAULTS) - {_PUBLISH_FAULT})

    def for_publish(self, file_name: str, job_name: str) -> Fault | None:
        """The fault that keeps one file from being published by a job."""
        return self._meet(file_name, job_name, frozenset((_PUBLISH_FAULT,))).get(_PUBLISH_FAULT)

    def _meet(self, file_name: str, job_name: str, doing: frozenset[str]) -> dict[str, Fault]:
        with self._lock:
            return {
                fault.do: fault
                for fault in self._faults
                if fault.do in doing and fault.fits_job(job_name) and fault.fits_file(file_name) and fault.meet()
            }


@dataclass(slots=True)
class RequestWatch:
    """Finds the fault of one request as its job and files become known; each fault is counted once per request."""

    _faults: list[Fault]
    _lock: threading.Lock
    job_name: str | None = None
    acting: Fault | None = None  # the first that acts
    _files: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Ask again, knowing more: after the head, when the job is known, at each file."""
        with self._lock:
            waiting = []
            for fault in self._faults:
                if not fault.fits_job(self.job_name) or (fault.file and not any(map(fault.fits_file, self._files))):
                    waiting.append(fault)
                elif fault.meet() and self.acting is None:
                    self.acting = fault
            self._faults = waiting

    def see_job(self, name: str | None) -> None:
        self.job_name = name
        self.look()

    def see_file(self, name: str) -> None:
        self._files.append(name)
        self.look()


def read_faults(path: Path) -> list[Fault]:
    """The faults of a TOML file; `FaultFileError` with every problem found."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FaultFileError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FaultFileError([f"{path}: not TOML: {error}"]) from error
    problems = [f"{path}: {key}: unknown key, wanted only [[fault]] tables" for key in tables if key != "fault"]
    found = tables.get("fault", [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise FaultFileError([*problems, f"{path}: fault: found {_shown(found)}, wanted [[fault]] tables"])
    faults = []
    for number, table in enumerate(found, 1):
        try:
            faults.append(make_fault(table, where=f"{path}: fault[{number}]"))
        except FaultFileError as error:
            problems.extend(error.problems)
    if problems:
        raise FaultFileError(problems)
    return faults


def make_fault(table: Mapping[str, object], *, where: str = "fault") -> Fault:
    """One fault from its keys; `FaultFileError` with every problem, each named `where.key`."""
    checks = _Checks(table, where)
    do = checks.choice("do", (*REQUEST_FAULTS, *FILE_FAULTS))
    if do is None:
        raise FaultFileError(checks.problems)
    own = REQUEST_FAULTS.get(do, FILE_FAULTS.get(do, ()))
    known = (*_COMMON, *own, *(("on",) if do in REQUEST_FAULTS else ()))
    checks.refuse_unknown(known, do)
    checks.require(_REQUIRED.get(do, ()), do)
    if "nth" in table and any(key in table for key in ("from", "count", "every")):
        checks.problems.append(f"{where}.nth: stands beside from, count or every; wanted one way to say it")
    nth = checks.whole("nth", 1)
    fault = Fault(
        do=do,
        on=("*" if do in FILE_FAULTS or "on" not in table else checks.choice("on", ("*", UPLOAD, *OPERATIONS))) or "*",
        job=checks.text("job"),
        file=checks.text("file"),
        first=nth or checks.whole("from", 1) or 1,
        every=checks.whole("every", 1) or 1,
        count=1 if nth else checks.whole("count", 1),
        retry_after=checks.whole("retry_after", 0),
        code=checks.whole("code", 10000, 39999) or 30000,
        bytes_per_second=checks.whole("bytes_per_second", 1) or 0,
        after_bytes=checks.whole("after_bytes", 0) or 0,
        seconds=checks.number("seconds"),
        location=checks.text("location") or "",
        processed=checks.flag("processed"),
        short_length=checks.flag("short_length"),
    )
    as_200 = checks.flag("as_200")
    fault.status = 200 if as_200 else checks.whole("status", 200, 599) or _STATUS.get(do, 200)
    fault.reason = checks.text("reason") or fault.reason
    fault.message = checks.text("message") or fault.message
    fault.namespace = checks.text("namespace") or fault.namespace
    fault.size_bytes = checks.whole("bytes", 1) or fault.size_bytes
    fault.log_type = checks.text("log_type") or fault.log_type
    fault.rows = checks.whole("rows", 1) or fault.rows
    if fault.file is not None and do in REQUEST_FAULTS and fault.on not in ("*", UPLOAD):
        checks.problems.append(f"{where}.file: only a POST has files, wanted on = {UPLOAD!r}")
    if checks.problems:
        raise FaultFileError(checks.problems)
    return fault


class _Checks:
    """Reads keys of one table and keeps every problem."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self._table = table
        self._where = where
        self.problems: list[str] = []

    def _complain(self, key: str, wanted: str) -> None:
        found = _shown(self._table[key]) if key in self._table else "nothing"
        self.problems.append(f"{self._where}.{key}: found {found}, wanted {wanted}")

    def refuse_unknown(self, known: Sequence[str], do: str) -> None:
        for key in self._table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                wanted = ", ".join(known)
                self.problems.append(f"{self._where}.{key}: unknown key with do = {do!r}, wanted one of {wanted}{hint}")

    def require(self, keys: Sequence[str], do: str) -> None:
        for key in keys:
            if key not in self._table:
                self.problems.append(f"{self._where}.{key}: found nothing, wanted a value, as do = {do!r} needs it")

    def choice(self, key: str, choices: Sequence[str]) -> str | None:
        value = self._table.get(key)
        if isinstance(value, str) and value in choices:
            return value
        self._complain(key, "one of " + ", ".join(choices))
        return None

    def text(self, key: str) -> str | None:
        value = self._table.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        self._complain(key, "a text")
        return None

    def whole(self, key: str, low: int, high: int | None = None) -> int | None:
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and low <= value and (high is None or value <= high):
            return value
        self._complain(key, f"a whole number from {low}" + ("" if high is None else f" to {high}"))
        return None

    def number(self, key: str) -> float:
        value = self._table.get(key, 0.0)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 86400:
            return float(value)
        self._complain(key, "a number of seconds from 0 to 86400")
        return 0.0

    def flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if isinstance(value, bool):
            return value
        self._complain(key, "true or false")
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
