"""What a bad configuration, or another daemon, does to a start: it ends at once, in words, and touches nothing."""

from __future__ import annotations

import pytest

from tests.acceptance.place import Place
from tests.acceptance.process import run

MAIN = """\
[server]
base_url = "http://example.com/scene7"  # 1: plain http to another machine
company = "Example Co"
user = "ingest@example.com"
password_fil = "password"  # 2: no such key

[batch]
linger = "10 fortnights"  # 3
max_files = 0  # 4

[web]
listen = "everywhere"  # 5

[[folder]]
name = "catalog"
path = "share/catalog"
destination = "Catalog/{sub}"  # 6
include = ["@pictures"]  # 7

[folder.options]
overwrite = "yes"  # 8
readyForPublsh = true  # 9

[[folder]]
name = "catalog"  # 10: taken
path = "share/other"
options = { overwrite = true }
"""


@pytest.mark.parametrize("command", [["run", "--once"], ["run"], ["check"]])
def test_ten_mistakes_are_ten_lines_with_file_and_line(place: Place, command: list[str]) -> None:
    (place.root / "share/catalog").mkdir(parents=True)
    (place.root / "share/other").mkdir()
    place.config.write_text(MAIN, "utf-8")
    wrong = [number for number, line in enumerate(MAIN.splitlines(), 1) if "# " in line]
    assert len(wrong) == 10

    ended = run("-c", place.config, *command, environment={"HOTFOLDER_PASSWORD": "secret"})

    lines = [line.rstrip("\n") for line in (*ended.stdout.splitlines(), *ended.noise)]
    assert ended.code == 2
    assert ended.events == ()
    assert [line.partition(": ")[0] for line in lines] == [f"{place.config}:{number}" for number in wrong]
    for key in ("server.base_url", "batch.linger", "batch.max_files", "web.listen", "folder[0].destination"):
        assert any(f": {key}: found " in line and ", wanted " in line for line in lines), (key, lines)
    assert not (place.root / "ledger.db").exists()


def test_a_second_daemon_on_the_same_ledger_ends_at_once_and_disturbs_nobody(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    with place.start() as first:
        first.await_event("daemon.ready")
        for arguments in ([], ["--once"]):
            with place.start(*arguments) as second:
                ended = second.wait()
            assert ended.code == 2
            assert ended.events == ()
            assert "ledger" in "".join(ended.noise)
        place.drop("hot/a.jpg", images[0])
        first.await_event("drop.filed", path="a.jpg", outcome="stored")
        assert first.end().code == 0


def test_nothing_to_do_is_a_good_end(place: Place) -> None:
    place.configure({"name": "hot"})
    ended = place.run_once()
    assert (ended.code, ended.stdout) == (0, "nothing to do\n")
    assert list(place.hot("hot").iterdir()) == []


def test_an_unknown_option_of_a_command_is_a_usage_error(place: Place) -> None:
    place.configure({"name": "hot"})
    assert place.run_once("--timeout", "soon").code == 2
    assert run("-c", place.config, "run", "--twice").code == 2
