"""
A share whose server can be made to hang: a FUSE file system that hands every call on to a directory beside it.

Speaks the kernel's protocol (linux/fuse.h, version 7.31) on /dev/fuse itself, so nothing has to be installed.
Told to hang it answers nobody, and whoever touches a file waits, as with a file server that has gone. It begins to
between two calls only: who waits for an answer that is being made cannot even be killed.
Whoever works in the directory behind it is another machine: the kernel tells nobody of that here.

Run as a program: `fuse.py BEHIND MOUNT_POINT`; it says "mounted" and serves until it is ended. A line on its standard
input makes it hang, which it says, and another one go on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

_libc = ctypes.CDLL(None, use_errno=True)

_NOSUID_NODEV = 2 | 4  # MS_NOSUID | MS_NODEV
_DETACH = 2  # MNT_DETACH
_REQUEST_BYTES = 1 << 20  # more than the largest request, which is a write of _WRITE_BYTES
_WRITE_BYTES = 128 << 10
_ROOT = 1

_HEADER = struct.Struct("<IIQQIII4x")  # length, opcode, unique, node, uid, gid, pid
_ANSWER = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<6Q10I")
_INIT = struct.Struct("<4I2H2I2HI28x")
_READ = struct.Struct("<QQI")  # file, offset, size; the rest is about locks
_SETATTR = struct.Struct("<I4xQQQQQQ3I I 4x II4x")


class HangingShare:
    """Mounted while its context is open; needs root, and mounts of one's own to be tidy."""

    def __init__(self, behind: Path, mount_point: Path) -> None:
        self.behind = behind
        self.mount_point = mount_point
        self._popen: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._popen = subprocess.Popen(
            [sys.executable, __file__, self.behind, self.mount_point],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        if self._hear() != "mounted\n":
            self.__exit__()
            raise OSError("no FUSE file system can be mounted here")
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen is None:
            return
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        _libc.umount2(os.fsencode(self.mount_point), _DETACH)

    def hang(self) -> None:
        """Answer nobody from now on; returns when it is so."""
        self._say("hang")
        if self._hear() != "hanging\n":
            raise OSError("the FUSE file system has ended")

    def answer(self) -> None:
        """Go on, beginning with those who have waited."""
        self._say("answer")

    def _say(self, word: str) -> None:
        if self._popen is None or self._popen.stdin is None:
            raise ValueError("not mounted")
        self._popen.stdin.write(word + "\n")

    def _hear(self) -> str:
        return "" if self._popen is None or self._popen.stdout is None else self._popen.stdout.readline()


class _Server:
    """Hands calls on; a node is an inode, held by a descriptor that no rename can mislead."""

    def __init__(self, behind: str) -> None:
        self._held = {_ROOT: os.open(behind, os.O_PATH | os.O_DIRECTORY)}
        self._looked_up: dict[int, int] = {_ROOT: 1}  # how often the kernel was told of a node
        self._lists: dict[int, list[bytes]] = {}  # directories being read
        self._next_list = 1 << 32
        self._calls: dict[int, Callable[[int, bytes], bytes]] = {
            1: self._lookup,
            3: lambda node, _: self._attributes_answer(node),
            4: self._setattr,
            5: lambda node, _: os.fsencode(os.readlink("", dir_fd=self._held[node])),
            6: self._symlink,
            8: self._mknod,
            9: self._mkdir,
            10: lambda node, body: _after(os.unlink, _name(body), dir_fd=self._held[node]),
            11: lambda node, body: _after(os.rmdir, _name(body), dir_fd=self._held[node]),
            12: lambda node, body: self._rename(node, body[:8], 0, body[8:]),
            13: self._link,
            14: lambda node, body: _opened(os.open(self._path(node), struct.unpack_from("<I", body)[0] & ~0o400000)),
            15: self._read,
            16: self._write,
            17: self._statfs,
            18: lambda _, body: _after(os.close, struct.unpack_from("<Q", body)[0]),
            20: lambda _, body: _after(os.fsync, struct.unpack_from("<Q", body)[0]),
            26: self._init,
            27: self._opendir,
            28: self._readdir,
            29: lambda _, body: _after(self._lists.pop, struct.unpack_from("<Q", body)[0]),
            30: lambda node, _: self._sync_directory(node),
            35: self._create,
            45: lambda node, body: self._rename(node, body[:8], struct.unpack_from("<8xI", body)[0], body[16:]),
        }

    def serve(self, device: int) -> None:
        """Answer until the file system is unmounted."""
        poll = select.poll()
        poll.register(device, select.POLLIN)
        poll.register(sys.stdin, select.POLLIN)
        while True:
            if any(fd != device for fd, _ in poll.poll()):
                _hang()
                continue
            try:
                request = os.read(device, _REQUEST_BYTES)
            except OSError as error:
                if error.errno == errno.ENOENT:  # the request was taken back
                    continue
                return
            _, opcode, unique, node, *_ = _HEADER.unpack_from(request)
            body = request[_HEADER.size :]
            if opcode in (2, 42):
                self._forget(opcode, node, body)
                continue
            if opcode == 36:  # an interrupt: what it is about is answered in its turn
                continue
            number, answer = 0, b""
            try:
                call = self._calls.get(opcode)
                if call is None:
                    raise OSError(errno.ENOSYS, "")
                answer = call(node, body)
            except OSError as error:
                number = error.errno or errno.EIO
            os.write(device, _ANSWER.pack(_ANSWER.size + len(answer), -number, unique) + answer)

    def _path(self, node: int) -> str:
        return f"/proc/self/fd/{self._held[node]}"

    # --- nodes ---

    def _lookup(self, node: int, body: bytes) -> bytes:
        return self._entry(node, _name(body))

    def _entry(self, above: int, name: bytes) -> bytes:
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self._held[above])
        node = os.fstat(fd).st_ino
        if node in self._held:
            os.close(fd)
        else:
            self._held[node] = fd
        self._looked_up[node] = self._looked_up.get(node, 0) + 1
        return struct.pack("<6Q", node, 0, 0, 0, 0, 0)[:40] + self._attributes(node)

    def _forget(self, opcode: int, node: int, body: bytes) -> None:
        pairs = [(node, struct.unpack_from("<Q", body)[0])] if opcode == 2 else struct.iter_unpack("<QQ", body[8:])
        for which, times in pairs:
            self._looked_up[which] -= times
            if self._looked_up[which] <= 0 and which != _ROOT:
                del self._looked_up[which]
                os.close(self._held.pop(which))

    def _attributes(self, node: int) -> bytes:
        found = os.fstat(self._held[node])
        times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
        return _ATTRIBUTES.pack(
            node,
            found.st_size,
            found.st_blocks,
            *(time // 10**9 for time in times),
            *(time % 10**9 for time in times),
            found.st_mode,
            found.st_nlink,
            found.st_uid,
            found.st_gid,
            0,
            found.st_blksize,
            0,
        )

    def _attributes_answer(self, node: int) -> bytes:
        return bytes(16) + self._attributes(node)

    def _setattr(self, node: int, body: bytes) -> bytes:
        valid, _, size, _, _, mtime, _, _, mtime_ns, _, mode, uid, gid = _SETATTR.unpack_from(body)
        path = self._path(node)
        if valid & 1:
            Path(path).chmod(mode & 0o7777)
        if valid & 6:
            os.chown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
        if valid & 8:
            os.truncate(path, size)
        if valid & 0x120:
            now = not valid & 0x20 or valid & 0x100
            os.utime(path) if now else os.utime(path, ns=(mtime * 10**9 + mtime_ns,) * 2)
        return self._attributes_answer(node)

    # --- names ---

    def _symlink(self, node: int, body: bytes) -> bytes:
        name, target, _ = body.split(b"\0")
        os.symlink(target, name, dir_fd=self._held[node])
        return self._entry(node, name)

    def _mknod(self, node: int, body: bytes) -> bytes:
        mode, device = struct.unpack_from("<II", body)
        os.mknod(_name(body[16:]), mode, device, dir_fd=self._held[node])
        return self._entry(node, _name(body[16:]))

    def _mkdir(self, node: int, body: bytes) -> bytes:
        mode, umask = struct.unpack_from("<II", body)
        os.mkdir(_name(body[8:]), mode & ~umask, dir_fd=self._held[node])
        return self._entry(node, _name(body[8:]))

    def _rename(self, node: int, target_node: bytes, flags: int, names: bytes) -> bytes:
        source, target, _ = names.split(b"\0")
        above = self._held[struct.unpack("<Q", target_node)[0]]
        if _libc.renameat2(self._held[node], source, above, target, flags) != 0:
            raise OSError(ctypes.get_errno(), "")
        return b""

    def _link(self, node: int, body: bytes) -> bytes:
        (source,) = struct.unpack_from("<Q", body)
        os.link(self._path(source), _name(body[8:]), dst_dir_fd=self._held[node], follow_symlinks=True)
        return self._entry(node, _name(body[8:]))

    # --- content ---

    def _create(self, node: int, body: bytes) -> bytes:
        flags, mode, umask = struct.unpack_from("<III", body)
        fd = os.open(_name(body[16:]), flags | os.O_CREAT, mode & ~umask, dir_fd=self._held[node])
        return self._entry(node, _name(body[16:])) + _opened(fd)

    def _read(self, _: int, body: bytes) -> bytes:
        file, offset, size = _READ.unpack_from(body)
        return os.pread(file, size, offset)

    def _write(self, _: int, body: bytes) -> bytes:
        file, offset, size = _READ.unpack_from(body)
        return struct.pack("<II", os.pwrite(file, body[40 : 40 + size], offset), 0)

    # --- directories and the whole ---

    def _opendir(self, node: int, _: bytes) -> bytes:
        self._next_list += 1
        entries = []
        with os.scandir(self._path(node)) as found:
            for number, item in enumerate(found, 1):
                name = os.fsencode(item.name)
                kind = 4 if item.is_dir(follow_symlinks=False) else 10 if item.is_symlink() else 8
                entry = struct.pack("<QQII", item.inode(), number, len(name), kind) + name
                entries.append(entry + bytes(-len(entry) % 8))
        self._lists[self._next_list] = entries
        return _opened(self._next_list)

    def _readdir(self, _: int, body: bytes) -> bytes:
        number, offset, size = _READ.unpack_from(body)
        answer = b""
        for entry in self._lists[number][offset:]:
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer

    def _sync_directory(self, node: int) -> bytes:
        fd = os.open(self._path(node), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        return b""

    def _statfs(self, node: int, _: bytes) -> bytes:
        found = os.statvfs(self._held[node])
        counts = (found.f_blocks, found.f_bfree, found.f_bavail, found.f_files, found.f_ffree)
        return struct.pack("<5Q3I28x", *counts, found.f_bsize, found.f_namemax, found.f_frsize)

    def _init(self, _: int, body: bytes) -> bytes:
        _major, minor, readahead, _flags = struct.unpack_from("<4I", body)
        return _INIT.pack(7, min(minor, 31), readahead, 0, 16, 12, _WRITE_BYTES, 1, 0, 0, 0)


def _hang() -> None:
    os.read(sys.stdin.fileno(), 100)
    sys.stdout.write("hanging\n")
    sys.stdout.flush()
    os.read(sys.stdin.fileno(), 100)


def _name(body: bytes) -> bytes:
    return body.partition(b"\0")[0]


def _after(call: Callable[..., object], *arguments: object, **more: object) -> bytes:
    call(*arguments, **more)
    return b""


def _opened(number: int) -> bytes:
    return struct.pack("<QII", number, 0, 0)


def _main(behind: str, mount_point: str) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
    if _libc.mount(b"hanging", os.fsencode(mount_point), b"fuse", _NOSUID_NODEV, options.encode()) != 0:
        raise SystemExit(os.strerror(ctypes.get_errno()))
    sys.stdout.write("mounted\n")
    sys.stdout.flush()
    _Server(behind).serve(device)


if __name__ == "__main__":
    _main(*sys.argv[1:])
