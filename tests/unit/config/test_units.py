"""Durations, sizes, bandwidths and times of day."""

from __future__ import annotations

import re
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.config.units import (
    BANDWIDTH,
    PUBLISH,
    duration,
    parse_bandwidth,
    parse_duration,
    parse_publish,
    parse_size,
    size,
)
from hotfolder.core.settings import PublishWhen


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("250ms", 0.25), ("2s", 2), ("1.5m", 90), ("5m", 300), ("1h", 3600), ("1d", 86400), ("007s", 7)],
)
def test_durations_become_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("0B", 0),
        ("1B", 1),
        ("2kB", 2000),
        ("2KB", 2000),
        ("2KiB", 2048),
        ("20MB", 20_000_000),
        ("64MiB", 64 * 1024**2),
        ("1.5 GiB", 3 * 1024**3 // 2),
        ("4GiB", 4 * 1024**3),
        ("1TB", 10**12),
        ("1TiB", 1024**4),
    ],
)
def test_sizes_become_bytes(text: str, bytes_: int) -> None:
    assert parse_size(text) == bytes_


@pytest.mark.parametrize(("text", "rate"), [("unlimited", None), ("20MB/s", 2e7), ("1.5MiB/s", 1.5 * 1024**2)])
def test_bandwidths_become_bytes_per_second(text: str, rate: float | None) -> None:
    assert parse_bandwidth(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 s",
        "5 sec",
        "5S",
        "-5s",
        "+5s",
        "1e3s",
        ".5s",
        "5.s",
        "1m30s",
        " 5s",
        "5s ",
        "5s\n",
        "٥s",
        "infs",
        "nans",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='a duration such as "5s"'):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "MB", "5mb", "5 M", "-1MB", "1  MB", "1MB\n", "0x1MB", "5PB"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='a size such as "64MiB"'):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "20MB", "20MB/m", "fast/s", "Unlimited", "/s", "20MB /s"])
def test_what_is_no_bandwidth_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="unlimited"):
        parse_bandwidth(text)


@pytest.mark.parametrize(("text", "wanted"), [("1s", None), ("1h", None), ("999ms", "1s"), ("61m", "1h")])
def test_limits_of_a_duration_are_named(text: str, wanted: str | None) -> None:
    message = duration("1s", "1h").test(text)
    assert message is None if wanted is None else message == 'a duration from "1s" to "1h"'


def test_limits_of_a_size_are_named() -> None:
    assert size("1kB", "1MB").test("2MB") == 'a size from "1kB" to "1MB"'


def test_bandwidth_at_which_nothing_arrives_is_refused() -> None:
    assert BANDWIDTH.test("999B/s") == 'at least "1kB/s"'
    assert BANDWIDTH.test("1kB/s") is None


_WHOLE = st.integers(0, 10**9)


@given(_WHOLE, st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]))
def test_whole_durations_are_exact_to_the_millisecond(number: int, unit: tuple[str, float]) -> None:
    assert round(parse_duration(f"{number}{unit[0]}") * 1000) == round(number * unit[1] * 1000)


@given(_WHOLE, st.sampled_from(["B", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"]))
def test_whole_sizes_are_exact(number: int, unit: str) -> None:
    power = "BKMGT".index(unit[0].upper())
    assert parse_size(f"{number}{unit}") == number * (1024 if "i" in unit else 1000) ** power


@given(st.text(st.sampled_from("0123456789.smhdBkKMGTi/ ud"), max_size=8))
def test_schema_pattern_and_parser_accept_the_same_texts(text: str) -> None:
    for check, parse in ((duration(), parse_duration), (size("0B", "999999999999TiB"), parse_size)):
        try:
            parse(text)
        except ValueError:
            assert not re.search(check.pattern, text)
        else:
            assert re.search(check.pattern, text)


@given(st.text())
def test_no_text_makes_a_parser_fail_otherwise(text: str) -> None:
    for check in (duration(), size("0B", "1TB"), BANDWIDTH):
        assert isinstance(check.test(text), str | None)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("never", PublishWhen.NEVER),
        ("after-job", PublishWhen.AFTER_JOB),
        ("00:00", time(0, 0)),
        ("22:00", time(22, 0)),
        ("23:59", time(23, 59)),
    ],
)
def test_times_to_publish_are_understood(text: str, when: PublishWhen | time) -> None:
    assert parse_publish(text) == when
    assert PUBLISH.test(text) is None
    assert re.search(PUBLISH.pattern or "", text)


@pytest.mark.parametrize(
    "text", ["", "always", "24:00", "22:60", "9:00", "22:00:00", "22.00", "10pm", "After-Job", "22:0\u0660"]
)
def test_what_is_no_time_to_publish_is_told_with_what_is_wanted(text: str) -> None:
    assert PUBLISH.test(text) == '"never", "after-job" or a time of day such as "22:00"'
    assert not re.search(PUBLISH.pattern or "", text)
