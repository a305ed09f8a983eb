"""The daemon as it is put together, without running it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from hotfolder.compose import build
from hotfolder.core.settings import FolderSettings, ServerSettings, Settings
from hotfolder.edges.logs import HIDDEN, NoticeLog, Redaction

LOGIN = "proxy-user:proxy-word"


def test_the_login_of_a_server_that_comes_with_a_reload_is_hidden_from_the_log(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    server = ServerSettings(
        name="default",
        upload_url="http://127.0.0.1:1/UploadFile",
        soap_url="http://127.0.0.1:1/services/IpsApiService",
        company="Example Co",
        company_handle=None,
        user="ingest@example.com",
        password="word",
    )
    settings = Settings(
        servers=(server,),
        folders=(FolderSettings(name="catalog", path=tmp_path / "catalog"),),
        ledger_url=f"sqlite:///{tmp_path}/ledger.db",
        control_socket=tmp_path / "control.sock",
        web_listen="",
    )
    redaction = Redaction()
    log = NoticeLog(redaction, stream=io.StringIO(), level="info")
    with build(settings, read_password=lambda name: "word", log=log, redaction=redaction) as daemon:
        south = replace(server, name="south", proxy="http://127.0.0.1:2", proxy_login=LOGIN)
        daemon.reload(replace(settings, servers=(server, south)))
    assert redaction.redacted(f"Proxy said: {LOGIN}") == f"Proxy said: {HIDDEN}"
