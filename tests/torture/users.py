"""
The users of the simulation: what they do to hot folders, and a record of it for the judge.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field

from tests.torture.disk import Node
from tests.torture.judge import COMPANIONS, Dropped
from tests.torture.simulated import START, World

CANARY = b"CANARY-7f3a91"
"""Stands in everything that was never dropped: whoever sees it on the wire has found a leak."""

OLD_NS = 1_000_000_000 * 10**9
"""When a file that is copied was last changed: clients keep such times."""

PIECE_S = 1.2  # between two pieces of a slow copy; files settle in two seconds

RESERVED = ("_working", "_done", "_check", "_failed")


@dataclass
class Users:
    """They all; one deed at a time."""

    world: World
    chance: random.Random
    dropped: list[Dropped] = field(default_factory=list)
    hears: float = 1.0  # how likely the watch sees what they do
    _of_node: dict[int, Dropped] = field(default_factory=dict)  # by inode: its content as it is now
    _contents: int = 0

    def content(self) -> bytes:
        """Return bytes never used before; all have one length, so that a size proves nothing."""
        self._contents += 1
        return b"content %06d of these" % self._contents

    # --- deeds ---

    def drop(self, folder: str, path: str) -> Dropped:
        """Put a new file there; what had the name is gone."""
        disk, root = self.world.disk, self.world.root(folder)
        self._is_gone(disk.find(root, path))
        content = self.content()
        node = disk.drop(root, path, content)
        return self._record(folder, path, node, content)

    def copy_slowly(self, folder: str, path: str) -> None:
        """
        Copy a file there piece by piece, with its old time from the first on, over a share that hides open files.

        Only the whole is a drop: pieces follow each other more quickly than any file settles.
        """
        disk, root = self.world.disk, self.world.root(folder)
        self._is_gone(disk.find(root, path))
        content = self.content()
        node = disk.drop(root, path, content[:5])
        node.mtime_ns = OLD_NS
        self._tell(folder, path)

        def go_on(world: World, length: int) -> None:
            self._is_gone(node)  # should somebody else have written into it
            disk.rewrite(node, content[:length])
            node.mtime_ns = OLD_NS
            if length < len(content):
                world.at(PIECE_S, lambda world: go_on(world, length + 5))
            elif node.links:
                self._record(folder, path, node, content)

        self.world.at(PIECE_S, lambda world: go_on(world, 10))

    def rewrite(self, folder: str, path: str) -> None:
        """Write other bytes into the same file."""
        node = self.world.disk.find(self.world.root(folder), path)
        if node is not None and node.is_file:
            self._write_into(folder, path, node)

    def _write_into(self, folder: str, path: str, node: Node) -> None:
        before = self._of_node.get(node.number)
        self._is_gone(node)
        content = self.content()
        self.world.disk.rewrite(node, content)
        drop = self._record(folder, path, node, content)
        if path.partition("/")[0] in RESERVED:
            drop.is_afterthought = True
            if before is not None:
                before.excuses.add("written into after it was claimed")
            if self.world.moments.trace[-1:] == [f"unlink {path.rpartition('/')[2]}"]:
                drop.is_taken = True  # at the very moment at which it is deleted: no call looks and deletes at once

    def write_on(self, drop: Dropped) -> None:
        """Go on writing into a file that was opened long ago, wherever it lies by now."""
        for path, node in self.world.disk.files(self.world.root(drop.folder)).items():
            if node.number == drop.inode and not drop.is_taken:
                self._write_into(drop.folder, path, node)
                return

    def take_back(self, folder: str, path: str) -> None:
        """Delete it."""
        self._is_gone(self.world.disk.remove(self.world.root(folder), path))

    def rename(self, folder: str, old: str, new: str) -> None:
        """Give it another name, over whatever has that."""
        disk, root = self.world.disk, self.world.root(folder)
        node = disk.find(root, old)
        if node is None or not node.is_file or node.links > 1 or old == new:
            return  # nobody is that quick: of two names that a power cut has left, the daemon's start removes one
        self._is_gone(disk.find(root, new))
        disk.drag(root, old, new)
        self._tell(folder, new)

    def drag_back(self, folder: str, *, notes: bool) -> None:
        """Drag a failed file back to the hot folder's root, with or without its note."""
        disk, root = self.world.disk, self.world.root(folder)
        filed = [
            path
            for path in disk.files(root)
            if path.startswith(("_failed/", "_check/"))
            and not path.endswith(COMPANIONS)
            and not path.rpartition("/")[2].startswith(".")
        ]
        if not filed:
            return
        path = self.chance.choice(sorted(filed))
        name = path.rpartition("/")[2]
        if notes:
            for suffix in COMPANIONS:
                if disk.find(root, path + suffix) is not None:
                    self._is_gone(disk.find(root, name + suffix))
                    disk.drag(root, path + suffix, name + suffix)
                    self._tell(folder, name + suffix)
        self.rename(folder, path, name)

    def file_something(self, folder: str, pick: float) -> None:
        """Put a file where the daemon is about to file another one of that name."""
        working = sorted(
            path for path in self.world.disk.files(self.world.root(folder)) if path.startswith("_working/")
        )
        if not working:
            return
        _, _, below = working[int(pick * len(working))].split("/", 2)
        place = f"_done/{START.date().isoformat()}/{below}"
        if self.world.disk.find(self.world.root(folder), place) is None:
            self.drop(folder, place).is_afterthought = True

    def link(self, folder: str, path: str) -> None:
        """Put a link to a secret there."""
        disk, root = self.world.disk, self.world.root(folder)
        self._is_gone(disk.find(root, path))
        disk.link(root, path, "/secret")
        self._tell(folder, path)

    def in_place(self, folder: str) -> list[str]:
        """Return the files that lie in the hot folder as they were dropped."""
        return sorted(
            path
            for path in self.world.disk.files(self.world.root(folder))
            if path.partition("/")[0] not in RESERVED and not path.endswith(COMPANIONS)
        )

    # --- the record ---

    def _record(self, folder: str, path: str, node: Node, content: bytes) -> Dropped:
        drop = Dropped(folder, path, hashlib.sha256(content).hexdigest(), node.number, node.mtime_ns)
        self.dropped.append(drop)
        self._of_node[node.number] = drop
        self._tell(folder, path)
        return drop

    def _is_gone(self, node: Node | None) -> None:
        if node is not None and node.number in self._of_node:
            self._of_node[node.number].is_taken = True

    def _tell(self, folder: str, path: str) -> None:
        if self.chance.random() < self.hears:
            self.world.saw(folder, path)
