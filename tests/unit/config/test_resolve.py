"""From documents to settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest

from hotfolder.config import Loaded
from hotfolder.core.bandwidth import Bandwidth
from hotfolder.core.settings import (
    BatchSettings,
    FolderSettings,
    OnSuccess,
    RecoverySettings,
    RetrySettings,
    RuleSettings,
    ServerSettings,
    SettleSettings,
    TrackingSettings,
    UploadSettings,
    WatchMode,
)

Load = Callable[..., Loaded]


def test_every_key_reaches_the_settings(loaded: Load, everything: str) -> None:
    settings = loaded(everything).settings
    assert settings.servers[0] == ServerSettings(
        upload_url="http://127.0.0.1:8470/scene7/UploadFile",
        soap_url="http://127.0.0.1:8470/scene7/services/IpsApiService",
        company=None,
        company_handle="c|2101",
        user="ingest@example.com",
        password="secret",
    )
    assert settings.ledger_url == "sqlite:////etc/hotfolder/state/ledger.db"
    assert settings.control_socket == Path("/etc/hotfolder/run/control.sock")
    assert settings.web_listen == ""
    assert settings.upload == UploadSettings(parallel_jobs=3, files_per_post=1, bandwidth=Bandwidth(bytes_s=20e6))
    assert settings.batch == BatchSettings(linger_s=0, max_files=10, max_bytes=1024**2)
    assert settings.tracking == TrackingSettings(poll_s=0.25, poll_max_s=1, deadline_s=3600)
    assert settings.retry == RetrySettings(first_s=0.01, max_s=1, tries=2)
    assert settings.recovery == RecoverySettings(job_timeout_s=3, grace_s=2, recheck_s=1)
    assert settings.folders == (
        FolderSettings(
            name="catalog",
            path=Path("/etc/hotfolder/in/catalog"),
            destination="Catalog",
            watch=WatchMode.POLLING,
            poll_s=0.1,
            rescan_s=1,
            include=("*",),
            exclude=("drafts/",),
            first_run_limit=0,
            priority=-2,
            on_success=OnSuccess.KEEP,
            receipts=True,
            contact="Photo desk, ext. 4711",
            publish=time(22, 0),
            settle=SettleSettings(quiet_s=0, empty_grace_s=1, limit_s=2, formats=False),
            options={
                "overwrite": False,
                "readyForPublish": False,
                "preservePublishState": True,
                "createMask": False,
                "preserveCrop": True,
                "emailSetting": "None",
                "keywords": ["spring"],
                "crop": {"manual": {"left": 10, "right": 10, "top": 0, "bottom": 0}},
                "projectHandleArray": ["Spring 2026", "p|6|Autumn"],
                "postHttpUrl": "https://hooks.example.com/done",
                "knockoutBackgroundOptions": {"corner": "UpperLeft", "tolerance": 0.1, "fillMethod": "FloodFill"},
                "postScriptOptions": {
                    "process": "Rasterize",
                    "resolution": 300.0,
                    "colorspace": "Cmyk",
                    "alpha": True,
                },
                "illustratorOptions": {"process": "None", "resolution": 72.0, "colorspace": "Gray", "alpha": False},
                "colorManagementOptions": {
                    "colorManagement": "Convert",
                    "sourceProfileHandle": "Paper",
                    "outputProfileHandle": "a|9",
                },
                "autoSetCreationOptions": {"autoSetsArray": ["Spin", "ps|941"]},
                "inDesignOptions": {"process": "None"},
                "unCompressOptions": {"process": "UnCompress"},
                "mediaOptions": {
                    "videoEncodingPresetsArray": ["Wide", "ps|17"],
                    "generateThumbnail": True,
                    "thumbnailOptions": {"thumbnailTime": 2000},
                },
            },
            rules=(
                RuleSettings(
                    match=("*.psd",),
                    options={"overwrite": True, "photoshopOptions": {"process": "None"}},
                    destination="Catalog/PSD",
                ),
                RuleSettings(match=("@video", "clips/*"), destination="Catalog/Video"),
            ),
        ),
    )


def test_unstated_keys_have_the_defaults_of_the_core(loaded: Load, good: str) -> None:
    settings = loaded(good).settings
    for section in (UploadSettings, BatchSettings, TrackingSettings, RetrySettings, RecoverySettings):
        name = section.__name__.removesuffix("Settings").lower()
        assert getattr(settings, name) == section()
    assert settings.web_listen == "127.0.0.1:8480"
    (folder,) = settings.folders
    plain = FolderSettings(name=folder.name, path=folder.path)
    for field in fields(FolderSettings):
        if field.name != "options":
            assert getattr(folder, field.name) == getattr(plain, field.name), field.name


def test_region_leads_to_its_hosts(loaded: Load, good: str) -> None:
    text = good.replace('"north-america"', '"emea"\nenvironment = "staging"')
    server = loaded(text).settings.servers[0]
    assert server.upload_url == "https://s7sps3ssl-staging.scene7.com/scene7/UploadFile"
    assert server.soap_url == "https://s7sps3apissl-staging.scene7.com/scene7/services/IpsApiService"


def test_folder_says_it_over_defaults_over_built_in(loaded: Load, good: str) -> None:
    text = good + (
        'contact = "here"\nsettle.limit = "1h"\noptions.createMask = true\n'
        '[defaults]\ncontact = "there"\nreceipts = true\nsettle.limit = "2h"\nsettle.quiet = "1s"\n'
    )
    text = text.replace("[defaults.options]\n", "").replace("overwrite = true\n", "") + "options.overwrite = true\n"
    (folder,) = loaded(text).settings.folders
    assert (folder.contact, folder.receipts, folder.watch) == ("here", True, WatchMode.AUTO)
    assert folder.settle == SettleSettings(limit_s=3600, quiet_s=1)
    assert (folder.options["overwrite"], folder.options["createMask"]) == (True, True)


def test_stated_default_value_also_wins(loaded: Load, good: str) -> None:
    text = f"{good}receipts = false\noptions.createMask = false\n[defaults]\nreceipts = true\n"
    text = text.replace("overwrite = true\n", "overwrite = true\ncreateMask = true\n")
    (folder,) = loaded(text).settings.folders
    assert (folder.receipts, folder.options["createMask"]) == (False, False)


def test_option_is_replaced_as_a_whole(loaded: Load, good: str) -> None:
    text = good.replace(
        "overwrite = true\n",
        'overwrite = true\nkeywords = ["a"]\npdfOptions = { process = "Rasterize", resolution = 72 }\n',
    )
    text += 'options.pdfOptions = { process = "None" }\n'
    (folder,) = loaded(text).settings.folders
    assert folder.options["pdfOptions"] == {"process": "None"}
    assert folder.options["keywords"] == ["a"]


def test_rules_of_defaults_hold_until_a_folder_has_its_own(loaded: Load, good: str) -> None:
    text = good + '[[defaults.rule]]\nmatch = ["*.psd"]\ndestination = "PSD"\n'
    own = 'path = "/b"\n[[rule]]\nmatch = ["*.pdf"]\ndestination = "PDF"\n'
    folders = loaded(text, other=own, plain='path = "/c"\nrule = []\n').settings.folders
    assert [[rule.destination for rule in folder.rules] for folder in folders] == [["PSD"], ["PDF"], []]


def test_paths_belong_to_the_file_that_names_them(loaded: Load, good: str) -> None:
    text = good.replace("/srv/share/catalog", "in")
    folders = loaded(text, other='path = "../in2"\n', last='path = "/srv/last"\n').settings.folders
    assert [(folder.name, str(folder.path)) for folder in folders] == [
        ("catalog", "/etc/hotfolder/in"),
        ("last", "/srv/last"),
        ("other", "/etc/hotfolder/in2"),
    ]


@pytest.mark.parametrize("shown", ["repr", "str"])
def test_settings_do_not_show_the_password(loaded: Load, good: str, shown: str) -> None:
    settings = loaded(good).settings
    assert settings.servers[0].password == "secret"
    assert "secret" not in (repr(settings) if shown == "repr" else str(settings))
