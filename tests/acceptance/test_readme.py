"""The README's commands are run as a new user would run them; one that is not run here fails the test."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()


def blocks(language: str) -> list[str]:
    """Return the README's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
HOTFOLDER = [sys.executable, "-c", "import sys; from hotfolder.cli import main; sys.exit(main())"]


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the README's commands in a place."""
    words = shlex.split(command)
    assert words[0] == "hotfolder", command
    return subprocess.run([*HOTFOLDER, *words[1:]], cwd=place, capture_output=True, text=True, timeout=60, check=False)


def test_the_way_of_a_new_user_works_as_it_is_written(tmp_path: Path) -> None:
    done: set[str] = {command for command in COMMANDS if command.startswith("make ")}
    init, sandbox, check, once, history = [command for command in COMMANDS if command.startswith("hotfolder ")]
    assert run(init, tmp_path).returncode == 0
    assert "--port 8470" in sandbox
    words = shlex.split(sandbox.replace("--port 8470", "--port 0"))  # 8470 may be taken where tests run
    with subprocess.Popen([*HOTFOLDER, *words[1:]], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as box:
        try:
            assert box.stdout is not None
            base_url = box.stdout.readline().strip()
            share = tmp_path / "share"
            share.mkdir()
            (share / "note.txt").write_text("not an image")
            _edit(tmp_path / "play", base_url, share)
            assert run(check, tmp_path).returncode == 0
            (share / "swatch.css").write_text("body { color: red }\n")
            ended = run(once, tmp_path)
            assert ended.returncode == 0, ended.stderr
            assert "1 stored" in ended.stdout
            assert "swatch.css" in run(history, tmp_path).stdout
        finally:
            box.terminate()
    done |= {init, sandbox, check, once, history}
    assert set(COMMANDS) == done


def _edit(play: Path, base_url: str, share: Path) -> None:
    """Do what the README tells to do between the commands."""
    config = play / "hotfolder.toml"
    lines = config.read_text().splitlines()
    lines = [line for line in lines if not line.startswith(("environment =",))]
    text = "\n".join(f'base_url = "{base_url}"' if line.startswith("region =") else line for line in lines)
    config.write_text(text.replace("/srv/share/catalog", str(share)))
    (play / "ips-password").write_text("secret\n")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_a_make_target_of_the_readme_exists(command: str) -> None:
    subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def test_the_integration_run_makes_what_the_readme_promises() -> None:
    assert "make demo" in CI
    assert "make test" in CI


def test_the_examples_of_the_readme_are_a_configuration(tmp_path: Path) -> None:
    """The first alone, and with what is added to it for several companies and for messages."""
    first, more, messages = blocks("toml")
    (tmp_path / "share").mkdir()
    for name in ("ips-password", "ips-password-emea"):
        password = tmp_path / name
        password.write_text("secret")
        password.chmod(0o600)
    urls = tmp_path / "notify-urls"
    urls.write_text("mailtos://USER:PASSWORD@mail.example.com?to=desk@example.com\n")
    urls.chmod(0o600)
    can_notify = importlib.util.find_spec("apprise") is not None
    for example in (first, f"{first}\n{more}", *([f"{first}\n{messages}"] if can_notify else [])):
        tomllib.loads(example)
        config = tmp_path / "hotfolder.toml"
        shares = example.replace("/srv/share", str(tmp_path / "share"))
        config.write_text(shares.replace("/var/lib/hotfolder", str(tmp_path)))
        ended = run(f"hotfolder -c {shlex.quote(str(config))} check", tmp_path)
        assert ended.returncode == 0, ended.stderr


def test_every_file_that_the_readme_links_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
