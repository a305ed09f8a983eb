"""
What a wrong upload option is answered with: file, line, key, what was found, and what is allowed instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hotfolder.config.options import Options
from hotfolder.config.schema import Node, follow, model_schema

Messages = Callable[..., list[str]]

FLAG = "true or false"
CORNERS = '"UpperLeft", "UpperRight", "BottomLeft" or "BottomRight"'
PIXELS = "a whole number from 0 to 2147483647"
MILLISECONDS = "a whole number from 0 to 9223372036854775807"
FRACTION = "a number from 0 to 1"
RESOLUTION = "a number above 0 and up to 10000"
COLORSPACES = '"Auto", "Rgb", "Cmyk" or "Gray"'
RASTERIZING = '"None" or "Rasterize"'
PROFILE = 'the name of an ICC profile, or its handle such as "a|1234"'
PROJECT = 'the name of a project, or its handle such as "p|6|Spring 2026"'
SET = 'the name of a batch set preset, or its handle such as "ps|941"'
PRESET = 'the name of a video encoding preset, or its handle such as "ps|941"'
COLOURS = '"Default", "MaintainOriginal" or "Convert"'
MAILS = '"All", "Error", "ErrorAndWarning", "JobCompletion" or "None"'
ANCHORS = '"Center", "North", "Northwest", "West", "Southwest", "South", "Southeast", "East" or "Northeast"'

CASES = [
    ('overwrite = "yes"', "overwrite", '"yes"', FLAG),
    ("overwrite = 1", "overwrite", "1", FLAG),
    ('readyForPublish = "true"', "readyForPublish", '"true"', FLAG),
    ("preservePublishState = 0", "preservePublishState", "0", FLAG),
    ('createMask = "False"', "createMask", '"False"', FLAG),
    ("preserveCrop = []", "preserveCrop", "an empty list", FLAG),
    ('knockoutBackgroundOptions = "UpperLeft"', "knockoutBackgroundOptions", '"UpperLeft"', "a table"),
    (
        'knockoutBackgroundOptions = { corner = "upperleft", fillMethod = "FloodFill" }',
        "knockoutBackgroundOptions.corner",
        '"upperleft"',
        f'{CORNERS}; did you mean "UpperLeft"?',
    ),
    (
        'knockoutBackgroundOptions = { corner = "UpperLeft" }',
        "knockoutBackgroundOptions.fillMethod",
        "nothing",
        '"FloodFill" or "MatchPixel"',
    ),
    (
        'knockoutBackgroundOptions = { fillMethod = "FloodFill" }',
        "knockoutBackgroundOptions.corner",
        "nothing",
        CORNERS,
    ),
    (
        'knockoutBackgroundOptions = { corner = "UpperLeft", fillMethod = "Flood" }',
        "knockoutBackgroundOptions.fillMethod",
        '"Flood"',
        '"FloodFill" or "MatchPixel"; did you mean "FloodFill"?',
    ),
    (
        'knockoutBackgroundOptions = { corner = "UpperLeft", tolerance = 1.5, fillMethod = "FloodFill" }',
        "knockoutBackgroundOptions.tolerance",
        "1.5",
        FRACTION,
    ),
    (
        'knockoutBackgroundOptions = { corner = "UpperLeft", tolerance = nan, fillMethod = "FloodFill" }',
        "knockoutBackgroundOptions.tolerance",
        "nan",
        FRACTION,
    ),
    (
        'knockoutBackground = { corner = "UpperLeft", fillMethod = "FloodFill" }',
        "knockoutBackground",
        "an unknown key",
        '"knockoutBackgroundOptions"',
    ),
    ("crop = {}", "crop", "none", 'one of the keys "manual", "autoColor" or "autoTransparent"'),
    ("crop = { manual = { left = 10, right = 10, top = 0 } }", "crop.manual.bottom", "nothing", PIXELS),
    ("crop = { manual = { left = -1, right = 10, top = 0, bottom = 0 } }", "crop.manual.left", "-1", PIXELS),
    ("crop = { manual = { left = 1.5, right = 10, top = 0, bottom = 0 } }", "crop.manual.left", "1.5", PIXELS),
    (
        "crop = { manual = { left = 1, right = 2147483648, top = 0, bottom = 0 } }",
        "crop.manual.right",
        "2147483648",
        PIXELS,
    ),
    ('crop = { manual = { left = 1, right = 1, top = "1", bottom = 0 } }', "crop.manual.top", '"1"', PIXELS),
    (
        'crop = { autoColor = { corner = "LowerLeft", tolerance = 0.5 } }',
        "crop.autoColor.corner",
        '"LowerLeft"',
        f'{CORNERS}; did you mean "UpperLeft"?',
    ),
    ('crop = { autoColor = { corner = "UpperLeft", tolerance = inf } }', "crop.autoColor.tolerance", "inf", FRACTION),
    ("crop = { autoTransparent = { tolerance = -0.1 } }", "crop.autoTransparent.tolerance", "-0.1", FRACTION),
    ('crop = { autoTransparent = { tolerance = "0.5" } }', "crop.autoTransparent.tolerance", '"0.5"', FRACTION),
    (
        "crop = { manual = { left = 1, right = 1, top = 1, bottom = 0 }, autoTransparent = { tolerance = 0.5 } }",
        "crop.autoTransparent",
        'it beside "manual"',
        'only one of "manual", "autoColor" or "autoTransparent"',
    ),
    (
        'crop = { autoTransparent = { tolerance = 0.5 }, autoColor = { corner = "UpperLeft", tolerance = 0.5 } }',
        "crop.autoTransparent",
        'it beside "autoColor"',
        'only one of "manual", "autoColor" or "autoTransparent"',
    ),
    (
        "manualCropOptions = { left = 1, right = 1, top = 1, bottom = 0 }",
        "manualCropOptions",
        "an unknown key",
        '"crop.manual"',
    ),
    ("photoshopOptions = {}", "photoshopOptions", "an empty table", "at least one of its keys: process, layerOptions"),
    (
        'photoshopOptions = { process = "none" }',
        "photoshopOptions.process",
        '"none"',
        '"None" or "MaintainLayers"; did you mean "None"?',
    ),
    (
        'photoshopOptions = { layerOptions = { layerNaming = "Layername" } }',
        "photoshopOptions.layerOptions.layerNaming",
        '"Layername"',
        '"LayerName", "AppendNumber", "AppendName" or "Folders"; did you mean "LayerName"?',
    ),
    (
        'photoshopOptions = { layerOptions = { anchor = "NorthEast" } }',
        "photoshopOptions.layerOptions.anchor",
        '"NorthEast"',
        ANCHORS + '; did you mean "Northeast"?',
    ),
    (
        'photoshopOptions = { layerOptions = { createTemplate = "no" } }',
        "photoshopOptions.layerOptions.createTemplate",
        '"no"',
        FLAG,
    ),
    (
        "photoshopOptions = { layerOptions = { extractText = 1 } }",
        "photoshopOptions.layerOptions.extractText",
        "1",
        FLAG,
    ),
    (
        'photoshopOptions = { layerOptions = { extendLayers = "true" } }',
        "photoshopOptions.layerOptions.extendLayers",
        '"true"',
        FLAG,
    ),
    (
        "photoshopOptions = { layerOptions = {} }",
        "photoshopOptions.layerOptions",
        "an empty table",
        "at least one of its keys: layerNaming, anchor, createTemplate, extractText, extendLayers",
    ),
    (
        'postScriptOptions = { process = "rasterize" }',
        "postScriptOptions.process",
        '"rasterize"',
        f'{RASTERIZING}; did you mean "Rasterize"?',
    ),
    ('postScriptOptions = { process = "Thumbnail" }', "postScriptOptions.process", '"Thumbnail"', RASTERIZING),
    ("postScriptOptions = { resolution = 0 }", "postScriptOptions.resolution", "0", RESOLUTION),
    ('postScriptOptions = { resolution = "150" }', "postScriptOptions.resolution", '"150"', RESOLUTION),
    (
        'postScriptOptions = { colorspace = "RGB" }',
        "postScriptOptions.colorspace",
        '"RGB"',
        f'{COLORSPACES}; did you mean "Rgb"?',
    ),
    ('postScriptOptions = { colorSpace = "Rgb" }', "postScriptOptions.colorSpace", "an unknown key", '"colorspace"'),
    ('postScriptOptions = { alpha = "yes" }', "postScriptOptions.alpha", '"yes"', FLAG),
    ("postScriptOptions = { extractSearchWords = 1 }", "postScriptOptions.extractSearchWords", "1", FLAG),
    ('pdfOptions = { process = "render" }', "pdfOptions.process", '"render"', '"None", "Rasterize" or "Thumbnail"'),
    ("pdfOptions = { resolution = 10001 }", "pdfOptions.resolution", "10001", RESOLUTION),
    ('pdfOptions = { colorspace = "CMYK" }', "pdfOptions.colorspace", '"CMYK"', f'{COLORSPACES}; did you mean "Cmyk"?'),
    ('pdfOptions = { pdfCatalog = "no" }', "pdfOptions.pdfCatalog", '"no"', FLAG),
    ('pdfOptions = { extractSearchWords = "no" }', "pdfOptions.extractSearchWords", '"no"', FLAG),
    ('pdfOptions = { extractLinks = "no" }', "pdfOptions.extractLinks", '"no"', FLAG),
    (
        "pdfOptions = { alpha = true }",
        "pdfOptions.alpha",
        "an unknown key",
        'one of "process", "resolution", "colorspace", "pdfCatalog", "extractSearchWords" or "extractLinks"',
    ),
    (
        'illustratorOptions = { process = "Rasterise" }',
        "illustratorOptions.process",
        '"Rasterise"',
        f'{RASTERIZING}; did you mean "Rasterize"?',
    ),
    ("illustratorOptions = { resolution = -72 }", "illustratorOptions.resolution", "-72", RESOLUTION),
    (
        'illustratorOptions = { colorspace = "Grey" }',
        "illustratorOptions.colorspace",
        '"Grey"',
        f'{COLORSPACES}; did you mean "Gray"?',
    ),
    ("illustratorOptions = { alpha = 0 }", "illustratorOptions.alpha", "0", FLAG),
    (
        'colorManagementOptions = { sourceProfileHandle = "CoatedPaper" }',
        "colorManagementOptions.colorManagement",
        "nothing",
        COLOURS,
    ),
    (
        'colorManagementOptions = { colorManagement = "convert" }',
        "colorManagementOptions.colorManagement",
        '"convert"',
        f'{COLOURS}; did you mean "Convert"?',
    ),
    (
        'colorManagementOptions = { colorManagement = "Convert", sourceProfileHandle = "ps|941" }',
        "colorManagementOptions.sourceProfileHandle",
        '"ps|941"',
        f"{PROFILE}; this is the handle of something else",
    ),
    (
        'colorManagementOptions = { colorManagement = "Convert", outputProfileHandle = "" }',
        "colorManagementOptions.outputProfileHandle",
        '""',
        f"{PROFILE}, on one line",
    ),
    (
        'colorManagementOptions = { colorManagement = "Convert", outputProfile = "Paper" }',
        "colorManagementOptions.outputProfile",
        "an unknown key",
        '"outputProfileHandle"',
    ),
    (
        'colorManagementOptions = { colorManagement = "Convert", outputProfileHandle = ["Paper"] }',
        "colorManagementOptions.outputProfileHandle",
        "a list",
        PROFILE,
    ),
    (
        "autoSetCreationOptions = {}",
        "autoSetCreationOptions",
        "an empty table",
        "at least one of its keys: autoSetsArray",
    ),
    (
        'autoSetCreationOptions = { sets = ["Spin"] }',
        "autoSetCreationOptions.sets",
        "an unknown key",
        '"autoSetsArray"',
    ),
    (
        'autoSetCreationOptions = { autoSetsArray = "Spin" }',
        "autoSetCreationOptions.autoSetsArray",
        '"Spin"',
        f"a list, each {SET}",
    ),
    (
        'autoSetCreationOptions = { autoSetsArray = ["Spin", "p|6|Spin"] }',
        "autoSetCreationOptions.autoSetsArray[1]",
        '"p|6|Spin"',
        f"{SET}; this is the handle of something else",
    ),
    (
        'autoSetCreationOptions = { autoSetsArray = ["Spin", "Spin"] }',
        "autoSetCreationOptions.autoSetsArray",
        '"Spin" twice',
        "each entry once",
    ),
    ('projectHandleArray = "Spring 2026"', "projectHandleArray", '"Spring 2026"', f"a list, each {PROJECT}"),
    ('projectHandleArray = ["Spring 2026", 7]', "projectHandleArray[1]", "7", PROJECT),
    ('projectHandleArray = ["Spring 2026", "  "]', "projectHandleArray[1]", '"  "', f"{PROJECT}, on one line"),
    (
        'projectHandleArray = ["Spring 2026", "a|12"]',
        "projectHandleArray[1]",
        '"a|12"',
        f"{PROJECT}; this is the handle of something else",
    ),
    ('projects = ["Spring 2026"]', "projects", "an unknown key", '"projectHandleArray"'),
    ('emailSetting = "none"', "emailSetting", '"none"', f'{MAILS}; did you mean "None"?'),
    ("emailSetting = false", "emailSetting", "false", MAILS),
    (
        'postHttpUrl = "http://hooks.example.com/done"',
        "postHttpUrl",
        '"http://hooks.example.com/done"',
        "https, since plain http can be read and changed on its way",
    ),
    (
        'postHttpUrl = "https://me:hunter2@hooks.example.com/done"',
        "postHttpUrl",
        '"https://…@hooks.example.com/done"',
        "an address without user and password",
    ),
    (
        'postHttpUrl = "https://hooks.example.com/done"',
        "postHttpUrl",
        '"https://hooks.example.com/done"',
        "no such option, while [upload] post_http_hosts of hotfolder.toml lists no host",
    ),
    ("postHttpUrl = 5", "postHttpUrl", "5", 'an address such as "https://hooks.example.com/done", or "" for none'),
    (
        "mediaOptions = {}",
        "mediaOptions",
        "an empty table",
        "at least one of its keys: videoEncodingPresetsArray, generateThumbnail, thumbnailOptions",
    ),
    (
        'mediaOptions = { videoEncodingPresetsArray = ["a|1"] }',
        "mediaOptions.videoEncodingPresetsArray[0]",
        '"a|1"',
        f"{PRESET}; this is the handle of something else",
    ),
    ('mediaOptions = { generateThumbnail = "yes" }', "mediaOptions.generateThumbnail", '"yes"', FLAG),
    (
        "mediaOptions = { thumbnailTime = 5 }",
        "mediaOptions.thumbnailTime",
        "an unknown key",
        '"thumbnailOptions.thumbnailTime"',
    ),
    (
        "mediaOptions = { thumbnailOptions = { thumbnailTime = 1.5 } }",
        "mediaOptions.thumbnailOptions.thumbnailTime",
        "1.5",
        MILLISECONDS,
    ),
    (
        "mediaOptions = { thumbnailOptions = { thumbnailTime = -1 } }",
        "mediaOptions.thumbnailOptions.thumbnailTime",
        "-1",
        MILLISECONDS,
    ),
    (
        "mediaOptions = { thumbnailOptions = {} }",
        "mediaOptions.thumbnailOptions.thumbnailTime",
        "nothing",
        MILLISECONDS,
    ),
    ('inDesignOptions = { process = "Rasterize" }', "inDesignOptions.process", '"Rasterize"', '"None"'),
    ("inDesignOptions = {}", "inDesignOptions", "an empty table", "at least one of its keys: process"),
    ('keywords = "spring"', "keywords", '"spring"', "a list, each a keyword"),
    ('keywords = ["spring", ""]', "keywords[1]", '""', "a keyword"),
    ('keywords = ["spring", "{foldr}"]', "keywords[1]", '"{foldr}"', "{folder} instead of {foldr}"),
    ('keywords = ["spring", "a\\tb"]', "keywords[1]", '"a\\tb"', "a text on one line without control characters"),
    ("keywords = [1]", "keywords[0]", "1", "a keyword"),
    ('xmpKeywords = "spring"', "xmpKeywords", "an unknown key", '"keywords"'),
    ("unsharpMaskOptions = { amount = 5.01 }", "unsharpMaskOptions.amount", "5.01", "a number from 0 to 5"),
    ("unsharpMaskOptions = { radius = -1 }", "unsharpMaskOptions.radius", "-1", "a number from 0 to 250"),
    ("unsharpMaskOptions = { threshold = 256 }", "unsharpMaskOptions.threshold", "256", "a whole number from 0 to 255"),
    ("unsharpMaskOptions = { threshold = 2.0 }", "unsharpMaskOptions.threshold", "2.0", "a whole number from 0 to 255"),
    (
        "unsharpMaskOptions = { monochrome = true }",
        "unsharpMaskOptions.monochrome",
        "true",
        "a whole number from 0 to 1",
    ),
    ("unsharpMaskOptions = { monochrome = 2 }", "unsharpMaskOptions.monochrome", "2", "a whole number from 0 to 1"),
    ("unsharpMaskOptions = { ammount = 2 }", "unsharpMaskOptions.ammount", "an unknown key", '"amount"'),
    ("unCompressOptions = {}", "unCompressOptions.process", "nothing", '"None" or "UnCompress"'),
    (
        'unCompressOptions = { process = "Uncompress" }',
        "unCompressOptions.process",
        '"Uncompress"',
        '"None" or "UnCompress"; did you mean "UnCompress"?',
    ),
    (
        "excludeMasterVideoFromAVS = true",
        "excludeMasterVideoFromAVS",
        "an unknown key",
        "no such key; Adobe no longer supports it",
    ),
    (
        "autoSmartCropOptionsArray = []",
        "autoSmartCropOptionsArray",
        "an unknown key",
        "no such key; only later versions of the server's language have it",
    ),
]
"""A line of [folder.options]; the key that is wrong, below options; what is found; what is wanted."""


@pytest.mark.parametrize(("line", "key", "found", "wanted"), CASES)
def test_wrong_value_is_told_with_its_place_and_what_is_allowed(
    messages: Messages, good: str, line: str, key: str, found: str, wanted: str
) -> None:
    assert messages(f"{good}[folder.options]\n\n{line}\n") == [
        f"hotfolder.toml:12: folder[0].options.{key}: found {found}, wanted {wanted}"
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n[[folder.rule]]\nmatch = ['*.psd']\noptions = { createMask = 1 }", "13: folder[0].rule[0].options."),
        ("\n[[defaults.rule]]\nmatch = ['*.psd']\noptions.createMask = 1", "13: defaults.rule[0].options."),
        ("\n\n[folder.options]\ncreateMask = 1", "13: folder[0].options."),
    ],
)
def test_place_is_that_of_the_value(messages: Messages, good: str, text: str, place: str) -> None:
    assert messages(good + text) == [f"hotfolder.toml:{place}createMask: found 1, wanted true or false"]


def test_place_may_be_in_defaults_or_in_a_file_of_folders_d(messages: Messages, good: str) -> None:
    text = good.replace("overwrite = true", "overwrite = true\ncrop.manual = { left = 1, right = 1, top = 1 }")
    assert messages(text, b='path = "/b"\n\n[options]\nunCompressOptions.process = "Unzip"') == [
        f"hotfolder.toml:7: defaults.options.crop.manual.bottom: found nothing, wanted {PIXELS}",
        'folders.d/b.toml:4: options.unCompressOptions.process: found "Unzip", wanted "None" or "UnCompress"',
    ]


def test_all_wrong_values_of_one_option_are_told_at_once(messages: Messages, good: str) -> None:
    line = 'options = { pdfOptions = { process = "x", resolution = 0, pdfCatalog = 1 }, projectHandleArray = [1, 2] }'
    assert len(messages(f"{good}{line}\n")) == 5


def leaves(root: Node, node: Node, path: str = "") -> Iterator[str]:
    for key, inner in node["properties"].items():
        meant: Any = follow(root, inner)
        if "properties" in meant:
            yield from leaves(root, meant, f"{path}{key}.")
        else:
            yield path + key


@pytest.mark.parametrize("key", [*leaves(model_schema(Options), model_schema(Options))])
def test_table_above_has_every_option_and_element(key: str) -> None:
    assert any(case[1].partition("[")[0] == key for case in CASES)
