import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotfolder.core.messages import Notice
from hotfolder.edges.logs import HIDDEN, Lines, NoticeLog, Redaction


class Stream:
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.terminal = False

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def make_log(stream: Stream) -> Callable[..., NoticeLog]:
    def make(redaction: Redaction | None = None, **more: Any) -> NoticeLog:
        return NoticeLog(redaction or Redaction(), stream=stream, **more)

    return make


def written(stream: Stream) -> list[dict[str, Any]]:
    return [json.loads(line) for text in stream.writes for line in text.splitlines()]


def test_the_lines_of_one_turn_leave_in_one_write(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    make_log().notices([Notice("drop.seen", {"path": "a.jpg"}), Notice("drop.ready", {"path": "a\nb.jpg"})])

    assert len(stream.writes) == 1
    assert [(line["event"], line["path"]) for line in written(stream)] == [
        ("drop.seen", "a.jpg"),
        ("drop.ready", "a\nb.jpg"),
    ]


def test_a_turn_without_notices_writes_nothing(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    make_log().notices([])

    assert stream.writes == []


def test_a_line_has_level_and_time(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    make_log().notices([Notice("drop.held", {}, "warning")])

    (line,) = written(stream)
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


def test_notices_make_the_lines_that_the_logger_makes(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    fields = {"path": "ä\n.jpg", "size_bytes": 3, "folders": ["a", "b"], "at": Path("x"), "nothing": None}
    log = make_log()

    log.notices([Notice("drop.seen", fields, "warning")])
    log.logger.warning("drop.seen", **fields)

    ours, theirs = written(stream)
    assert ours | {"timestamp": ""} == theirs | {"timestamp": ""}


def test_levels_below_the_wanted_one_are_left_out(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    make_log(level="warning").notices([Notice("drop.seen", {}), Notice("drop.held", {}, "warning")])

    assert [line["event"] for line in written(stream)] == ["drop.held"]


def test_people_get_lines_without_braces(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    stream.terminal = True

    make_log().notices([Notice("drop.seen", {"path": "a.jpg"})])

    assert "drop.seen" in stream.writes[0]
    assert not stream.writes[0].startswith("{")


def test_a_line_for_people_is_short_and_has_no_colours_where_they_want_none(
    stream: Stream, make_log: Callable[..., NoticeLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.terminal = True
    monkeypatch.setenv("NO_COLOR", "1")
    machines = {"job": "catalog-20260301T090000Z-000001", "job_handle": "j|1", "asset": "a", "drop": 1}
    log = make_log()
    log.notices([Notice("drop.filed", {"folder": "catalog", "path": "a.jpg", "outcome": "stored", **machines})])
    log.notices([Notice("job.post_failed", {"folder": "catalog", "job_handle": "j|1"}, "warning")])

    passing, warning = stream.writes
    assert re.fullmatch(r"\d\d:\d\d:\d\d drop\.filed folder=catalog path=a\.jpg outcome=stored\n", passing)
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[warning *\] job\.post_failed folder=catalog job_handle=\S+\n", warning)


def test_trouble_leaves_at_once_with_its_traceback(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    make_log().trouble("Look failed", ValueError("no such thing"))

    (line,) = written(stream)
    assert line["reason"] == "Look failed"
    assert "no such thing" in line["exception"]


def test_trouble_in_the_middle_of_a_turn_loses_no_line(stream: Stream) -> None:
    lines = Lines(stream)

    def half_a_turn() -> None:
        with lines.together():
            lines.info("first")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_a_turn()
    lines.info("second")
    assert stream.writes == ["first\n", "second\n"]


def test_secrets_are_taken_out_by_name_and_by_value(stream: Stream, make_log: Callable[..., NoticeLog]) -> None:
    redaction = Redaction()
    redaction.hide("open&sesame")

    make_log(redaction).notices(
        [
            Notice(
                "drop.held",
                {
                    "reason": "open&amp;sesame was refused",
                    "Password": "whatever",
                    "more": {"texts": ["open&sesame", 7]},
                    "count": 3,
                },
            )
        ]
        * 2
    )

    for line in written(stream):
        assert line["reason"] == f"{HIDDEN} was refused"
        assert line["Password"] == HIDDEN
        assert line["more"] == {"texts": [HIDDEN, 7]}
        assert line["count"] == 3


def test_a_secret_that_becomes_known_later_is_taken_out_from_then_on(
    stream: Stream, make_log: Callable[..., NoticeLog]
) -> None:
    redaction = Redaction()
    log = make_log(redaction)

    log.notices([Notice("drop.held", {"reason": "sesame"})])
    redaction.hide("sesame")
    log.notices([Notice("drop.held", {"reason": "sesame"})])

    assert [line["reason"] for line in written(stream)] == ["sesame", HIDDEN]


def test_listeners_are_told_every_notice(make_log: Callable[..., NoticeLog]) -> None:
    told: list[Notice] = []
    notices = [Notice("drop.seen", {}), Notice("drop.ready", {})]

    make_log(listen=told.append).notices(notices)

    assert told == notices
