"""When a hot folder is looked through again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from tests.crash.histories import settings
from tests.crash.test_rare_turns import COMPANY, Puppet, actions_of

from hotfolder.core import messages as m
from hotfolder.core.settings import DEFAULT_SERVER


@pytest.mark.parametrize("mode", ["watching", "polling"])
@pytest.mark.parametrize("new_s", [40.0, 6000.0])
def test_new_settings_say_how_often_from_their_reload_on(mode: Literal["watching", "polling"], new_s: float) -> None:
    given = settings()
    catalog = replace(given.folders[0], rescan_s=600.0, poll_s=600.0)
    puppet = Puppet(replace(given, folders=(catalog,)))
    puppet.take(m.Woken())
    puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY))
    puppet.scanned(puppet.take(m.FolderUp("catalog", mode)))
    assert not actions_of(m.Scan, puppet.take(m.Woken(), 599.0))
    puppet.scanned(puppet.take(m.Woken(), 1.0))
    changed = replace(catalog, rescan_s=new_s, poll_s=new_s)
    reloaded = puppet.take(m.Reloaded(replace(given, folders=(changed,))))
    puppet.scanned(reloaded)  # other settings may make other files of what lies there
    assert not actions_of(m.Scan, puppet.take(m.Woken(), new_s - 1.0))
    assert actions_of(m.Scan, puppet.take(m.Woken(), 1.0))
