"""
A file that ends the process when it is looked into is found out: by a real process that is really killed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.edges.files.share import Share

from hotfolder.core.messages import LookItem
from hotfolder.core.model import Identity, Touched
from hotfolder.edges.files import FolderFiles
from hotfolder.edges.touching import Touching

PROGRAM = """
import os, signal, sys
from pathlib import Path
from hotfolder.core.messages import LookItem
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.edges.touching import Touching

root, marks, *paths = sys.argv[1:]

class Deadly(Syscalls):
    def pread(self, fd, length, offset):
        data = super().pread(fd, length, offset)
        if data.endswith(b"deadly"):
            os.kill(os.getpid(), signal.SIGKILL)
        return data

slot = Touching(Path(marks)).slot("catalog")
files = FolderFiles(Path(root), calls=Deadly(), touching=slot.touching)
files.look([LookItem(path, evidence_always=True) for path in paths])
"""


@pytest.fixture
def share(tmp_path: Path) -> Share:
    root = tmp_path / "catalog"
    root.mkdir()
    return Share(root)


def look_and_die(share: Share, marks: Path, *paths: str) -> int:
    return subprocess.run([sys.executable, "-c", PROGRAM, share.root, marks, *paths], check=False).returncode


def suspects(marks: Path) -> dict[Touched, int]:
    touching = Touching(marks)
    touching.close()
    return touching.suspects


def test_the_file_at_which_the_process_ended_twice_is_poison(share: Share, tmp_path: Path) -> None:
    marks = tmp_path / "ledger.db.touching"
    harmless = "a name with ümlauts and \udcff.jpg"
    share.drop(harmless)
    deadly = Touched(folder="catalog", path="deadly.jpg", identity=share.drop("deadly.jpg", b"\xff\xd8\xff deadly"))

    assert look_and_die(share, marks, harmless) == 0
    assert look_and_die(share, marks, harmless, "deadly.jpg", harmless) == -signal.SIGKILL
    touching = Touching(marks)
    assert touching.suspects == {deadly: 1}
    assert touching.poison == frozenset()
    touching.close()

    assert look_and_die(share, marks, harmless, "deadly.jpg") == -signal.SIGKILL
    assert Touching(marks).poison == {deadly}


def test_a_look_that_ends_in_an_error_or_a_stop_in_its_middle_leaves_no_suspect(share: Share, tmp_path: Path) -> None:
    marks = tmp_path / "ledger.db.touching"
    identity = share.drop("a.jpg")
    touching = Touching(marks)
    slot = touching.slot("catalog")
    with pytest.raises(OSError, match="disk"), slot.touching("a.jpg", identity):
        raise OSError("disk")
    with slot.touching("a.jpg", identity):
        touching.close()  # the daemon ends in good order while a share hangs
        assert suspects(marks) == {}


def test_each_hot_folder_has_a_mark_of_its_own(share: Share, tmp_path: Path) -> None:
    marks = tmp_path / "ledger.db.touching"
    identity = share.drop("a.jpg")
    touching = Touching(marks)
    one, other = touching.slot("one"), touching.slot("other")
    with one.touching("a.jpg", identity), other.touching("b.jpg", identity):
        assert {touched.folder for touched in Touching(marks).suspects} == {"one", "other"}


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b'["a", "b", [1], 2]\nnull\n'])
def test_marks_that_cannot_be_read_are_none(tmp_path: Path, content: bytes) -> None:
    marks = tmp_path / "touching"
    marks.write_bytes(content)
    (tmp_path / "touching.counts").write_bytes(content)
    assert suspects(marks) == {}


def test_where_the_file_cannot_be_made_looks_go_on(share: Share, tmp_path: Path) -> None:
    touching = Touching(tmp_path / "nowhere" / "touching")
    identity = share.drop("a.jpg")
    files = FolderFiles(share.root, touching=touching.slot("catalog").touching)
    (found,) = files.look([LookItem("a.jpg", evidence_always=True)])
    assert found.observation is not None
    assert found.observation.identity == identity
    longest = "/".join(["\udcff" * 255] * 16)
    with touching.slot("catalog").touching(longest, Identity(1, 2, 3, 4)):
        assert share.root.is_dir()
    touching.close()
