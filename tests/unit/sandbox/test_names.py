import pytest

from hotfolder.sandbox.names import OverwriteMode, Target, asset_type, problem_with, target_of, with_asset_name


@pytest.mark.parametrize(
    ("file_name", "asset"),
    [
        ("chair.jpg", "chair"),
        ("a.b.tif", "a.b"),
        ("noextension", "noextension"),
        (".png", ""),
        ("a&b.jpg", "ab"),
        ("100% #1 {new}.jpg", "100 #1 new"),
        ("\\;?:@&=+$,*\"<>|'{}%", ""),
        ("Stühle 2.jpg", "Stühle 2"),
    ],
)
def test_asset_id_is_the_name_without_forbidden_characters_and_extension(file_name: str, asset: str) -> None:
    """PROTOCOL 6.2."""
    assert target_of("Example Co/in", file_name).asset_name == asset


def test_folders_of_name_and_destination_are_joined() -> None:
    assert target_of("Co/a/", "b//c.jpg") == Target(folder="Co/a/b/", file_name="c.jpg")


MODES = {
    "OverwriteFullName": (True, False, False, False),
    "OverwriteAnyExt": (True, True, False, False),
    "OverwriteFullNameAnyFolder": (True, False, True, False),
    "OverwriteAnyExtAnyFolder": (True, True, True, True),
}


@pytest.mark.parametrize(("mode", "expected"), MODES.items())
def test_overwrite_modes(mode: str, expected: tuple[bool, ...]) -> None:
    """The table of PROTOCOL 3.2: same name and folder, other extension, other folder, both."""
    old = Target(folder="Co/a/", file_name="chair.jpg")
    new = [
        old,
        Target(folder="Co/a/", file_name="chair.png"),
        Target(folder="Co/b/", file_name="chair.jpg"),
        Target(folder="Co/b/", file_name="chair.png"),
    ]
    assert tuple(OverwriteMode(mode).replaces(old, target) for target in new) == expected


@pytest.mark.parametrize(
    ("file_name", "head", "is_broken"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0", False),
        ("a.JPEG", b"\xff\xd8\xff\xe0", False),
        ("a.jpg", b"GIF89a", True),
        ("a.png", b"\x89PNG\r\n\x1a\n", False),
        ("a.png", b"\x89PNG", True),
        ("a.gif", b"GIF87a", False),
        ("a.tif", b"II*\0", False),
        ("a.tiff", b"MM\0*", False),
        ("a.tif", b"nope", True),
        ("a.psd", b"8BPS\0\x01", False),
        ("a.psd", b"8BPS\0\x02", True),
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x08\0\x03", False),
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x10\0\x04", False),
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x20\0\x03", True),  # 32 bits
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x08\0\x02", True),  # indexed
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x08\0\x08", True),  # duotone
        ("a.psd", b"8BPS\0\x01" + bytes(16) + b"\0\x08\0\x09", True),  # Lab
        ("a.pdf", b"%PDF-1.7", False),
        ("a.pdf", b"hello", True),
        ("a.txt", b"anything", False),
        ("noextension", b"x", False),
        ("a.txt", b"", True),
    ],
)
def test_files_that_do_not_begin_as_their_format_are_unreadable(file_name: str, head: bytes, is_broken: bool) -> None:
    assert (problem_with(file_name, head) is not None) == is_broken


def test_asset_type_goes_by_extension() -> None:
    assert [asset_type(name) for name in ("a.JPG", "a.pdf", "a.mp4", "a.xyz", "a")] == [
        "Image",
        "Pdf",
        "Video",
        "Unknown",
        "Unknown",
    ]


def test_other_asset_id_keeps_the_extension() -> None:
    assert [with_asset_name("a.b.jpg", "c-1"), with_asset_name("a", "c-1")] == ["c-1.jpg", "c-1"]
