"""
The configuration to begin with: what `hotfolder init` writes.

Short, with the choices that matter; `config/hotfolder.toml` shows every key.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hotfolder.config.model import Main
from hotfolder.config.reading import FOLDERS_DIRECTORY
from hotfolder.config.sample import MAIN_FILE, folder_sample
from hotfolder.config.schema import model_schema, node_at
from hotfolder.config.secret import CREDENTIAL, PLACEHOLDER
from hotfolder.config.toml_text import comment, explanation, header, pair

PASSWORD_FILE = CREDENTIAL
FOLDER_EXAMPLE = f"{FOLDERS_DIRECTORY}/example.toml.sample"  # not *.toml: it makes no hot folder before it is renamed

_SYSTEM_LEDGER = "sqlite:////var/lib/hotfolder/ledger.db"
_LOCAL_LEDGER = "sqlite:///ledger.db"

_INTRODUCTION = (
    f"The settings of hotfolder. Edit them, put the password into the file {PASSWORD_FILE}, then try "
    "`hotfolder check`, `hotfolder doctor` and `hotfolder run`.",
    "A # stuck to a key stands before one that is not used yet; keys that are not here have defaults. "
    'Paths are relative to this file. Durations: "250ms" "2s" "5m" "1h"; sizes: "20MB" "64MiB".',
)


class StarterError(Exception):
    """The starter was not written, since it would overwrite something; says what."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """The choices of a new administrator, with examples for those not made yet."""

    region: str = "north-america"
    environment: str = "production"
    base_url: str | None = None  # instead of region and environment, for a test server
    company: str = "Example Co"
    user: str = "ingest@example.com"
    ledger_url: str | None = None  # None = where it suits the directory
    folder_name: str = "catalog"
    folder_path: str = "/srv/share/catalog"
    overwrite: bool = False  # replacing what is online cannot be taken back, so people choose it
    ready_for_publish: bool = True


def starter_text(answers: Answers | None = None) -> str:
    """
    Return a commented main file.

    `load` accepts it as soon as there is a password; a hot folder that does not exist yet is a warning.
    """
    given = answers or Answers()
    real = given.base_url is None
    tables: list[tuple[tuple[str, ...], list[tuple[str, Any, bool]]]] = [
        (
            ("server",),
            [
                ("region", given.region, real),
                ("environment", given.environment, real),
                ("base_url", given.base_url or "http://127.0.0.1:8470/scene7", not real),
                ("company", given.company, True),
                ("user", given.user, True),
                ("password_file", PASSWORD_FILE, True),
            ],
        ),
        (("ledger",), [("url", given.ledger_url or _SYSTEM_LEDGER, True)]),
        (
            ("defaults", "options"),
            [("overwrite", given.overwrite, True), ("readyForPublish", given.ready_for_publish, True)],
        ),
        (
            ("folder",),
            [
                ("name", given.folder_name, True),
                ("path", given.folder_path, True),
                ("destination", "{folder}/{subfolder}", True),
                ("include", ["@media"], True),
                ("contact", "Photo desk, ext. 4711", False),
            ],
        ),
    ]
    lines = [line for paragraph in _INTRODUCTION for line in comment(paragraph)]
    root = model_schema(Main)
    for path, keys in tables:
        is_list = path == ("folder",)
        lines += ["", header(path, is_list=is_list)]
        for key, value, is_used in keys:
            node = node_at(root, (*path, 0, key) if is_list else (*path, key)) or {}
            lines += [*comment(explanation(node)), pair(key, value, is_used=is_used)]
    return "\n".join(lines) + "\n"


def check_free(directory: Path) -> None:
    """Raise StarterError if `write_starter` would overwrite something there."""
    taken = [file for name in (MAIN_FILE, FOLDER_EXAMPLE) if os.path.lexists(file := directory / name)]
    if taken:
        raise StarterError(f"{taken[0]} exists already; hotfolder does not overwrite it")


def write_starter(directory: Path, answers: Answers | None = None, password: str | None = None) -> tuple[Path, ...]:
    """
    Write main file, an example for folders.d and a password file (mode 0600), and return what was written.

    Makes the directory if it is missing. A password file that is there already is kept.
    Raises StarterError, before anything is written, if one of the others is there; and where nothing can be written.
    """
    given = answers or Answers()
    if given.ledger_url is None:
        given = replace(given, ledger_url=_suited_ledger(directory))
    texts = {directory / MAIN_FILE: starter_text(given), directory / FOLDER_EXAMPLE: folder_sample()}
    check_free(directory)
    secret = directory / PASSWORD_FILE
    written: list[Path] = []
    try:
        (directory / FOLDERS_DIRECTORY).mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(secret):
            _write_new(secret, f"{password or PLACEHOLDER}\n", 0o600)
            written.append(secret)
        for file, text in texts.items():
            _write_new(file, text, 0o644)
            written.append(file)
    except OSError as error:
        raise StarterError(
            f"{error.filename or directory}: {error.strerror}; name a directory that can be made and written"
        ) from error
    return tuple(written)


def _suited_ledger(directory: Path) -> str:
    """Return where the ledger goes: the system's place for settings below /etc, else beside the settings."""
    return _SYSTEM_LEDGER if directory.absolute().is_relative_to("/etc") else _LOCAL_LEDGER


def _write_new(file: Path, text: str, mode: int) -> None:
    """Write a file that does not exist; its mode is narrow from the first moment."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "w", encoding="utf-8") as opened:  # noqa: PTH123 - a descriptor, not a path
        opened.write(text)
