"""A hot folder in a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.edges.files.share import Share

from hotfolder.edges.files import FolderFiles, Syscalls


@pytest.fixture
def share(tmp_path: Path) -> Share:
    root = tmp_path / "catalog"
    root.mkdir(mode=0o755)
    return Share(root)


@pytest.fixture(params=["new kernel", "old kernel"])
def files(request: pytest.FixtureRequest, share: Share) -> FolderFiles:
    """The port, with openat2 and renameat2 and without."""
    is_new = request.param == "new kernel"
    return FolderFiles(share.root, calls=Syscalls(openat2=is_new, renameat2=is_new))
