"""
Whether the end of a file is there.

Real files by Pillow and zipfile, and hand-made ones of the formats that nothing here can write; each whole, cut at
every length, and changed at random.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotfolder.core.formats import format_end
from hotfolder.core.formats.source import Source, UnsureError
from hotfolder.core.model import FormatEnd

COMPLETE, MISSING, UNTOLD = FormatEnd.COMPLETE, FormatEnd.MISSING, FormatEnd.UNTOLD


def end_of(data: bytes) -> FormatEnd:
    return format_end(len(data), lambda offset, length: data[offset : offset + length])[0]


def name_of(data: bytes) -> str:
    return format_end(len(data), lambda offset, length: data[offset : offset + length])[1]


# --- files ---


def picture(mode: str = "RGB", size: tuple[int, int] = (61, 47)) -> Image.Image:
    """Noise, so that nothing packs away."""
    noise = Image.frombytes("RGB", size, random.Random(4711).randbytes(size[0] * size[1] * 3))
    return noise.convert(mode)


def saved(form: str, mode: str = "RGB", size: tuple[int, int] = (61, 47), **options: object) -> bytes:
    buffer = io.BytesIO()
    picture(mode, size).save(buffer, form, **options)
    return buffer.getvalue()


def jpeg_with_thumbnail() -> bytes:
    """The thumbnail in the EXIF segment is a whole JPEG with an EOI of its own."""
    exif = Image.Exif()
    exif[0x010E] = "chair"
    segment = b"Exif\0\0" + exif.tobytes()[6:] + saved("JPEG", size=(16, 16))
    plain = saved("JPEG")
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + plain[2:]


def animation() -> bytes:
    buffer = io.BytesIO()
    frames = [picture("P", (40, 30)).rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100, comment=b"made for a test")
    return buffer.getvalue()


def pages() -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, "TIFF", save_all=True, append_images=[picture("L"), picture("CMYK")])
    return buffer.getvalue()


def photoshop(version: int, compression: int, *, channels: int = 3, height: int = 20, width: int = 30) -> bytes:
    count, word = ("I", "Q") if version == 2 else ("H", "I")
    head = struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, height, width, 8, 3)
    resources = b"8BIM" + bytes(26)
    layers = random.Random(1).randbytes(333)
    data = head + struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources
    data += struct.pack(">" + word, len(layers)) + layers + struct.pack(">H", compression)
    if compression == 0:
        return data + random.Random(2).randbytes(channels * height * width)
    lengths = [3 + row % 5 for row in range(channels * height)]
    table = struct.pack(f">{len(lengths)}{count}", *lengths)
    return data + table + random.Random(2).randbytes(sum(lengths))


def document() -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, "PDF")
    return buffer.getvalue()


def archive(*, comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for number in range(3):
            file.writestr(f"chair {number}.txt", random.Random(number).randbytes(300))
        file.comment = comment
    return buffer.getvalue()


def box(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data


def film(*kinds: bytes, brand: bytes = b"isom") -> bytes:
    contents = {b"ftyp": brand + bytes(4) + brand, b"mdat": random.Random(3).randbytes(500), b"moov": bytes(99)}
    return b"".join(box(kind, contents.get(kind, bytes(20))) for kind in kinds)


def big_box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, len(data) + 16) + data


WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG": ("JPEG", lambda: saved("JPEG")),
    "JPEG, progressive": ("JPEG", lambda: saved("JPEG", progressive=True)),
    "JPEG, grey": ("JPEG", lambda: saved("JPEG", "L")),
    "JPEG, CMYK": ("JPEG", lambda: saved("JPEG", "CMYK")),
    "JPEG, thumbnail": ("JPEG", jpeg_with_thumbnail),
    "PNG": ("PNG", lambda: saved("PNG")),
    "PNG, palette": ("PNG", lambda: saved("PNG", "P")),
    "GIF": ("GIF", lambda: saved("GIF", "P")),
    "GIF, animated": ("GIF", animation),
    "TIFF": ("TIFF", lambda: saved("TIFF")),
    "TIFF, grey": ("TIFF", lambda: saved("TIFF", "L")),
    "TIFF, LZW": ("TIFF", lambda: saved("TIFF", compression="tiff_lzw")),
    "TIFF, deflate": ("TIFF", lambda: saved("TIFF", compression="tiff_adobe_deflate")),
    "TIFF, pages": ("TIFF", pages),
    "BigTIFF": ("TIFF", lambda: saved("TIFF", big_tiff=True)),
    "PSD, raw": ("PSD", lambda: photoshop(1, 0)),
    "PSD, packed": ("PSD", lambda: photoshop(1, 1)),
    "PSB, raw": ("PSB", lambda: photoshop(2, 0)),
    "PSB, packed": ("PSB", lambda: photoshop(2, 1)),
    "PDF": ("PDF", document),
    "ZIP": ("ZIP", archive),
    "ZIP, stored": ("ZIP", lambda: archive(method=zipfile.ZIP_STORED)),
    "ZIP, comment": ("ZIP", lambda: archive(comment=b"made for a test")),
    "MP4": ("MP4", lambda: film(b"ftyp", b"free", b"mdat", b"moov")),
    "MP4, description first": ("MP4", lambda: film(b"ftyp", b"moov", b"free", b"mdat")),
    "MOV": ("MOV", lambda: film(b"ftyp", b"wide", b"mdat", b"moov", brand=b"qt  ")),
    "MOV, old": ("MOV", lambda: film(b"wide", b"mdat", b"moov")),
    "HEIF": ("HEIF", lambda: film(b"ftyp", b"meta", b"mdat", brand=b"heic")),
}


@pytest.fixture(params=WHOLE)
def whole(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    name, make = WHOLE[request.param]
    return name, make()


def test_whole_file_is_complete_and_named(whole: tuple[str, bytes]) -> None:
    name, data = whole
    assert (end_of(data), name_of(data)) == (COMPLETE, name)


def test_file_cut_anywhere_is_never_complete(whole: tuple[str, bytes]) -> None:
    """At any length; where the first bytes are too few to know the format it cannot be told."""
    name, data = whole
    padding = 16 if name == "TIFF" else 0  # Pillow rounds up a file of many pages
    answers = {length: end_of(data[:length]) for length in range(len(data) - padding)}
    assert COMPLETE not in answers.values()
    untold = [length for length, answer in answers.items() if answer is UNTOLD and length >= 12]
    # Cut just behind its description, a film could be one whose data lies elsewhere.
    assert len(untold) <= (20 if name in ("MP4", "HEIF") else 0), untold


def test_file_whose_second_half_was_never_written_is_not_complete(whole: tuple[str, bytes]) -> None:
    """A client that sets the size first and dies: zeros to the end, where the file system keeps no hole."""
    name, data = whole
    half = len(data) // 2
    answer = end_of(data[:half] + bytes(len(data) - half))
    raw = name in ("TIFF", "PSD", "PSB", "MP4", "MOV", "HEIF")  # zeros are good data there, where the frame is whole
    assert answer is not COMPLETE or raw


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    end_of(data)


@settings(max_examples=300)
@given(st.data())
def test_damaged_file_has_an_answer(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    file = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(file) - 1, 400)) | st.integers(0, len(file) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8) | st.sampled_from([b"\0" * 8, b"\xff" * 8]))
        file[at : at + len(piece)] = piece
    end_of(bytes(file[: data.draw(st.integers(0, len(file)))]))


FILES = {name: make() for name, (_, make) in WHOLE.items()}


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"])
@pytest.mark.parametrize("filling", [b"\xff", b"\xd0", b"\0", b"!", b"\x01", b"PK\x05\x06"])
def test_hostile_file_costs_a_bounded_number_of_reads(magic: bytes, filling: bytes) -> None:
    size = 64 << 20
    reads: list[int] = []

    def read_at(offset: int, length: int) -> bytes:
        reads.append(length)
        start = magic if offset == 0 else b""
        return (start + filling * (length // len(filling) + 1))[:length]

    format_end(size, read_at)
    assert len(reads) <= 1024
    assert sum(reads) <= 6 << 20


def test_whole_file_takes_few_reads() -> None:
    data = saved("JPEG", size=(900, 700))
    reads: list[int] = []

    def read_at(offset: int, length: int) -> bytes:
        reads.append(length)
        return data[offset : offset + length]

    assert format_end(len(data), read_at) == (COMPLETE, "JPEG")
    assert len(reads) <= 3
    assert sum(reads) <= 24 * 1024


def test_unknown_format_cannot_be_told() -> None:
    assert end_of(b"") is UNTOLD
    assert end_of(b"Dear Sir, please find attached") is UNTOLD
    assert name_of(b"RIFF\0\0\0\0WEBP") == ""


def test_file_that_shrinks_while_it_is_read_cannot_be_told() -> None:
    data = saved("PNG")
    assert format_end(len(data), lambda offset, length: data[offset : min(offset + length, 40)])[0] is UNTOLD
    assert format_end(100, lambda offset, length: b"")[0] is UNTOLD


def test_reading_more_than_there_is_is_a_cut() -> None:
    source = Source(10, lambda offset, length: bytes(length))
    assert source.tail(99) == bytes(10)
    for _ in range(65_535):
        source.at(0, 1)
    with pytest.raises(UnsureError):
        source.at(0, 1)


# --- JPEG ---


@pytest.mark.parametrize(
    "appended", [b"\0" * 3000, b"\n", b"SEFH" + bytes(90) + b"SEFT", random.Random(5).randbytes(9000)]
)
def test_jpeg_with_something_short_behind_its_end_is_complete(appended: bytes) -> None:
    assert end_of(saved("JPEG", size=(300, 200)) + appended.replace(b"\xff\xd9", b"")) is COMPLETE


def test_jpeg_with_another_picture_behind_it_is_complete() -> None:
    assert end_of(saved("JPEG", size=(300, 200)) + saved("JPEG")) is COMPLETE


def test_motion_photo_cannot_be_told() -> None:
    """The film behind the picture is longer than we look, and nothing says where it should end."""
    film_data = random.Random(6).randbytes(100_000).replace(b"\xff\xd9", b"\0\0")
    assert end_of(saved("JPEG", size=(300, 200)) + box(b"ftyp", bytes(16)) + film_data) is UNTOLD


def test_end_mark_inside_an_appended_film_is_not_believed() -> None:
    film_data = random.Random(6).randbytes(100_000)
    assert end_of(saved("JPEG", size=(300, 200)) + film_data + b"\xff\xd9" + film_data[:5000]) is not MISSING
    assert end_of(saved("JPEG", size=(300, 200)) + film_data + b"\xff\xd9" + film_data[:5000]) is UNTOLD


def test_big_jpeg_cut_inside_its_scan_is_missing_its_end() -> None:
    data = saved("JPEG", size=(900, 700), quality=95)
    assert len(data) > 500_000
    for share in (0.1, 0.5, 0.9, 0.999):
        assert end_of(data[: int(len(data) * share)]) is MISSING


def test_big_jpeg_with_zeros_for_an_end_is_missing_it() -> None:
    data = saved("JPEG", size=(900, 700))
    assert end_of(data[:100_000] + bytes(len(data) - 100_000)) is MISSING
    assert end_of(data[:100] + bytes(len(data) - 100)) is MISSING


def test_jpeg_of_tables_alone_is_complete() -> None:
    assert end_of(b"\xff\xd8\xff\xdb\x00\x04ab\xff\xff\xd9") is COMPLETE


def test_jpeg_with_a_broken_segment_cannot_be_told() -> None:
    assert end_of(b"\xff\xd8\xff\xe0\x00\x01abcdef") is UNTOLD
    assert end_of(b"\xff\xd8\xff\xe0\x00\x04abXXXXXX") is UNTOLD


# --- PNG, GIF ---


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + bytes(4)


def png_of_many_chunks(count: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"x" * 8192) * count


def test_png_of_many_chunks_cut_anywhere_is_missing_its_end() -> None:
    """20 MB in pieces of 8 KiB, as libpng writes them: too many to walk."""
    data = png_of_many_chunks(2500)
    for cut in (0, 1, 3, 7, 8, 11, 12, 13, 4000, 8199, 8204, 8205, 1_000_000):
        assert end_of(data[: len(data) - cut]) is MISSING


def test_png_with_a_long_trailer_is_complete() -> None:
    data = saved("PNG")
    assert end_of(data + b"trailer" * 10_000) is COMPLETE
    assert end_of(data + bytes(100)) is COMPLETE


def test_png_of_many_chunks_and_a_long_trailer_is_not_missing_anything() -> None:
    end = chunk(b"IDAT", b"last") + b"\0\0\0\0IEND\xae\x42\x60\x82"
    assert end_of(png_of_many_chunks(100) + end + b"trailer" * 10_000) is COMPLETE
    assert end_of(png_of_many_chunks(2500) + end + b"trailer" * 10_000) is UNTOLD


def test_png_with_something_else_for_a_chunk_cannot_be_told() -> None:
    assert end_of(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + b"\0\0\0\0????xxxx") is UNTOLD


def test_big_gif_is_believed_by_its_last_bytes_or_walked() -> None:
    data = saved("GIF", "P", size=(700, 500))
    assert len(data) > 256 * 1024
    assert end_of(data) is COMPLETE
    assert end_of(data + b"trailing") is COMPLETE
    assert end_of(data[:-1]) is MISSING
    assert end_of(data[: len(data) // 2]) is MISSING
    assert end_of(data[: len(data) // 2] + bytes(len(data) // 2)) is not COMPLETE


def test_gif_with_something_else_for_a_block_cannot_be_told() -> None:
    assert end_of(b"GIF89a" + bytes(7) + b"?" * 20) is UNTOLD


# --- TIFF ---


def tiff(*entries: tuple[int, int, int, int], extra: bytes = b"", following: int = 0) -> bytes:
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + struct.pack("<I", following) + extra


def test_tiff_whose_directory_is_not_written_yet_is_missing_it() -> None:
    assert end_of(b"II*\0" + bytes(4) + b"x" * 1000) is MISSING


def test_tiff_without_lengths_of_its_strips_cannot_be_told() -> None:
    assert end_of(tiff((273, 4, 1, 10))) is UNTOLD
    assert end_of(tiff((273, 4, 1, 1000))) is MISSING


def test_tiff_with_the_length_of_a_full_strip_for_the_last_one_is_complete() -> None:
    """Ten rows of ten bytes in strips of eight rows: the second one has two."""
    entries = [(256, 3, 1, 10), (257, 3, 1, 10), (258, 3, 1, 8), (259, 3, 1, 1)]
    start = 8 + 2 + 7 * 12 + 4
    where, lengths = start, start + 8
    data = start + 16
    entries += [(273, 4, 2, where), (278, 3, 1, 8), (279, 4, 2, lengths)]
    extra = struct.pack("<4I", data, data + 80, 80, 80)
    file = tiff(*entries, extra=extra + bytes(100))
    assert end_of(file) is COMPLETE
    assert end_of(file[:-1]) is MISSING
    packed = file.replace(struct.pack("<HHI", 259, 3, 1) + struct.pack("<I", 1), struct.pack("<HHII", 259, 3, 1, 5))
    assert end_of(packed) is MISSING, "how long a packed strip must be cannot be told from the picture"
    assert end_of(tiff((273, 4, 1, 8), (279, 4, 1, 999))) is MISSING


def test_tiff_that_goes_in_circles_has_an_answer() -> None:
    assert end_of(tiff((256, 3, 1, 10), following=8)) is UNTOLD
    assert end_of(tiff((330, 4, 1, 8))) is UNTOLD


def test_tiff_of_too_many_directories_cannot_be_told() -> None:
    table = struct.pack("<HHHII", 1, 256, 3, 1, 10)
    chain = b"".join(table + struct.pack("<I", 8 + (number + 1) * 18) for number in range(600))
    assert end_of(b"II*\0" + struct.pack("<I", 8) + chain + bytes(100)) is UNTOLD


def test_tiff_with_numbers_that_are_none_cannot_be_told() -> None:
    assert end_of(tiff((273, 2, 1, 10), (279, 4, 1, 10))) is UNTOLD
    assert end_of(tiff((273, 4, 1, 10), (279, 4, 2, 8))) is UNTOLD


def test_tiff_with_a_value_beyond_its_end_is_missing_it() -> None:
    """Photoshop keeps layers in tag 37724, last in the file."""
    strips = ((273, 4, 1, 8), (279, 4, 1, 8))
    assert end_of(tiff(*strips)) is COMPLETE
    assert end_of(tiff(*strips, (37724, 7, 5000, 60))) is MISSING


# --- the others ---


def test_psd_packed_with_zip_cannot_be_told() -> None:
    data = photoshop(1, 1)
    at = 26 + 4 + 4 + 30 + 4 + 333  # header, colours, resources, layers
    assert data[at : at + 2] == b"\0\1"
    assert end_of(data[:at] + b"\0\2" + data[at + 2 :]) is UNTOLD


def test_psd_with_bytes_behind_its_end_is_complete() -> None:
    assert end_of(photoshop(1, 1) + b"\0") is COMPLETE


def test_psd_with_a_strange_header_cannot_be_told() -> None:
    assert end_of(struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 0, 10, 8, 3) + bytes(100)) is UNTOLD


def test_pdf_with_trailing_bytes_is_complete() -> None:
    assert end_of(document() + b"\r\n" * 500) is COMPLETE


def test_first_part_of_a_web_optimised_pdf_is_missing_the_rest() -> None:
    """Its first cross-reference table comes first, with an end mark of its own (ISO 32000-1, F.3.5)."""
    first = b"%PDF-1.4\n1 0 obj <</Linearized 1/L 90000>> endobj\nxref\n0 1\ntrailer <<>>\nstartxref\n0\n%%EOF\n"
    assert end_of(first) is MISSING
    assert end_of(first + b"x" * 90_000 + b"startxref\n120\n%%EOF") is COMPLETE


def test_zip_with_an_archive_inside_is_not_taken_for_it() -> None:
    """Cut just behind an archive that was stored in it, it ends with that one's end."""
    inner = archive()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        file.writestr("inner.zip", inner)
        file.writestr("more.txt", b"x" * 100)
    data = buffer.getvalue()
    assert end_of(data) is COMPLETE
    cut = data.index(inner) + len(inner)
    assert end_of(data[:cut]) is UNTOLD


def test_empty_zip_is_complete() -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    assert end_of(buffer.getvalue()) is COMPLETE


def test_zip64_is_complete_and_cut_it_is_not() -> None:
    """More than 65,535 entries need the longer records."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for number in range(65_600):
            file.writestr(str(number), b"")
    data = buffer.getvalue()
    assert b"PK\x06\x06" in data[-200:]
    assert end_of(data) is COMPLETE
    assert {end_of(data[: len(data) - cut]) for cut in (1, 21, 22, 40, 98, 1000)} == {MISSING}


def test_zip_end_that_fits_nothing_cannot_be_told() -> None:
    local = b"PK\x03\x04" + bytes(100)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert end_of(local + end) is UNTOLD
    assert end_of(b"PK\x03\x04" + end) is UNTOLD
    place = struct.pack("<4sIQI", b"PK\x06\x07", 0, 4, 1)
    assert end_of(local + place + end) is UNTOLD
    assert end_of(local + end[:-2] + b"\x09\x00") is UNTOLD


def test_film_with_a_long_box_is_complete() -> None:
    data = film(b"ftyp") + big_box(b"mdat", bytes(1000)) + film(b"moov")
    assert end_of(data) is COMPLETE
    assert end_of(data[:-1]) is MISSING
    assert end_of(data[:60]) is MISSING


def test_film_whose_description_comes_last_is_missing_it_until_then() -> None:
    assert end_of(film(b"ftyp", b"mdat")) is MISSING
    assert end_of(film(b"ftyp") + struct.pack(">I4s", 0, b"mdat") + bytes(1000)) is MISSING


def test_film_of_fragments_is_complete_only_with_their_index() -> None:
    fragments = film(b"ftyp", b"moov", b"moof", b"mdat", b"moof", b"mdat")
    assert end_of(fragments) is UNTOLD
    assert end_of(fragments + film(b"mfra")) is COMPLETE


def test_film_without_data_or_with_an_open_end_cannot_be_told() -> None:
    assert end_of(film(b"ftyp", b"moov")) is UNTOLD
    assert end_of(film(b"ftyp", b"moov") + struct.pack(">I4s", 0, b"mdat") + bytes(1000)) is UNTOLD
    assert end_of(film(b"ftyp", b"moov", b"mdat") + struct.pack(">I4s", 5, b"????") + bytes(9)) is UNTOLD
    assert end_of(film(b"ftyp", b"moov", b"mdat") + film(b"free") * 3000) is UNTOLD


def test_film_with_padding_is_complete() -> None:
    whole = film(b"ftyp", b"moov", b"mdat")
    assert end_of(whole + bytes(5)) is COMPLETE
    assert end_of(whole + bytes(3000)) is COMPLETE
    assert end_of(whole + bytes(30_000)) is UNTOLD
    assert end_of(whole + b"abc") is UNTOLD
    assert end_of(film(b"ftyp", b"moov") + bytes(3000)) is MISSING
