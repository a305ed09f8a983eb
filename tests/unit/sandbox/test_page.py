import json
from collections.abc import Callable

import pytest
from lxml import etree
from tests.unit.sandbox.client import OPTIONS, Caller

from hotfolder.sandbox.page import flat, readable_size

HOSTILE = "\"><script>alert(1)</script>'onload=x.jpg"


def test_page_shows_assets_and_jobs_escaped(caller: Caller) -> None:
    """Names come from whoever dropped a file."""
    caller.post("x", job="j", file_name=HOSTILE, end=True)
    caller.post("x.jpg", "y.png", job="k")
    answer = caller.send("GET", "/")
    page = etree.fromstring(answer.body, etree.HTMLParser(encoding="utf-8"))
    assert list(page.iter("script")) == []
    text = "".join(page.itertext())
    words = ("Jobs (2)", "Assets (1)", "WaitingClient", "Done", "Example Co", "ready for publish")
    assert [word for word in words if word not in text] == []
    assert "<script>alert(1)" not in answer.body.decode()


def test_page_forbids_scripts_and_sniffing(caller: Caller) -> None:
    for path in ("/", "/sandbox.css", "/api/assets", "/api/jobs"):
        answer = caller.send("GET", path)
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_page_without_anything(caller: Caller) -> None:
    text = caller.send("GET", "/").body.decode()
    assert "No job yet." in text
    assert "No asset yet." in text


def test_page_comes_again_unless_paused(caller: Caller) -> None:
    """A refresh would close what somebody opened to read."""
    assert b'http-equiv="refresh"' in caller.send("GET", "/").body
    assert b'http-equiv="refresh"' not in caller.send("GET", "/?pause").body


def test_page_is_bounded(call: Callable[..., Caller]) -> None:
    caller = call()
    for number in range(60):
        caller.post(job=f"job-{number:02}", end=True)
    text = caller.send("GET", "/").body.decode()
    assert "Jobs (60)" in text
    assert "job-59" in text
    assert "job-09" not in text


def test_long_log_is_cut_on_the_page(caller: Caller) -> None:
    caller.post(*[f"{n}.txt" for n in range(150)], job="j", end=True)
    text = caller.send("GET", "/").body.decode()
    assert "155 rows" in text
    assert "and 55 more" in text


def test_json_tells_what_the_library_tells(caller: Caller) -> None:
    caller.post("ü.jpg", "b.png", job="j", end=True)
    assert json.loads(caller.send("GET", "/api/assets").body) == caller.box.assets()
    assert json.loads(caller.send("GET", "/api/jobs").body) == caller.box.jobs()
    (asset,) = caller.box.assets()
    assert asset["options"] == {
        "overwrite": "true",
        "readyForPublish": "true",
        "preservePublishState": "true",
        "createMask": "false",
        "emailSetting": "None",
    }
    assert OPTIONS.count("<") == 2 * len(asset["options"])
    assert (asset["created_at"], asset["modified_at"]) == ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z")


def test_nested_options_become_lines() -> None:
    assert flat({"a": "1", "b": {"c": "2", "d": {"e": "3"}}, "f": ["x", "y"]}) == [
        ("a", "1"),
        ("b.c", "2"),
        ("b.d.e", "3"),
        ("f", "x, y"),
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 30, "3.0 GiB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert readable_size(size) == text
