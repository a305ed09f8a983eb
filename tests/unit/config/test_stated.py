"""Where a configuration names things on the server."""

from __future__ import annotations

from tests.unit.config.conftest import all_there

from hotfolder.config import format_problem, load_text
from hotfolder.core.option_names import NameKind

TEXT = """\
[server]
region = "north-america"
company = "Example Co"
user = "ingest@example.com"
[defaults.options]
overwrite = true
projectHandleArray = ["Everywhere", "p|6|Handle"]
[[folder]]
name = "catalog"
path = "/srv/share/catalog"
[folder.options]
projectHandleArray = [
  "Spring",
  "Autumn",
]
colorManagementOptions = { colorManagement = "Convert", outputProfileHandle = "Paper" }
[[folder.rule]]
match = ["*.mp4"]
options = { mediaOptions = { videoEncodingPresetsArray = ["Wide"] }, projectHandleArray = [] }
[[folder.rule]]
match = ["*.psd"]
options = { autoSetCreationOptions = { autoSetsArray = ["ps|1", "Spin"] } }
"""
OTHER = """\
path = "/srv/share/archive"
[options]
projectHandleArray = ["Archive"]
"""


def names() -> list[tuple[NameKind, str, str]]:
    loaded = load_text(TEXT, {"HOTFOLDER_PASSWORD": "x"}, folder_texts={"archive": OTHER}, looker=all_there)
    return [(name.kind, name.name, format_problem(name.problem("better"))) for name in loaded.names]


def test_every_name_is_found_with_its_file_line_and_key() -> None:
    assert names() == [
        (
            NameKind.PROJECT,
            "Everywhere",
            'hotfolder.toml:7: defaults.options.projectHandleArray[0]: found "Everywhere", wanted better',
        ),
        (
            NameKind.PROJECT,
            "Spring",
            'hotfolder.toml:13: folder[0].options.projectHandleArray[0]: found "Spring", wanted better',
        ),
        (
            NameKind.PROJECT,
            "Autumn",
            'hotfolder.toml:14: folder[0].options.projectHandleArray[1]: found "Autumn", wanted better',
        ),
        (
            NameKind.PROFILE,
            "Paper",
            "hotfolder.toml:16: folder[0].options.colorManagementOptions.outputProfileHandle: "
            'found "Paper", wanted better',
        ),
        (
            NameKind.PRESET,
            "Wide",
            "hotfolder.toml:19: folder[0].rule[0].options.mediaOptions.videoEncodingPresetsArray[0]: "
            'found "Wide", wanted better',
        ),
        (
            NameKind.SET,
            "Spin",
            "hotfolder.toml:22: folder[0].rule[1].options.autoSetCreationOptions.autoSetsArray[1]: "
            'found "Spin", wanted better',
        ),
        (
            NameKind.PROJECT,
            "Archive",
            'folders.d/archive.toml:3: options.projectHandleArray[0]: found "Archive", wanted better',
        ),
    ]
