"""A real directory as a hot folder, seen from outside: what a dropper does and what an administrator finds."""

from __future__ import annotations

import os
from pathlib import Path

from hotfolder.core.messages import ClaimItem, Fate, FilingItem, LookItem
from hotfolder.core.model import Identity

JPEG = b"\xff\xd8\xff\xda\x00\x04ab" + b"scan data" * 20 + b"\xff\xd9"


def open_descriptors() -> set[str]:
    """Return the numbers of all descriptors of this process, that of this listing among them."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


class Share:
    """The directory and the items that the coordinator would make for it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def drop(self, path: str, content: bytes = JPEG) -> Identity:
        """Put a file there and return its identity."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return self.identity(path)

    def identity(self, path: str) -> Identity:
        """Return what stat tells."""
        found = os.lstat(self.root / path)
        return Identity(device=found.st_dev, inode=found.st_ino, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)

    def everything(self) -> dict[str, bytes]:
        """Return every ordinary file below the root with its content, directories left out."""
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                place = Path(folder) / name
                if place.is_file() and not place.is_symlink():
                    found[os.path.relpath(place, self.root)] = place.read_bytes()
        return found

    def paths(self) -> set[str]:
        """Return the paths of every ordinary file."""
        return set(self.everything())

    def claim_item(self, path: str, identity: Identity | None = None, *, drop: int = 1, job: str = "job") -> ClaimItem:
        """Return the claim of a dropped file."""
        return ClaimItem(drop, path, f"_working/{job}/{path}", identity or self.identity(path))

    def look_item(self, path: str) -> LookItem:
        """Return a look that takes evidence."""
        return LookItem(path, evidence_always=True)

    def filing_item(
        self,
        source: str,
        target: str,
        *,
        identity: Identity | None = None,
        drop: int = 1,
        fate: Fate = Fate.MOVE,
        note: str | None = None,
        receipt: str | None = None,
    ) -> FilingItem:
        """Return the filing of a file, with companions of the usual names."""
        return FilingItem(
            drop=drop,
            source_path=source,
            identity=identity or self.identity(source),
            fate=fate,
            target_path=target,
            note=None if note is None else (f"{target} - NOT SENT.txt", note),
            receipt=None if receipt is None else (f"{target}.receipt.toml", receipt),
        )
