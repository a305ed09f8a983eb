"""Any name that a disk can hold, on its way to the server: refused with a reason, or sent whole and harmless."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.strategies import drop, file_names

from hotfolder.core.batching import pack
from hotfolder.core.naming import FORBIDDEN, asset_id, header_name, sent_name, unusable
from hotfolder.core.server import Company
from hotfolder.ips.documents import upload_document
from hotfolder.ips.multipart import frame

COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")

BOUNDARY = "hotfolder-0123456789abcdef"

PLAIN_LINES = frame(boundary=BOUNDARY, auth=b"<a/>", parameters=b"<p/>", files=[("a.jpg", 10)]).before[0].count(b"\r\n")

# Anything but a slash and NUL, as the system gives it: what is not UTF-8 as surrogates.
disk_names = file_names | st.binary(min_size=1, max_size=40).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
).map(os.fsdecode)


@given(disk_names, st.integers(1, 20))
def test_any_name_on_a_disk_is_refused_in_words_or_sent_whole_and_harmless(name: str, number: int) -> None:
    reason = unusable(name)
    if reason is not None:
        assert reason
        return
    sent = sent_name(name)
    assert asset_id(name).strip(" .")
    assert unicodedata.is_normalized("NFC", sent)
    assert FORBIDDEN.isdisjoint(sent)

    dropped = replace(drop(number, sent), path=name)
    (plan,) = pack([dropped], files_per_post=20)
    header = header_name(dropped.sent_name, number)
    framing = frame(boundary=BOUNDARY, auth=b"<a/>", parameters=b"<p/>", files=[(header, 10)])
    head = framing.before[0].decode("ascii")
    assert head.count("\r\n") == PLAIN_LINES
    (found,) = re.findall(r'filename="([^"]*)"', head)
    document = etree.fromstring(
        upload_document(company=COMPANY, destination="", job_handle="j|1", file_name=plan.file_name, end_job=True)
    )
    told = document.findtext("{*}fileName")
    # what the server takes for the name (PROTOCOL 2.5): the element, else the header
    assert (told if told is not None else found) == sent
    assert (told is None) == (found == sent)
    assert dropped.path == name, "the file on the disk is still found by its own bytes"
    assert os.fsencode(dropped.path) == os.fsencode(name)


@given(disk_names)
def test_what_is_sent_has_the_asset_id_that_we_look_for(name: str) -> None:
    if unusable(name) is None:
        assert asset_id(sent_name(name)) == asset_id(name)
