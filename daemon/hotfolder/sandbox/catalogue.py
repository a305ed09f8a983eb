"""
What the company has besides assets, for options to name: projects, property sets, ICC profiles (PROTOCOL 3.5, 4.5).

It stands in `catalogue.toml` in the data directory, which is written with a few of each when it is missing and read at
every request that needs it, so that a project can be made, or taken away, while the sandbox runs.
"""

import tomllib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotfolder.sandbox.documents import Tree, items_of, text_of
from hotfolder.sandbox.errors import SandboxError, internal, invalid_parameter

FILE_NAME: Final = "catalogue.toml"

DEFAULT: Final = """\
# What this company has besides assets. Read at every request that needs it: edit it while the sandbox runs.
# Each entry is a name, or { name = "...", handle = "..." }.

projects = ["Spring 2026", "Autumn", "Archive"]
profiles = ["CoatedPaper", "WebPhoto"]          # asset IDs of ICC profiles; uploaded .icc files come on top

# Property sets by their types. What the real types are called is documented nowhere; these are made up.
[[type]]
name = "Sandbox.ImageSetScript"
sets = [{ name = "Spin sets", handle = "ps|941" }, "Swatches", "Standard"]

[[type]]
name = "Sandbox.VideoPreset"
sets = [{ name = "Wide", handle = "ps|17" }, "Square", "Standard"]
"""


PROJECT: Final = "project"
PROPERTY_SET: Final = "property set"
PROFILE: Final = "ICC profile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing with a name."""

    name: str
    handle: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SetType:
    """One type of property sets, and its sets."""

    name: str
    handle: str
    sets: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All of it, as of one reading."""

    projects: tuple[Entry, ...]
    types: tuple[SetType, ...]
    profiles: tuple[Entry, ...]

    def check(self, options: Tree, *, uploaded_profiles: frozenset[str]) -> None:
        """
        Fault 30001 for a handle in UploadPostJob of which the company has nothing.

        What the real server does then is not documented; the sandbox holds callers to handles that exist.
        """
        known = {
            PROJECT: {project.handle for project in self.projects},
            PROPERTY_SET: {entry.handle for kind in self.types for entry in kind.sets},
            PROFILE: {profile.handle for profile in self.profiles} | uploaded_profiles,
        }
        for what, handle in handles_in(options):
            if handle not in known[what]:
                raise invalid_parameter(f"Unknown {what}: {handle}")


class CatalogueFile:
    """The file; any number of threads may ask."""

    def __init__(self, directory: Path, *, company_number: str) -> None:
        """Write it if it is missing, and read it; raises `SandboxError` if it cannot be used."""
        self.path = directory / FILE_NAME
        self._company_number = company_number
        if not self.path.exists():
            self.path.write_text(DEFAULT, encoding="utf-8")
        self._read()

    def now(self) -> Catalogue:
        """What stands in it now; fault 30000 while it cannot be used."""
        try:
            return self._read()
        except SandboxError as error:
            raise internal(str(error)) from error

    def _read(self) -> Catalogue:
        try:
            tables = tomllib.loads(self.path.read_text("utf-8"))
            return _catalogue(tables, self._company_number)
        except (OSError, ValueError) as error:
            raise SandboxError(f"{self.path}: {error}") from error


def _catalogue(tables: Mapping[str, object], company: str) -> Catalogue:
    unknown = sorted(set(tables) - {"projects", "profiles", "type"})
    if unknown:
        raise ValueError(f"{unknown[0]}: not known here; wanted projects, profiles and [[type]]")
    types = tables.get("type", [])
    if not isinstance(types, list):
        raise ValueError("type: wanted [[type]] tables")
    return Catalogue(
        projects=tuple(_entries(tables.get("projects", []), "projects", lambda name: f"p|{company}|{name}")),
        profiles=tuple(_entries(tables.get("profiles", []), "profiles", lambda name: f"a|{company}|3|{_number(name)}")),
        types=tuple(_type(table, f"type[{number}]") for number, table in enumerate(types, 1)),
    )


def _type(table: object, where: str) -> SetType:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str) or set(table) - {"name", "handle", "sets"}:
        raise ValueError(f"{where}: wanted a table with a name, sets, and perhaps a handle")
    name: str = table["name"]
    return SetType(
        name=name,
        handle=str(table.get("handle") or f"pt|{_number(name)}"),
        sets=tuple(_entries(table.get("sets", []), f"{where}.sets", lambda entry: f"ps|{_number(f'{name}/{entry}')}")),
    )


def _entries(values: object, where: str, handle_of: Callable[[str], str]) -> Iterator[Entry]:
    if not isinstance(values, list):
        raise ValueError(f"{where}: wanted a list")
    for value in values:
        name = value.get("name") if isinstance(value, dict) else value
        if not isinstance(name, str) or not name or (isinstance(value, dict) and set(value) - {"name", "handle"}):
            raise ValueError(f"{where}: found {value!r}, wanted a name, or a table with a name and a handle")
        handle = value.get("handle") if isinstance(value, dict) else None
        yield Entry(name=name, handle=str(handle or handle_of(name)))


def _number(name: str) -> int:
    """The same number for the same name at any time, apart from those of the documents' examples."""
    return 10_000 + zlib.crc32(name.encode()) % 1_000_000


def handles_in(options: Tree) -> Iterator[tuple[str, str]]:
    """What and which, for each handle in UploadPostJob (PROTOCOL 3.1, 3.5)."""
    for handle in items_of(options, "projectHandleArray") or []:
        yield PROJECT, handle
    for group, name in (
        ("autoSetCreationOptions", "autoSetsArray"),
        ("mediaOptions", "videoEncodingPresetsArray"),
    ):
        for handle in items_of(_group(options, group), name) or []:
            yield PROPERTY_SET, handle
    colours = _group(options, "colorManagementOptions")
    for name in ("sourceProfileHandle", "outputProfileHandle"):
        profile = text_of(colours, name)
        if profile is not None:
            yield PROFILE, profile


def _group(options: Tree, name: str) -> Tree:
    group = options.get(name)
    return group if isinstance(group, dict) else {}
