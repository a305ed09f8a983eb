"""Globs that may be written, and those that no file can match."""

from __future__ import annotations

import re

import pytest

from hotfolder.config.patterns import PATTERN, Covered, never_matches


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("*.psd", None),
        ("*", None),
        ("raw/**/*.tif", None),
        ("drafts/", None),
        ("[@]2x.png", None),
        ("@images", None),
        ("@imags", "the group @images"),
        ("@Images", "the group @images"),
        ("@elephants", 'one of the groups "@archives"'),
        ("", 'a glob such as "*.psd"'),
        (" ", 'a glob such as "*.psd"'),
        ("raw\\*.tif", 'a glob with "/"'),
    ],
)
def test_patterns_are_globs_or_known_groups(pattern: str, wanted: str | None) -> None:
    message = PATTERN.test(pattern)
    assert message is None if wanted is None else (message or "").startswith(wanted)
    assert bool(re.search(PATTERN.pattern, pattern)) == (wanted is None)


@pytest.mark.parametrize(
    ("earlier", "pattern", "is_covered"),
    [
        (["*"], "@images", True),
        (["**"], "a/b.c", True),
        (["*.PSD"], "*.psd", True),
        (["*.psd"], "final_*.psd", True),
        (["*.psd"], "raw/*.psd", True),
        (["@images"], "*.jpg", True),
        (["@media"], "@images", True),
        (["@images"], "@media", False),
        (["*.psd"], "*.psb", False),
        (["*.psd"], "*", False),
        (["*.psd"], "*.[ps]sd", False),
        ([], "*.psd", False),
    ],
)
def test_covered_knows_what_earlier_globs_take(earlier: list[str], pattern: str, is_covered: bool) -> None:
    covered = Covered()
    covered.add(earlier)
    assert covered.covers(pattern) == is_covered


@pytest.mark.parametrize(
    ("pattern", "include", "exclude", "reason"),
    [
        ("*.mp4", ["@images"], [], "include takes"),
        ("@video", ["@images"], [], "include takes"),
        ("*.mp4", ["@images", "clip*"], [], None),
        ("*.mp4", ["@media"], ["@video"], "exclude leaves out"),
        ("*.mp4", ["@media"], ["raw/*"], None),
        ("clip_*", ["@images"], [], None),
        (".*", ["*"], [], "hidden"),
        ("*.tmp", ["*"], [], "temporary"),
        ("_done/*", ["*"], [], "_done is ours"),
        ("raw/_done/*", ["*"], [], None),
        ("*.psd", ["@media"], [], None),
        ("*", ["@images"], [], None),
    ],
)
def test_globs_that_nothing_can_match_are_known(
    pattern: str, include: list[str], exclude: list[str], reason: str | None
) -> None:
    found = never_matches(pattern, include, exclude)
    assert found is None if reason is None else reason in (found or "")
