"""
A hot folder in memory: fits `ports.Files`, survives simulated crashes, and never has a file in two places.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hotfolder.core.companions import STATUS_MARK
from hotfolder.core.formats import not_taken
from hotfolder.core.litter import STATUS_PAGE, is_reserved
from hotfolder.core.messages import (
    ClaimItem,
    ClaimResult,
    ClaimStatus,
    Entry,
    EntryKind,
    Fate,
    FilingItem,
    FilingResult,
    FilingStatus,
    LookItem,
    LookResult,
    LookStatus,
    Orphan,
)
from hotfolder.core.model import Evidence, FormatEnd, Identity, Lease, Observation
from hotfolder.ports import ChangedError, Clock, FolderError
from hotfolder.testing.perils import Perils


@dataclass(slots=True)
class FakeFile:
    """One file with its content."""

    content: bytes
    inode: int
    mtime_ns: int

    @property
    def identity(self) -> Identity:
        """Return what stat would tell."""
        return Identity(1, self.inode, len(self.content), self.mtime_ns)


class FakeShare:
    """What lies in one hot folder, whoever looks; outlives any number of `FakeFiles`."""

    def __init__(self) -> None:
        self.files: dict[str, FakeFile] = {}
        self.missing = False  # the root cannot be reached
        self.hangs = False  # whoever touches it waits
        self.chunk = 2  # files of one step of a walk, so that short histories have several
        self._inodes = itertools.count(100)

    def drop(self, path: str, content: bytes) -> FakeFile:
        """Put a file there as a user would, replacing what has the name."""
        inode = next(self._inodes)
        self.files[path] = FakeFile(content, inode, inode * 1_000)
        return self.files[path]

    def drag(self, old: str, new: str) -> None:
        """Move a file as a user would."""
        self.files[new] = self.files.pop(old)


class FakeReader:
    """An open file; fits `ports.Reader`."""

    def __init__(self, file: FakeFile) -> None:
        self._content = file.content
        self.size_bytes = len(file.content)

    def blocks(self) -> Iterator[memoryview]:
        """Yield the content."""
        yield memoryview(self._content)

    def check_unchanged(self) -> bool:
        """Return True: contents in memory do not change under an open descriptor."""
        return True

    def close(self) -> None:
        """Nothing is open."""


class FakeFiles:
    """The daemon's hands in a share."""

    def __init__(self, share: FakeShare, clock: Clock, perils: Perils) -> None:
        self._share = share
        self._clock = clock
        self._perils = perils

    def check(self, *, has_claimed: bool = False, mount_point: str = "") -> str:
        """Raise if the root cannot be reached."""
        if self._share.missing:
            raise FolderError("the folder is not there")
        return "/"

    def orphans(self, known: Collection[str]) -> list[Orphan]:
        """Return what lies in `_working` and belongs to none of these jobs."""
        self.check()
        return [
            Orphan(path, file.identity)
            for path, file in self._share.files.items()
            if path.startswith("_working/") and path.split("/")[1] not in known
        ]

    def walk(self, below: str = "") -> Iterator[Sequence[Entry]]:
        """Yield every file in chunks."""
        self.check()
        prefix = f"{below}/" if below else ""
        paths = [path for path in self._share.files if path.startswith(prefix)]
        found = [Entry(path, EntryKind.FILE) for path in paths if not is_reserved(path.partition("/")[0])]
        for start in range(0, len(found), self._share.chunk):
            self._perils.tick("walk")
            yield found[start : start + self._share.chunk]

    def look(self, items: Sequence[LookItem]) -> list[LookResult]:
        """Tell what is there; every fake file is complete at once."""
        self.check()
        self._perils.tick("look")
        return [self._look(item) for item in items]

    def _look(self, item: LookItem) -> LookResult:
        file = self._share.files.get(item.path)
        if file is None:
            return LookResult(item.path, LookStatus.MISSING)
        evidence = None
        if item.evidence_always or item.expect == file.identity:
            head = not_taken(len(file.content), lambda offset, length: file.content[offset : offset + length])
            evidence = Evidence(lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG", not_taken=head)
        observation = Observation(
            identity=file.identity, ctime_ns=file.mtime_ns, at_s=self._clock.monotonic(), evidence=evidence
        )
        digest = hashlib.sha256(file.content).hexdigest() if item.digest else None
        return LookResult(item.path, LookStatus.PRESENT, observation, digest=digest)

    def claim(self, items: Sequence[ClaimItem]) -> list[ClaimResult]:
        """Rename each, with a step before and after every rename."""
        self.check()
        return [ClaimResult(item.drop, self._claim(item)) for item in items]

    def _claim(self, item: ClaimItem) -> ClaimStatus:
        files = self._share.files
        claimed = files.get(item.work_path)
        if claimed is not None and claimed.identity == item.identity:
            return ClaimStatus.CLAIMED
        standing = files.get(item.path)
        if standing is None:
            return ClaimStatus.MISSING
        if standing.identity != item.identity:
            return ClaimStatus.CHANGED
        self._perils.tick(f"before claiming {item.path}")
        files[item.work_path] = files.pop(item.path)
        self._perils.tick(f"after claiming {item.path}")
        return ClaimStatus.CLAIMED

    def open_for_sending(self, work_path: str, identity: Identity) -> FakeReader:
        """Open a claimed file."""
        self.check()
        file = self._share.files.get(work_path)
        if file is None or file.identity != identity:
            raise ChangedError(f"{work_path} is missing or another file")
        return FakeReader(file)

    def file_away(self, items: Sequence[FilingItem]) -> list[FilingResult]:
        """Publish companions, then move or delete, with a step around every effect."""
        self.check()
        return [FilingResult(item.drop, self._file(item)) for item in items]

    def _file(self, item: FilingItem) -> FilingStatus:
        files = self._share.files
        companions = [companion for companion in (item.note, item.receipt) if companion is not None]
        for path, text in companions:
            standing = files.get(path)
            if standing is not None and standing.content != text.encode():
                return FilingStatus.TAKEN
        target = files.get(item.target_path)
        if target is not None and item.fate is Fate.MOVE:
            if item.identity is not None and target.identity == item.identity:
                self._publish(companions)
                return FilingStatus.FILED
            return FilingStatus.TAKEN
        source = files.get(item.source_path)
        if source is not None and item.identity is not None and source.identity != item.identity:
            if item.fate is Fate.KEEP:
                self._publish(companions)
                return FilingStatus.REPLACED
            return FilingStatus.CHANGED if item.source_path.startswith("_working/") else FilingStatus.MISSING
        self._publish(companions)
        if source is None:
            return FilingStatus.FILED if item.fate is not Fate.MOVE else FilingStatus.MISSING
        self._perils.tick(f"before filing {item.target_path}")
        if item.fate is Fate.MOVE:
            files[item.target_path] = files.pop(item.source_path)
        elif item.fate is Fate.DELETE:
            del files[item.source_path]
        self._perils.tick(f"after filing {item.target_path}")
        return FilingStatus.FILED

    def _publish(self, companions: Sequence[tuple[str, str]]) -> None:
        for path, text in companions:
            if path not in self._share.files:
                self._perils.tick(f"before publishing {path}")
                self._share.drop(path, text.encode())
                self._perils.tick(f"after publishing {path}")

    def bring_back(self, moves: Sequence[tuple[str, str]]) -> list[str]:
        """Rename originals back."""
        self.check()
        done = []
        for old, new in moves:
            if old in self._share.files and new not in self._share.files:
                self._share.drag(old, new)
                done.append(new)
        return done

    def remove_copies(self, copies: Mapping[str, str]) -> None:
        """Remove our own notes and receipts."""
        self.check()
        for path, digest in copies.items():
            file = self._share.files.get(path)
            if file is not None and hashlib.sha256(file.content).hexdigest() == digest:
                del self._share.files[path]

    def leave_note(self, path: str, text: str) -> None:
        """Publish a note."""
        self.check()
        if path not in self._share.files:
            self._share.drop(path, text.encode())

    def write_status(self, text: str) -> None:
        """Have the status file say this."""
        self.check()
        before = self._share.files.get(STATUS_PAGE)
        if before is None or before.content.startswith(STATUS_MARK.encode()):
            self._share.drop(STATUS_PAGE, text.encode())

    def tidy(self) -> None:
        """Directories are names here: there is nothing to remove."""
        self.check()
