"""
What a file holds that becomes assets of its own: the layers of a PSD, the contents of an archive (PROTOCOL 3.4, 4.4).

Only directories are read, never pixels or members: a sandbox has to know that they are there, not what they show.
"""

import gzip
import tarfile
import zipfile
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final

from hotfolder.sandbox.documents import Tree, text_of
from hotfolder.sandbox.names import asset_name, extension

_ARCHIVES: Final = frozenset(("zip", "tar", "gz", "tgz"))
_PSD_HEADER: Final = 26

MOST: Final = 1000
"""By-products of one file: an archive with more would only fill the sandbox (RELIABILITY H3)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file in an archive."""

    name: str  # without its folders
    size_bytes: int


def layer_names(options: Tree, file_name: str, content: Path) -> list[str]:
    """The asset names of a PSD's layers, if the options ask for them: layerNaming says how they are made."""
    photoshop = options.get("photoshopOptions")
    if not isinstance(photoshop, dict) or text_of(photoshop, "process") != "MaintainLayers":
        return []
    if extension(file_name).lower() != "psd":
        return []
    chosen = photoshop.get("layerOptions")
    naming = text_of(chosen, "layerNaming") if isinstance(chosen, dict) else None
    own = asset_name(file_name)
    names = []
    for number in range(1, min(_layer_count(content), MOST) + 1):
        match naming:
            case "LayerName":
                names.append(f"Layer {number}")
            case "AppendNumber":
                names.append(f"{own}_{number}")
            case _:  # AppendName; Folders is unexplained
                names.append(f"{own}_Layer {number}")
    return names


def _layer_count(content: Path) -> int:
    """
    How many layers a PSD has, 0 if that cannot be told.

    A header of 26 bytes, then three blocks, each with its length before it: colours, resources, layers. The last one
    begins with the length of the layer info and the number of layers, negative if there is a merged alpha channel.
    """
    with content.open("rb") as file:
        file.seek(_PSD_HEADER)
        for _ in range(2):
            file.seek(_number(file, 4), 1)
        if _number(file, 4) == 0 or _number(file, 4) == 0:
            return 0
        count = _number(file, 2)
        return count if count < 0x8000 else 0x10000 - count


def _number(file: BufferedReader, size: int) -> int:
    return int.from_bytes(file.read(size), "big")


def is_unpacked(options: Tree, file_name: str) -> bool:
    """Whether a file is an archive whose contents are uploaded instead of it (PROTOCOL 3.4, unCompressOptions)."""
    given = options.get("unCompressOptions")
    asked = isinstance(given, dict) and text_of(given, "process") == "UnCompress"
    return asked and extension(file_name).lower() in _ARCHIVES


def members(file_name: str, content: Path) -> list[Member]:
    """The files in an archive, by its directory; ValueError if it is none."""
    try:
        if zipfile.is_zipfile(content):
            with zipfile.ZipFile(content) as archive:
                found = [(entry.filename, entry.file_size) for entry in archive.infolist() if not entry.is_dir()]
        elif tarfile.is_tarfile(content):
            with tarfile.open(content) as tar:
                found = [(entry.name, entry.size) for entry in tar if entry.isfile()]
        else:
            with gzip.open(content) as packed:
                packed.read(1)
            found = [(asset_name(file_name), 0)]
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ValueError("The archive cannot be read") from error
    named = ((PurePosixPath(name).name, size) for name, size in found)
    return [Member(name=name, size_bytes=size) for name, size in named if name][:MOST]
