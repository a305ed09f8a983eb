"""
A disk in memory that forgets what was not synced, and whatever it may forget by the letter of POSIX.

Every directory has the names that are seen now, and those that the disk keeps; every file has its content, and what the
disk keeps of that. At a power cut each difference is decided by chance. Only a rename of which neither directory was
synced is kept whole, with the directories that it led into, or not at all, as every file system with a journal does;
with one of the two synced, the other half may be missing. Users' deeds are kept at once: what they lose by a cut is not
the daemon's business.
"""

from __future__ import annotations

import errno
import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from hotfolder.ports import Clock

DEVICE = 7


@dataclass(eq=False, slots=True)
class Node:
    """A file, a directory or a link."""

    number: int
    kind: int  # S_IFREG, S_IFDIR or S_IFLNK
    mode: int = 0o644
    content: bytes = b""
    kept_content: bytes | None = None  # None: the disk has not got any of it
    target: str = ""  # of a link
    names: dict[str, Node] = field(default_factory=dict)
    kept_names: dict[str, Node] = field(default_factory=dict)
    links: int = 0  # names it has now
    writers: int = 0
    is_spoilt: bool = False  # an fsync of it failed: what it had then will never be on the disk
    mtime_ns: int = 0
    ctime_ns: int = 0

    @property
    def is_directory(self) -> bool:
        return self.kind == stat.S_IFDIR

    @property
    def is_file(self) -> bool:
        return self.kind == stat.S_IFREG

    def stat(self) -> os.stat_result:
        """Return what stat(2) would."""
        seconds = self.mtime_ns // 10**9
        return os.stat_result(
            (self.kind | self.mode, self.number, DEVICE, self.links, 0, 0, len(self.content), 0, seconds, seconds),
            {"st_mtime_ns": self.mtime_ns, "st_ctime_ns": self.ctime_ns},
        )


@dataclass(frozen=True, slots=True)
class _Rename:
    """A rename of which at least one directory has not been synced."""

    node: Node
    source: Node
    source_name: str
    target: Node
    target_name: str

    def halves(self) -> tuple[bool, bool]:
        """Return whether the disk still lacks that the old name is gone, and that the new one is there."""
        return (
            self.source.kept_names.get(self.source_name) is self.node,
            self.target.kept_names.get(self.target_name) is not self.node,
        )


class Disk:
    """Some hot folders, each by its path, and what lies in them."""

    def __init__(self, clock: Clock, roots: tuple[str, ...]) -> None:
        self._clock = clock
        self._numbers = iter(range(100, 10**9))
        self._ticks = 0
        self._renames: list[_Rename] = []
        self._outside: Node | None = None
        self.roots = {root: self.make(stat.S_IFDIR, 0o2775) for root in roots}

    # --- what the calls are made of ---

    def make(self, kind: int, mode: int = 0o644) -> Node:
        """Make something that has no name yet."""
        node = Node(next(self._numbers), kind, mode)
        self.touch(node)
        return node

    def touch(self, node: Node) -> None:
        """Note a change of content."""
        node.mtime_ns = node.ctime_ns = self._time_ns()

    def _time_ns(self) -> int:
        self._ticks += 1  # no two changes at one time
        return int(self._clock.monotonic() * 10**9) + self._ticks

    def add_name(self, directory: Node, name: str, node: Node) -> None:
        """Give a node a name."""
        directory.names[name] = node
        node.links += 1
        node.ctime_ns = self._time_ns()

    def remove_name(self, directory: Node, name: str) -> Node:
        """Take a name away."""
        node = directory.names.pop(name)
        node.links -= 1
        node.ctime_ns = self._time_ns()
        return node

    def rename(self, source: Node, source_name: str, target: Node, target_name: str) -> None:
        """Give a node another name, which nothing has."""
        node = self.remove_name(source, source_name)
        self.add_name(target, target_name, node)
        self._renames.append(_Rename(node, source, source_name, target, target_name))

    def sync(self, node: Node) -> None:
        """Have the disk keep what is in a directory or a file; of a file not its name."""
        if node.is_directory:
            node.kept_names = dict(node.names)
            self._renames = [rename for rename in self._renames if any(rename.halves())]
        elif not node.is_spoilt:
            node.kept_content = node.content

    # --- the power cut ---

    def cut(self, chance: random.Random, *, harsh: bool) -> None:
        """Lose what was not synced: all of it if `harsh`, else what chance has it."""
        keeps = 0.0 if harsh else chance.random()
        for rename in self._renames:
            there, missing = rename.halves()
            if there and chance.random() < keeps:
                rename.target.kept_names[rename.target_name] = rename.node
                rename.source.kept_names.pop(rename.source_name)
                self._keep_path(rename.target)
            elif there:
                # not at all; or, if the new name was synced, both, whatever chance would have of the old one by itself
                rename.source.names[rename.source_name] = rename.node
                if missing and rename.target.names.get(rename.target_name) is rename.node:
                    del rename.target.names[rename.target_name]
        self._renames = []
        seen: set[int] = set()
        for root in self.roots.values():
            self._settle(root, chance, keeps, seen)
        for node in self._all():
            node.links = 0
        for node in self._all():
            for below in node.names.values():
                below.links += 1

    def _keep_path(self, directory: Node) -> None:
        """Keep the names that lead to a directory: a journal has them before what was done in it."""
        for above in list(self._all()):
            for name, node in above.names.items():
                if node is directory:
                    above.kept_names[name] = node
                    self._keep_path(above)

    def _settle(self, directory: Node, chance: random.Random, keeps: float, seen: set[int]) -> None:
        if directory.number in seen:
            return
        seen.add(directory.number)
        for name in sorted(directory.names.keys() | directory.kept_names.keys()):
            now, kept = directory.names.get(name), directory.kept_names.get(name)
            if now is not kept and chance.random() < keeps:
                if now is None:
                    del directory.kept_names[name]
                else:
                    directory.kept_names[name] = now
        directory.names = dict(directory.kept_names)
        for node in directory.names.values():
            node.writers = 0
            if node.is_directory:
                self._settle(node, chance, keeps, seen)
            elif node.is_file and node.content != node.kept_content:
                kept_content = node.kept_content or b""
                if chance.random() < keeps:
                    kept_content = node.content[: chance.randint(0, len(node.content))]
                node.content = node.kept_content = kept_content

    def _all(self) -> Iterator[Node]:
        waiting = list(self.roots.values())
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node.number not in seen:
                seen.add(node.number)
                yield node
                waiting += node.names.values()

    def elsewhere(self, content: bytes) -> Node:
        """Return a file outside of every hot folder, always the same one: what no link may lead to."""
        if self._outside is None:
            self._outside = self.make(stat.S_IFREG, 0o600)
            self._outside.links = 1
            self._outside.content = content
        return self._outside

    # --- what users do: kept at once ---

    def drop(self, root: str, path: str, content: bytes) -> Node:
        """Put a new file there, in place of whatever has the name."""
        directory, name = self._place(root, path)
        node = self.make(stat.S_IFREG, 0o664)
        node.content = node.kept_content = content
        if name in directory.names:
            self.remove_name(directory, name)
        self.add_name(directory, name, node)
        directory.kept_names[name] = node
        return node

    def rewrite(self, node: Node, content: bytes) -> None:
        """Write into a file, wherever it is by now."""
        node.content = node.kept_content = content
        self.touch(node)

    def link(self, root: str, path: str, target: str) -> None:
        """Put a link there, in place of whatever has the name."""
        directory, name = self._place(root, path)
        node = self.make(stat.S_IFLNK, 0o777)
        node.target = target
        if name in directory.names:
            self.remove_name(directory, name)
        self.add_name(directory, name, node)
        directory.kept_names[name] = node

    def drag(self, root: str, old: str, new: str) -> bool:
        """Rename a file within a hot folder, over whatever has the name; False if it is not there."""
        found = self.find(root, old)
        if found is None:
            return False
        old_directory, old_name = self._place(root, old)
        new_directory, new_name = self._place(root, new)
        self.remove_name(old_directory, old_name)
        if new_name in new_directory.names:
            self.remove_name(new_directory, new_name)
        self.add_name(new_directory, new_name, found)
        old_directory.kept_names.pop(old_name, None)
        new_directory.kept_names[new_name] = found
        found.kept_content = found.content
        return True

    def remove(self, root: str, path: str) -> Node | None:
        """Take a file away."""
        if self.find(root, path) is None:
            return None
        directory, name = self._place(root, path)
        directory.kept_names.pop(name, None)
        return self.remove_name(directory, name)

    def find(self, root: str, path: str) -> Node | None:
        """Return what has a path, without following links; None if nothing has."""
        node: Node | None = self.roots[root]
        for step in path.split("/"):
            if node is None or not node.is_directory:
                return None
            node = node.names.get(step)
        return node

    def files(self, root: str) -> dict[str, Node]:
        """Return every file by its path."""
        found: dict[str, Node] = {}

        def collect(directory: Node, prefix: str) -> None:
            for name, node in directory.names.items():
                if node.is_directory:
                    collect(node, f"{prefix}{name}/")
                elif node.is_file:
                    found[prefix + name] = node

        collect(self.roots[root], "")
        return found

    def _place(self, root: str, path: str) -> tuple[Node, str]:
        """Return the directory and the name of a path that a user changes; directories that are missing are made."""
        *steps, name = path.split("/")
        directory = self.roots[root]
        for step in steps:
            below = directory.names.get(step)
            if below is None:
                below = self.make(stat.S_IFDIR, 0o2775)
                self.add_name(directory, step, below)
            if not below.is_directory:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
            directory.kept_names[step] = below
            directory = below
        place = directory, name
        if any(place in ((it.source, it.source_name), (it.target, it.target_name)) for it in self._renames):
            self._keep_all_names()  # what is kept at once comes after it in the journal
        return directory, name

    def _keep_all_names(self) -> None:
        for node in self._all():
            node.kept_names = dict(node.names)
        self._renames = []
