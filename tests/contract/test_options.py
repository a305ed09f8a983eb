"""
The whole way of upload options: TOML, settings, the canonical form, the bytes of a POST, and what the server shows.

The server shows texts in Adobe's own shape; what it should show is worked out here anew, without the daemon's encoder.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from lxml import etree
from tests.acceptance.messages import SCHEMA
from tests.contract.parts import CANARY, Bytes, make_remote, opening, part
from tests.contract.parts import settings as server_settings
from tests.strategies import upload_options

from hotfolder.config import load_text
from hotfolder.config.options import Options
from hotfolder.config.places import Look
from hotfolder.config.schema import Node, follow, model_schema
from hotfolder.core.option_names import NameKind, names_in, with_handles
from hotfolder.core.rules import Router
from hotfolder.edges.remote import IpsRemote
from hotfolder.sandbox import Sandbox

ALWAYS_SENT = {
    "readyForPublish": True,
    "preservePublishState": True,
    "createMask": False,
    "preserveCrop": True,
    "emailSetting": "None",
}
"""DESIGN 4.2."""

WIRE_ORDER = [
    "overwrite",
    "readyForPublish",
    "preservePublishState",
    "createMask",
    "preserveCrop",
    "knockoutBackgroundOptions",
    "manualCropOptions",
    "autoColorCropOptions",
    "autoTransparentCropOptions",
    "photoshopOptions",
    "postScriptOptions",
    "pdfOptions",
    "illustratorOptions",
    "colorManagementOptions",
    "autoSetCreationOptions",
    "projectHandleArray",
    "emailSetting",
    "postHttpUrl",
    "mediaOptions",
    "inDesignOptions",
    "xmpKeywords",
    "unsharpMaskOptions",
    "unCompressOptions",
]
"""PROTOCOL 2.3, rows 1 to 23."""

CATALOGUE = """
projects = [{ name = "A", handle = "p|6|Spring" }, { name = "B", handle = "p|6|Red & | Blue" }]
profiles = [{ name = "C", handle = "a|1234" }, { name = "D", handle = "a|732|1|535" }]
[[type]]
name = "Sets"
sets = [{ name = "E", handle = "ps|941" }, { name = "F", handle = "ps|942" }]
[[type]]
name = "Presets"
sets = [{ name = "G", handle = "ps|17" }, { name = "H", handle = "ps|18" }]
"""
"""What the company has; a name in the options may mean any of its kind."""

HANDLES = {
    NameKind.PROJECT: "p|6|Red & | Blue",
    NameKind.PROFILE: "a|732|1|535",
    NameKind.SET: "ps|942",
    NameKind.PRESET: "ps|18",
}

JPEG = b"\xff\xd8\xff\xe0 a picture\xff\xd9"


@dataclass(frozen=True)
class Shown:
    """What has become of options at the ends of their way."""

    canonical: dict[str, Any]
    document: bytes
    asset: dict[str, Any]


class Way:
    """A sandbox and a client of it, for any number of files."""

    def __init__(self, box: Sandbox, remote: IpsRemote) -> None:
        self._box = box
        self._remote = remote
        self._numbers = itertools.count(1)

    def go(self, options: Mapping[str, Any]) -> Shown:
        """Write options as TOML and send a file with them."""
        routed = route(options)
        names = names_in(routed)
        handles = {kind: dict.fromkeys(names, HANDLES[kind]) for kind, names in names.items()}
        number = next(self._numbers)
        self._remote.post(
            opening(
                part(1, f"n{number}.jpg", Bytes(JPEG)),
                job_name=f"j-{number}",
                options=with_handles(routed, handles),
                end_job=True,
            ),
            lambda sent_bytes: None,
        )
        document = self._box.requests[-1].xml
        assert document is not None
        (asset,) = (asset for asset in self._box.assets() if asset["name"] == f"n{number}")
        return Shown(json.loads(routed), document, asset["options"])


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    data = tmp_path_factory.mktemp("box")
    (data / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    with Sandbox(data=data, password=CANARY, record_xml=True) as box:
        where = server_settings(f"{box.base_url}/UploadFile", f"{box.base_url}/services/IpsApiService")
        remote = make_remote(where)
        yield Way(box, remote)
        remote.close()


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema | None:
    """Adobe's own, where it is there; one test says so if it is not."""
    return etree.XMLSchema(etree.parse(SCHEMA)) if SCHEMA.is_file() else None


def route(options: Mapping[str, Any], **rule: Any) -> str:
    """The canonical options of a file, by way of TOML."""
    tables = {
        "server": {"region": "emea", "company": "Example Co", "user": "ingest@example.com"},
        "upload": {"post_http_hosts": ["hooks.example.com"]},
        "folder": [
            {"name": "a", "path": "/a", "options": dict(options), "rule": [{"match": ["*.jpg"], "options": rule}]}
        ],
    }
    there = {Path("/a"): Look(real=Path("/a"), is_directory=True)}
    loaded = load_text(tomli_w.dumps(tables), {"HOTFOLDER_PASSWORD": "secret"}, looker=lambda _: there)
    return Router(loaded.settings.folders[0]).route("n.jpg", date(2026, 1, 31)).options


def wanted(options: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be said of options: none of them empty, keywords once each."""
    filled: dict[str, Any] = {}
    for name, value in options.items():
        inner = wanted(value) if isinstance(value, dict) else value
        if name == "keywords":
            inner = list(dict.fromkeys(word.strip() for word in value))
        if inner not in ("", [], {}):
            filled[name] = inner
    return filled


def in_adobes_shape(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same with Adobe's names for crop and keywords, and handles for names."""
    shaped = dict(options)
    for kind, border in shaped.pop("crop", {}).items():
        shaped[f"{kind}CropOptions"] = border
    if "keywords" in shaped:
        shaped["xmpKeywords"] = shaped.pop("keywords")
    for path, kind in (
        (("projectHandleArray",), NameKind.PROJECT),
        (("autoSetCreationOptions", "autoSetsArray"), NameKind.SET),
        (("mediaOptions", "videoEncodingPresetsArray"), NameKind.PRESET),
        (("colorManagementOptions", "sourceProfileHandle"), NameKind.PROFILE),
        (("colorManagementOptions", "outputProfileHandle"), NameKind.PROFILE),
    ):
        *tables, key = path
        table = shaped
        for name in tables:
            table[name] = dict(table.get(name, {}))
            table = table[name]
        if key in table:
            texts = table[key] if isinstance(table[key], list) else [table[key]]
            known = [text if text[1:2] == "|" or text[2:3] == "|" else HANDLES[kind] for text in texts]
            table[key] = list(dict.fromkeys(known)) if isinstance(table[key], list) else known[0]
    return wanted(shaped)


def understood(shown: Any, like: Any, name: str = "") -> Any:
    """What the server shows, as values of the types that are expected there; a KeyError for what is not."""
    match like:
        case dict():
            return {key: understood(value, like[key], key) for key, value in shown.items()}
        case bool():
            return {"true": True, "false": False}[shown]
        case int() | float():
            assert "e" not in shown.lower()
            return float(shown) if "." in shown else int(shown)  # which of the two it must be, the schema knows
        case list() if name == "xmpKeywords":
            return split(shown)
        case _:
            return shown


def split(keywords: str) -> list[str]:
    words = [""]
    letters = iter(keywords)
    for letter in letters:
        if letter == ",":
            words.append("")
        else:
            words[-1] += next(letters) if letter == "\\" else letter
    return words


def check(way: Way, schema: etree.XMLSchema | None, options: Mapping[str, Any]) -> Shown:
    """Send them, and look at every place on their way."""
    shown = way.go(options)
    said = {**ALWAYS_SENT, **wanted(options)}
    assert shown.canonical == said
    if schema is not None:
        schema.assertValid(etree.fromstring(shown.document))
    shaped = in_adobes_shape(said)
    assert understood(shown.asset, shaped) == shaped
    assert list(shown.asset) == [name for name in WIRE_ORDER if name in shaped]
    return shown


@pytest.mark.skipif(not SCHEMA.is_file(), reason=f"no schema at {SCHEMA}; HOTFOLDER_IPS_SCHEMAS names its directory")
def test_schema_that_judges_here_refuses_what_does_not_fit(way: Way, schema: etree.XMLSchema) -> None:
    document = way.go({"overwrite": True}).document
    assert schema.validate(etree.fromstring(document))
    assert not schema.validate(etree.fromstring(document.replace(b"createMask", b"makeMask")))


# --- each option and element alone ---


def values(root: Node, node: Node) -> Iterator[Any]:
    """Values of an element: every constant, both ends of a range and something between, names and handles."""
    match node:
        case {"enum": [*words]}:
            yield from words
        case {"const": word}:
            yield word
        case {"type": "boolean"}:
            yield from (True, False)
        case {"type": "integer", "minimum": low, "maximum": high}:
            yield from {low: 1, (low + high) // 2: 1, high: 1}
        case {"type": "number", "maximum": high}:
            yield from (node.get("minimum", 5e-324), 0.00002, 0.5, high)
        case {"type": "array", "items": {"x-wanted": "a keyword"}}:
            yield from ([], ["spring"], ["red, green", "a\\b", "é <&>"])
        case {"type": "array", "items": {"x-wanted": str(words)}}:
            handles = ("ps|17", "ps|18") if "video" in words else ("ps|941", "ps|942")
            handles = ("p|6|Spring", "p|6|Red & | Blue") if "project" in words else handles
            yield from ([], ["Some <name> & | é"], [handles[0]], [*handles], [handles[0], "Name"])
        case {"x-wanted": str(words)} if "ICC" in words:
            yield from ("Paper", "a|1234", "a|732|1|535")
        case {"x-wanted": str(words)} if "https" in words:
            yield from ("https://hooks.example.com/done", "https://hooks.example.com?a=1&b=%20", "")
        case _:
            raise AssertionError(f"no values are known for {node}")


def smallest(root: Node, node: Node) -> dict[str, Any]:
    """A table with nothing in it but what it needs."""
    needed = node.get("required", ())
    return {key: follow(root, node["properties"][key])["examples"][0] for key in needed}


def cases(root: Node, node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pairs of a name and options that state one element, and beside it only what must be there."""
    for key, inner in node["properties"].items():
        meant = follow(root, inner)
        if "properties" in meant:
            for name, table in cases(root, meant, (*path, key)):
                yield name, {key: table} if "allOf" in node else {**smallest(root, node), key: table}
        else:
            for value in values(root, meant):
                name = f"{'.'.join((*path, key))}={value}"
                yield name, {**smallest(root, node), key: value}


CASES = list(cases(model_schema(Options), model_schema(Options)))


@pytest.mark.parametrize("options", [options for _, options in CASES], ids=[name for name, _ in CASES])
def test_each_element_arrives_as_it_was_written(
    way: Way, schema: etree.XMLSchema | None, options: dict[str, Any]
) -> None:
    check(way, schema, {"overwrite": True, **options})


# --- whole sets ---


@settings(deadline=None, max_examples=60)  # two busy cores
@given(options=upload_options)
def test_any_set_of_options_arrives_as_it_was_written(
    way: Way, schema: etree.XMLSchema | None, options: dict[str, Any]
) -> None:
    check(way, schema, options)


@settings(deadline=None, max_examples=30)  # two busy cores
@given(own=upload_options, over=upload_options)
def test_rule_replaces_whole_options_and_an_empty_one_takes_off(own: dict[str, Any], over: dict[str, Any]) -> None:
    assert json.loads(route(own, **over)) == wanted({**ALWAYS_SENT, **own, **over})
