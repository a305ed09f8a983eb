"""
What a posted file is called: folder, file name, asset ID, and what its content should be. Pure.
"""

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

FORBIDDEN: Final = frozenset("\\;/?:@&=+$,*\"<>|'{}%")
"""Characters removed from names on upload (PROTOCOL 6.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a posted file goes."""

    folder: str  # begins with the company root, ends with "/"
    file_name: str  # forbidden characters removed; may be empty, which fails when it is ingested

    @property
    def asset_name(self) -> str:
        """The asset ID: the file name without its last extension (PROTOCOL 6.2)."""
        return asset_name(self.file_name)


def target_of(dest_folder: str, name: str) -> Target:
    """destFolder is put in front of the file name, which may itself be a path (PROTOCOL 2.5)."""
    folders, _, last = f"{dest_folder}/{name}".rpartition("/")
    folder = "".join(f"{piece}/" for piece in folders.split("/") if piece)
    return Target(folder=folder, file_name="".join(letter for letter in last if letter not in FORBIDDEN))


def asset_name(file_name: str) -> str:
    """A file name without its last extension; a name of nothing but an extension has no asset ID."""
    stem, dot, _ = file_name.rpartition(".")
    return stem if dot else file_name


def extension(file_name: str) -> str:
    """The last extension as written, without its dot; "" if there is none."""
    return file_name.rpartition(".")[2] if "." in file_name else ""


def with_asset_name(file_name: str, name: str) -> str:
    """The same file name for another asset ID."""
    ending = extension(file_name)
    return f"{name}.{ending}" if ending else name


class OverwriteMode(Enum):
    """The company's setting for what overwrite=true replaces (PROTOCOL 3.2)."""

    FULL_NAME = "OverwriteFullName"
    ANY_EXT = "OverwriteAnyExt"
    FULL_NAME_ANY_FOLDER = "OverwriteFullNameAnyFolder"
    ANY_EXT_ANY_FOLDER = "OverwriteAnyExtAnyFolder"

    def replaces(self, old: Target, new: Target) -> bool:
        """Whether a file replaces the asset that has its ID already."""
        any_folder = self in (OverwriteMode.FULL_NAME_ANY_FOLDER, OverwriteMode.ANY_EXT_ANY_FOLDER)
        any_ext = self in (OverwriteMode.ANY_EXT, OverwriteMode.ANY_EXT_ANY_FOLDER)
        return (any_folder or old.folder == new.folder) and (any_ext or old.file_name == new.file_name)


_MAGICS: Final[dict[str, tuple[bytes, ...]]] = {
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF87a", b"GIF89a"),
    "tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "psd": (b"8BPS\0\x01",),  # version 2 is PSB, which is not supported (PROTOCOL 6.3)
    "pdf": (b"%PDF-",),
}

_PSD_HEADER: Final = struct.Struct(">22xHH")  # bits per channel, colour mode
_PSD_MODES: Final = {2: "Indexed", 8: "Duotone", 9: "Lab"}

HEAD_SIZE: Final = max(_PSD_HEADER.size, *(len(magic) for magics in _MAGICS.values() for magic in magics))
"""Bytes of a file's beginning that `problem_with` looks at."""


def problem_with(file_name: str, head: bytes) -> str | None:
    """Why a file cannot be ingested, by its name and its first bytes; None if nothing speaks against it."""
    if not head:
        return "The file is empty"
    ending = extension(file_name).lower()
    magics = _MAGICS.get(ending)
    if magics is not None and not head.startswith(magics):
        return f"The file is not a readable {ending.upper()} file"
    if ending == "psd" and len(head) >= _PSD_HEADER.size:
        return _problem_with_psd(*_PSD_HEADER.unpack_from(head))
    return None


def _problem_with_psd(depth: int, mode: int) -> str | None:
    """PSD that is Duotone, Lab, Indexed or deeper than 16 bit is not supported (PROTOCOL 6.3)."""
    if mode in _PSD_MODES:
        return f"{_PSD_MODES[mode]} PSD files are not supported"
    return "PSD files of more than 16 bit are not supported" if depth > 16 else None


UNKNOWN_TYPE: Final = "Unknown"

_TYPES: Final[dict[str, str]] = {
    ending: kind
    for kind, endings in {
        "Image": "bmp fpx gif jpg jpeg png pict tif tiff",
        "Psd": "psd",
        "PostScript": "eps ps",
        "Illustrator": "ai",
        "Pdf": "pdf",
        "InDesign": "indd indt",
        "Svg": "svg svgx",
        "Fxg": "fxg",
        "Video": "3gp avi m2p m2t m2ts m2v m4v mov mp4 mpeg mpg mts ogv ts vob wmv asf",
        "Audio": "aac ac3 aiff mp3 wav wma",
        "Font": "afm otf pfb pfm ttc ttf",
        "IccProfile": "icc icm",
        "Xsl": "xsl",
        "Xml": "xml",
        "Css": "css",
        "Zip": "zip",
    }.items()
    for ending in endings.split()
}


def asset_type(file_name: str) -> str:
    """
    The kind of asset by extension, in the groups of PROTOCOL 6.3.

    Image, IccProfile and Xsl are recorded constants; the other words are guesses in their manner.
    """
    return _TYPES.get(extension(file_name).lower(), UNKNOWN_TYPE)
