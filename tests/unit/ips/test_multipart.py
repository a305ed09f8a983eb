"""
The framing, read back by two parsers that share nothing with it.
"""

from email import policy
from email.parser import BytesParser
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.ips.multipart import Framing, FramingError, frame
from hotfolder.sandbox.multipart import MultipartReader

BOUNDARY = "0123456789abcdef0123456789abcdef"
AUTH = b"<authHeader/>"
PARAMETERS = b"<uploadPostParam/>"

header_names = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"/\\'), min_size=1, max_size=40
)
contents = st.one_of(
    st.binary(max_size=60), st.sampled_from([b"\r\n", b"--", f"\r\n--{BOUNDARY[:-1]}".encode(), b"\r\n--\r\n--"])
)


def assemble(framing: Framing, files: list[bytes]) -> bytes:
    return b"".join(before + data for before, data in zip(framing.before, files, strict=True)) + framing.closing


def test_one_file_is_framed_byte_by_byte() -> None:
    framing = frame(boundary=BOUNDARY, auth=AUTH, parameters=PARAMETERS, files=[("chair.tif", 4)])
    assert framing.content_type == f"multipart/form-data; boundary={BOUNDARY}"
    assert assemble(framing, [b"data"]) == (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="auth"\r\n'
        "Content-Type: text/plain; charset=US-ASCII\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        f"<authHeader/>\r\n--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="uploadParams"\r\n'
        "Content-Type: text/plain; charset=US-ASCII\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        f"<uploadPostParam/>\r\n--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file1"; filename="chair.tif"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
        f"data\r\n--{BOUNDARY}--\r\n"
    ).encode("ascii")


@given(files=st.lists(st.tuples(header_names, contents), max_size=5))
def test_any_files_are_read_back_and_the_length_is_exact(files: list[tuple[str, bytes]]) -> None:
    framing = frame(
        boundary=BOUNDARY, auth=AUTH, parameters=PARAMETERS, files=[(name, len(data)) for name, data in files]
    )
    body = assemble(framing, [data for _, data in files])
    assert len(body) == framing.content_length
    assert body.count(f"--{BOUNDARY}--".encode()) == 1

    message = BytesParser(policy=policy.HTTP).parsebytes(
        f"Content-Type: {framing.content_type}\r\n\r\n".encode() + body
    )
    assert not message.defects
    parts = list(message.iter_parts())
    assert [part.get_param("name", header="content-disposition") for part in parts] == [
        "auth",
        "uploadParams",
        *(f"file{number}" for number in range(1, len(files) + 1)),
    ]
    assert [part.get_payload(decode=True) for part in parts[:2]] == [AUTH, PARAMETERS]
    assert [part.get_payload(decode=True) for part in parts[2:]] == [data for _, data in files]

    reader = MultipartReader(BytesIO(body).read, BOUNDARY.encode())
    seen = []
    while (head := reader.next_part()) is not None:
        seen.append((head.name, head.filename, b"".join(reader.blocks())))
    assert [(filename, data) for _, filename, data in seen[2:]] == files


def test_a_post_without_files_has_one_closing_delimiter() -> None:
    framing = frame(boundary=BOUNDARY, auth=AUTH, parameters=PARAMETERS, files=[])
    assert framing.before == ()
    assert framing.closing.endswith(f"<uploadPostParam/>\r\n--{BOUNDARY}--\r\n".encode())
    assert len(framing.closing) == framing.content_length


@pytest.mark.parametrize(
    "name", ["", 'a"b.jpg', "a\r\nX: y", "a\nb", "a/b.jpg", "a\\b.jpg", "ä.jpg", "a\x7f", "a\x00b", "\udce4", "x" * 256]
)
def test_a_name_that_could_break_the_header_is_refused(name: str) -> None:
    with pytest.raises(FramingError):
        frame(boundary=BOUNDARY, auth=AUTH, parameters=PARAMETERS, files=[(name, 1)])


@pytest.mark.parametrize("boundary", ["", "short", "x" * 71, "0123456789abcde\r\n", "0123456789abcdef 7", 'a"' * 16])
def test_a_boundary_that_needs_quotes_or_can_be_guessed_is_refused(boundary: str) -> None:
    with pytest.raises(FramingError):
        frame(boundary=boundary, auth=AUTH, parameters=PARAMETERS, files=[])


def test_a_boundary_inside_a_document_is_refused() -> None:
    with pytest.raises(FramingError):
        frame(boundary=BOUNDARY, auth=BOUNDARY.encode(), parameters=PARAMETERS, files=[])
