"""
The parser that trusts nothing.
"""

import pytest

from hotfolder.ips.markup import MarkupError, local_name, parse


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"text",
        b"\x00",
        b"\xff\xfe<\x00a",
        b'<?xml version="1.0" encoding="none-such"?><a/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_no_plain_document_is_refused_and_not_quoted(document: bytes) -> None:
    with pytest.raises(MarkupError) as caught:
        parse(document)
    assert "passwd" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_plain_document_is_read() -> None:
    root = parse(b'<?xml version="1.0" encoding="ISO-8859-1"?><x:a xmlns:x="urn:x"><!-- c -->\xe4</x:a>')
    assert local_name(root) == "a"
    assert [local_name(child) for child in root] == [""]
    assert "".join(root.itertext()).endswith("ä")
