"""Names that nobody means to send."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotfolder.core import litter
from hotfolder.core.litter import is_reserved, litter_directory_reason, litter_reason


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "._chair.jpg",
        "Icon\r",
        "Thumbs.db",
        "THUMBS.DB",
        "ehthumbs.db",
        "desktop.ini",
        "Desktop.INI",
        "~$Preise.xlsx",
        ".~lock.Preise.ods#",
        "upload.tmp",
        "PSB1A2.TMP",
        "movie.mp4.part",
        "movie.mp4.partial",
        "archive.zip.crdownload",
        "layout.indd.sb-1a2b3c4d-Xyz123",
        "~layout~a1b2.idlk",
        ".smbdelete0001",
        ".fuse_hidden0000",
        ".nfs00000001",
        ".hidden.jpg",
        ".",
    ],
)
def test_litter_is_ignored_with_a_reason(name: str) -> None:
    assert litter_reason(name)


@pytest.mark.parametrize(
    "name",
    [
        "_DSC1234.NEF",
        "chair.jpg",
        "~chair.jpg",
        "$chair.jpg",
        "tmp",
        "part",
        "Icon",
        "Icon.png",
        "thumbs.db.jpg",
        "chair.tmp.jpg",
        "chair.sb.jpg",
        "Stuhl grün (2).tif",
        "no extension",
        "",
        "_working.jpg",
    ],
)
def test_photo_with_a_strange_name_is_sent(name: str) -> None:
    assert litter_reason(name) is None


@pytest.mark.parametrize("name", ["_working", "_DONE", "_Check", "_failed", "_Status.HTML"])
def test_reserved_names_count_in_any_case(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["working", "_working2", "_DSC1234.NEF", "_", "", "_status.htm"])
def test_other_names_are_not_reserved(name: str) -> None:
    assert not is_reserved(name)


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir",
        "#recycle",
        "$RECYCLE.BIN",
        ".Trashes",
        ".TemporaryItems",
        "__MACOSX",
        "lost+found",
        ".snapshots",
        ".snapshot-2026",
        "CaptureOne",
        "Katalog Previews.lrdata",
        ".git",
    ],
)
def test_litter_directory_is_not_entered(name: str) -> None:
    assert litter_directory_reason(name)


@pytest.mark.parametrize("name", ["spring", "_spring", "CaptureOne 2", "lost", "~2", "a.lrdata.d", ""])
def test_ordinary_directory_is_entered(name: str) -> None:
    assert litter_directory_reason(name) is None


def test_the_readme_publishes_the_lists_and_nothing_that_is_not_in_them() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    told = readme.partition("Some files are never meant to be sent.")[2].partition("`exclude`")[0]
    files, directories = told.split("directories")
    for name in re.findall(r"`([^` ]+)`", files):
        assert litter_reason(name.replace("*", "x").replace("\\r", "\r")), name
    for name in re.findall(r"`([^` ]+)`", directories):
        assert litter_directory_reason(name.replace("*", "x")), name
    for known in (*litter._FILES, *(beginning for beginning, _ in litter._BEGINNINGS), *litter._EXTENSIONS):
        assert known.replace("\r", "\\r") in files.lower(), known
    for known in litter._DIRECTORIES:
        assert known in told.lower(), known
