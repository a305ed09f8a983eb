"""A small good configuration, and the way from a text to what `load` makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from hotfolder.config import ConfigError, Loaded, format_problem, load_text
from hotfolder.config.places import Look

GOOD = """\
[server]
region = "north-america"
company = "Example Co"
user = "ingest@example.com"
[defaults.options]
overwrite = true
[[folder]]
name = "catalog"
path = "/srv/share/catalog"
"""

EVERYTHING = """\
[server]
base_url = "http://127.0.0.1:8470/scene7/"
company_handle = "c|2101"
user = "ingest@example.com"
[ledger]
url = "sqlite:///state/ledger.db"
[upload]
parallel_jobs = 3
files_per_post = 1
bandwidth = "20MB/s"
post_http_hosts = ["hooks.example.com"]
[batch]
linger = "0s"
max_files = 10
max_bytes = "1MiB"
[tracking]
poll = "250ms"
poll_max = "1s"
deadline = "1h"
[retry]
first = "10ms"
max = "1s"
tries = 2
[recovery]
job_timeout = "3s"
grace = "2s"
recheck = "1s"
[control]
socket = "run/control.sock"
[web]
listen = ""
[[folder]]
name = "catalog"
path = "in/catalog"
destination = "Catalog"
watch = "polling"
poll = "100ms"
rescan = "1s"
include = ["*"]
exclude = ["drafts/"]
first_run_limit = 0
priority = -2
on_success = "keep"
receipts = true
contact = "Photo desk, ext. 4711"
publish = "22:00"
[folder.settle]
quiet = "0s"
empty_grace = "1s"
limit = "2s"
formats = false
[folder.options]
overwrite = false
readyForPublish = false
keywords = ["spring"]
crop = { manual = { left = 10, right = 10, top = 0, bottom = 0 } }
projectHandleArray = ["Spring 2026", "p|6|Autumn"]
postHttpUrl = "https://hooks.example.com/done"
knockoutBackgroundOptions = { corner = "UpperLeft", tolerance = 0.1, fillMethod = "FloodFill" }
postScriptOptions = { process = "Rasterize", resolution = 300.0, colorspace = "Cmyk", alpha = true }
illustratorOptions = { process = "None", resolution = 72, colorspace = "Gray", alpha = false }
colorManagementOptions = { colorManagement = "Convert", sourceProfileHandle = "Paper", outputProfileHandle = "a|9" }
autoSetCreationOptions = { autoSetsArray = ["Spin", "ps|941"] }
inDesignOptions = { process = "None" }
unCompressOptions = { process = "UnCompress" }
[folder.options.mediaOptions]
videoEncodingPresetsArray = ["Wide", "ps|17"]
generateThumbnail = true
thumbnailOptions = { thumbnailTime = 2000 }
[[folder.rule]]
match = ["*.psd"]
options = { photoshopOptions = { process = "None" }, overwrite = true }
destination = "Catalog/PSD"
[[folder.rule]]
match = ["@video", "clips/*"]
destination = "Catalog/Video"
"""


def all_there(paths: Iterable[Path]) -> Mapping[Path, Look]:
    """Look at paths without a disk: each is a directory, and nothing is a link."""
    return {path: Look(real=Path(os.path.normpath(path)), is_directory=True) for path in paths}


@pytest.fixture
def good() -> str:
    """The text of a small configuration without problems and warnings; its last table is [[folder]]."""
    return GOOD


@pytest.fixture(scope="session")
def everything() -> str:
    """The text of a configuration that states every key but those that exclude others, with values of its own."""
    return EVERYTHING


@pytest.fixture
def loaded() -> Callable[..., Loaded]:
    """A function from texts to settings; hot folders exist without a disk, and the password is "secret"."""

    def load_it(text: str, **folder_texts: str) -> Loaded:
        return load_text(
            text,
            {"HOTFOLDER_PASSWORD": "secret"},
            file=Path("/etc/hotfolder/hotfolder.toml"),
            folder_texts=folder_texts,
            looker=all_there,
        )

    return load_it


@pytest.fixture
def messages(loaded: Callable[..., Loaded]) -> Callable[..., list[str]]:
    """A function from texts to the lines that `hotfolder check` prints, without the directory: problems or warnings."""

    def lines(text: str, **folder_texts: str) -> list[str]:
        try:
            problems = loaded(text, **folder_texts).warnings
        except ConfigError as error:
            problems = error.problems
        return [format_problem(problem).replace("/etc/hotfolder/", "") for problem in problems]

    return lines
