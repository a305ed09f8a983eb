"""
Bytes of a TOML file to tables with line numbers; what is no TOML ends at its first error.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from hotfolder.config.lines import index_lines
from hotfolder.config.problems import ConfigError, Problem
from hotfolder.config.structure import Source

FOLDERS_DIRECTORY = "folders.d"


def default_folders_directory(main: Path) -> Path:
    """Return the directory beside the main file that holds one file per hot folder."""
    return main.parent / FOLDERS_DIRECTORY


def read_source(file: Path) -> Source:
    """Return the document in a file; raises ConfigError with one problem if there is none."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise _refused(file, 0, "no such file", "a file of settings (`hotfolder init` writes one)") from None
    except OSError as error:
        raise _refused(file, 0, f"that it cannot be read: {error.strerror}", "a file that we may read") from None
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(file, line, f"the byte 0x{content[error.start]:02x}", "UTF-8") from None
    return parse_source(text, file)


def parse_source(text: str, file: Path) -> Source:
    """Return the document in a text; raises ConfigError with one problem if it is not TOML."""
    try:
        return Source(file, tomllib.loads(text), index_lines(text))
    except tomllib.TOMLDecodeError as error:
        reason, line = _first_error(str(error), text)
        raise _refused(file, line, f"no TOML: {reason}", "TOML, with texts in quotes and one key to a line") from None
    except ValueError:  # Python's own limit of 4,300 digits
        raise _refused(file, 0, "a number with thousands of digits", "a file of settings") from None
    except RecursionError:
        raise _refused(file, 0, "lists inside lists without end", "a file of settings") from None


def read_folder_sources(main: Path) -> tuple[list[Source], list[Problem]]:
    """
    Return the documents of folders.d beside the main file, by name, and the problems of those that are none.

    Only NAME.toml counts; hidden files are what editors leave behind.
    """
    directory = default_folders_directory(main)
    try:
        names = sorted(entry.name for entry in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        return [], [
            *_refused(directory, 0, f"that it cannot be read: {error.strerror}", "a directory we may read").problems
        ]
    sources: list[Source] = []
    problems: list[Problem] = []
    for name in names:
        if name.endswith(".toml") and not name.startswith("."):
            try:
                sources.append(read_source(directory / name))
            except ConfigError as error:
                problems.extend(error.problems)
    return sources, problems


def _first_error(message: str, text: str) -> tuple[str, int]:
    """Return reason and line of what tomllib says, such as "Invalid value (at line 3, column 5)"."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    if found is None:
        return message, 0
    line = int(found[2]) if found[2] else text.rstrip("\r\n").count("\n") + 1
    return found[1][:1].lower() + found[1][1:], line


def _refused(file: Path, line: int, found: str, wanted: str) -> ConfigError:
    return ConfigError([Problem(file=file, line=line, key="", found=found, wanted=wanted)])
