"""What the messages of a single document say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.config.model import Main
from hotfolder.config.reading import parse_source
from hotfolder.config.structure import validate

Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[upload]\nparallel_jobs = 0", "upload.parallel_jobs: found 0, wanted a whole number from 1 to 10"),
        ("[upload]\nparallel_jobs = true", "upload.parallel_jobs: found true, wanted a whole number from 1 to 10"),
        ('[upload]\nfiles_per_post = "20"', 'upload.files_per_post: found "20", wanted a whole number from 1 to 1000'),
        ("[upload]\nfiles_per_pots = 20", 'upload.files_per_pots: found an unknown key, wanted "files_per_post"'),
        (
            "[upload]\nelephants = 20",
            'upload.elephants: found an unknown key, wanted one of "parallel_jobs", "files_per_post", "bandwidth" or "',
        ),
        ('[upload]\nbandwidth = "fast"', 'found "fast", wanted "unlimited" or a size per second such as "20MB/s"'),
        ("[upload]\nbandwidth = 20", 'found 20, wanted "unlimited" or a size per second such as "20MB/s", or a list'),
        ("[upload]\nbandwidth = []", 'upload.bandwidth: found an empty list, wanted at least one entry, or "unl'),
        ('[upload]\nbandwidth = ["20MB/s"]', 'upload.bandwidth[0]: found "20MB/s", wanted a table'),
        (
            '[upload]\nbandwidth = [{ hours = "08:00-18:00" }]',
            'upload.bandwidth[0].limit: found nothing, wanted "unlimited" or a size per second such as "20MB/s"',
        ),
        (
            '[upload]\nbandwidth = [{ hours = "8-18", limit = "1MB/s" }]',
            'upload.bandwidth[0].hours: found "8-18", wanted hours such as "08:00-18:00", or over midnight "22:',
        ),
        (
            '[upload]\nbandwidth = [{ hours = "08:00-25:00", limit = "1MB/s" }]',
            'bandwidth[0].hours: found "08:00-25:00", wanted hours such as "08:00-18:00"',
        ),
        (
            '[upload]\nbandwidth = [{ hours = "08:00-08:00", limit = "1MB/s" }]',
            'found "08:00-08:00", wanted an end other than the beginning; a whole day is "00:00-24:00"',
        ),
        (
            '[upload]\nbandwidth = [{ hours = "08:00-18:00", limit = "5B/s" }]',
            'upload.bandwidth[0].limit: found "5B/s", wanted at least "1kB/s"',
        ),
        (
            '[upload]\nbandwidth = [{ hour = "08:00-18:00", hours = "08:00-18:00", limit = "5MB/s" }]',
            'upload.bandwidth[0].hour: found an unknown key, wanted "hours"',
        ),
        (
            '[upload]\nbandwidth = [{hours="22:00-06:00", limit="1MB/s"}, {hours="05:00-07:00", limit="2MB/s"}]',
            'upload.bandwidth[1].hours: found "05:00-07:00", wanted hours that do not overlap "22:00-06:00", which has',
        ),
        ("[batch]\nlinger = 10", 'batch.linger: found 10, wanted a duration such as "5s" or "2m"'),
        ('[batch]\nlinger = "2d"', 'batch.linger: found "2d", wanted a duration from "0s" to "1d"'),
        ('[batch]\nmax_bytes = "4gb"', 'found "4gb", wanted a size such as "64MiB" or "20MB"'),
        ("[retry]\nfirst = 1979-05-27", 'retry.first: found 1979-05-27, wanted a duration such as "5s" or "2m"'),
        ('[defaults]\nwatch = "Polling"', '"auto", "inotify" or "polling"; did you mean "polling"?'),
        ('[defaults]\nreceipts = "yes"', 'defaults.receipts: found "yes", wanted true or false'),
        ("[defaults]\npriority = 101", "defaults.priority: found 101, wanted a whole number from -100 to 100"),
        ("[defaults]\nfirst_run_limit = -1", "found -1, wanted a whole number from 0 to 10"),
        ('[defaults]\ninclude = "*.psd"', 'found "*.psd", wanted a list with at least one entry, each a glob such as'),
        ("[defaults]\nexclude = [1]", 'defaults.exclude[0]: found 1, wanted a glob such as "*.psd" or a group'),
        ('[defaults]\ninclude = ["@imges"]', 'defaults.include[0]: found "@imges", wanted the group @images'),
        ('[defaults]\nname = "x"', "defaults.name: found an unknown key, wanted it in [[folder]] only"),
        ('[defaults]\nquiet = "5s"', 'defaults.quiet: found an unknown key, wanted "settle.quiet"'),
        ("[defaults]\nreadyForPublish = true", 'found an unknown key, wanted "options.readyForPublish"'),
        ("[defaults.options]\nmanualCropOptions = {}", 'found an unknown key, wanted "crop.manual"'),
        ('[defaults.options]\nxmpKeywords = "a"', 'found an unknown key, wanted "keywords"'),
        ("[defaults.options.pdfOptions]\nresolution = 0", "found 0, wanted a number above 0 and up to 10000"),
        ("[defaults.options.pdfOptions]\nresolution = nan", "found nan, wanted a number above 0"),
        ("[[defaults.rule]]", "defaults.rule[0].match: found nothing, wanted a list with at least one entry"),
        ("[ledger]\nurl = 5", "ledger.url: found 5, wanted the URL of a ledger"),
        ("[web]\nlisten = [1]", "web.listen: found a list, wanted an address and port"),
        ('[control]\nsocket = "~/x.sock"', 'found "~/x.sock", wanted a path; "~" is not expanded'),
        ("control = true", "control: found true, wanted a table"),
    ],
)
def test_message_says_place_found_and_wanted(messages: Messages, good: str, lines: str, message: str) -> None:
    head, _, tail = lines.rpartition("\n")
    text = good.replace("[defaults.options]\noverwrite = true\n", "") + "options.overwrite = true\n"
    text = f"{head}\n{tail}\n{text}" if not head else f"{text}{lines}\n"
    found = messages(text)
    assert len(found) == 1
    assert message in found[0]
    assert f":{text.splitlines().index(tail) + 1}: " in found[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'user = "ingest@example.com"\n',
            "",
            'toml:1: server.user: found nothing, wanted a text in quotes such as "ing',
        ),
        (
            'company = "Example Co"\n',
            "",
            ':1: server: found none, wanted one of the keys "company" or "company_handle"',
        ),
        (
            'company = "Example Co"',
            'company = "Example Co"\ncompany_handle = "c|1"',
            'server.company_handle: found it beside "company", wanted only one of "company" or "company_handle"',
        ),
        ('region = "north-america"\n', "", 'server: found none, wanted one of the keys "region" or "base_url"'),
        (
            'region = "north-america"',
            'environment = "staging"\nbase_url = "https://ips.example.com"',
            'hotfolder.toml:3: server.base_url: found it beside "environment"',
        ),
        ('region = "north-america"', 'region = "europe"', 'found "europe", wanted "north-america", "emea" or "asia-'),
        ('name = "catalog"\n', "", "hotfolder.toml:7: folder[0].name: found nothing, wanted a name in quotes such as"),
        ('path = "/srv/share/catalog"', "", "hotfolder.toml:7: folder[0].path: found nothing, wanted a path in quotes"),
        ('"catalog"', '"_DONE"', 'found "_DONE", wanted another name; this one is reserved'),
        ('"catalog"', '"a/b"', 'found "a/b", wanted a name without "/"'),
        ('"catalog"', '" "', 'found " ", wanted a name without'),
        ("[[folder]]", "[folder]", "hotfolder.toml:7: folder: found a table, wanted double brackets: [[folder]]"),
    ],
)
def test_choices_and_missing_keys_are_said_where_they_belong(
    messages: Messages, good: str, old: str, new: str, message: str
) -> None:
    found = messages(good.replace(old, new))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    "text",
    [
        '[server]\npassword = "hunter2"',
        '[server]\nuser = ["hunter2"]',
        '[server]\nbase_url = "http://ingest:hunter2@ips.example.com"',
        '[ledger]\nurl = "postgresql://ingest:hunter2@db.example.com/x"',
        '[ledger]\nurl = "ingest:hunter2@db"',
        '[ledger]\nurl = "postgresql+psycopg://ingest:hun@ter/hunter2@db.example.com"',
    ],
)
def test_no_message_repeats_a_password(text: str) -> None:
    _, problems = validate(Main, parse_source(text, Path("hotfolder.toml")))
    assert problems
    assert "hunter2" not in repr(problems)


def test_password_in_the_settings_is_sent_to_its_own_file(messages: Messages, good: str) -> None:
    found = messages(good.replace("[server]", '[server]\npassword = "hunter2"'))
    assert found == ['hotfolder.toml:2: server.password: found an unknown key, wanted "password_file"']
