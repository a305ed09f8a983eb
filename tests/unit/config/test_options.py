"""Upload options: types, ranges and constants of PROTOCOL 3, and the defaults of DESIGN 4.2."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from pydantic import ValidationError

from hotfolder.config.options import Options, complete
from hotfolder.core.rules import canonical
from hotfolder.ips.options import add_upload_options

GOOD: list[dict[str, Any]] = [
    {},
    {"overwrite": False, "readyForPublish": False, "preservePublishState": False, "createMask": True},
    {"preserveCrop": False},
    {"crop": {"manual": {"left": 0, "right": 0, "top": 0, "bottom": 0}}},
    {"crop": {"autoColor": {"corner": "BottomRight", "tolerance": 1}}},
    {"crop": {"autoTransparent": {"tolerance": 0.25}}},
    {"photoshopOptions": {"process": "None"}},
    {
        "photoshopOptions": {
            "process": "MaintainLayers",
            "layerOptions": {"layerNaming": "AppendName", "anchor": "West"},
        }
    },
    {"photoshopOptions": {"layerOptions": {"createTemplate": True, "extractText": True, "extendLayers": False}}},
    {"pdfOptions": {"process": "Rasterize", "resolution": 150, "colorspace": "Cmyk"}},
    {"pdfOptions": {"pdfCatalog": False, "extractSearchWords": True, "extractLinks": True}},
    {"unsharpMaskOptions": {"amount": 1.75, "radius": 0.2, "threshold": 2, "monochrome": 0}},
    {"unsharpMaskOptions": {"amount": 5, "radius": 250, "threshold": 255, "monochrome": 1}},
    {"knockoutBackgroundOptions": {"corner": "UpperRight", "fillMethod": "FloodFill"}},
    {"knockoutBackgroundOptions": {"corner": "UpperLeft", "tolerance": 0.1, "fillMethod": "MatchPixel"}},
    {"postScriptOptions": {"process": "Rasterize", "resolution": 300, "colorspace": "Gray"}},
    {"postScriptOptions": {"alpha": True, "extractSearchWords": False}},
    {"illustratorOptions": {"process": "None", "resolution": 72.5, "colorspace": "Auto", "alpha": True}},
    *({"colorManagementOptions": {"colorManagement": word}} for word in ("Default", "MaintainOriginal", "Convert")),
    {
        "colorManagementOptions": {
            "colorManagement": "Convert",
            "sourceProfileHandle": "a|732|1|535",
            "outputProfileHandle": "a|1",
        }
    },
    {"autoSetCreationOptions": {"autoSetsArray": ["ps|941", "ps|942"]}},
    {"autoSetCreationOptions": {"autoSetsArray": []}},
    {"projectHandleArray": ["p|6|Spring 2026"]},
    {"projectHandleArray": []},
    {"postHttpUrl": "https://hooks.example.com/done?job=1"},
    {"postHttpUrl": ""},
    {"mediaOptions": {"videoEncodingPresetsArray": ["ps|17"], "generateThumbnail": True}},
    {"mediaOptions": {"thumbnailOptions": {"thumbnailTime": 2**40}}},
    {"inDesignOptions": {"process": "None"}},
    *({"unCompressOptions": {"process": word}} for word in ("None", "UnCompress")),
    {"keywords": []},
    {"keywords": ["spring", "from {folder}"]},
    *({"emailSetting": word} for word in ("All", "Error", "ErrorAndWarning", "JobCompletion", "None")),
]

BAD: list[tuple[dict[str, Any], tuple[str | int, ...]]] = [
    ({"overwrite": "yes"}, ("overwrite",)),
    ({"overwrite": 1}, ("overwrite",)),
    ({"overWrite": True}, ("overWrite",)),
    ({"emailSetting": "none"}, ("emailSetting",)),
    ({"crop": {}}, ("crop",)),
    ({"crop": {"manual": {"left": 0, "right": 0, "top": 0}}}, ("crop", "manual", "bottom")),
    ({"crop": {"manual": {"left": -1, "right": 0, "top": 0, "bottom": 0}}}, ("crop", "manual", "left")),
    ({"crop": {"manual": {"left": 1.5, "right": 0, "top": 0, "bottom": 0}}}, ("crop", "manual", "left")),
    ({"crop": {"manual": {"left": 2**31, "right": 0, "top": 0, "bottom": 0}}}, ("crop", "manual", "left")),
    ({"crop": {"autoColor": {"corner": "LowerLeft", "tolerance": 0}}}, ("crop", "autoColor", "corner")),
    ({"crop": {"autoColor": {"corner": "UpperLeft"}}}, ("crop", "autoColor", "tolerance")),
    ({"crop": {"autoTransparent": {"tolerance": 1.01}}}, ("crop", "autoTransparent", "tolerance")),
    ({"photoshopOptions": {}}, ("photoshopOptions",)),
    ({"photoshopOptions": {"process": "Maintain"}}, ("photoshopOptions", "process")),
    ({"photoshopOptions": {"layerOptions": {}}}, ("photoshopOptions", "layerOptions")),
    ({"photoshopOptions": {"layerOptions": {"anchor": "NorthWest"}}}, ("photoshopOptions", "layerOptions", "anchor")),
    ({"pdfOptions": {"resolution": 0}}, ("pdfOptions", "resolution")),
    ({"pdfOptions": {"colorspace": "RGB"}}, ("pdfOptions", "colorspace")),
    ({"unsharpMaskOptions": {"amount": 5.1}}, ("unsharpMaskOptions", "amount")),
    ({"unsharpMaskOptions": {"radius": -0.1}}, ("unsharpMaskOptions", "radius")),
    ({"unsharpMaskOptions": {"threshold": 256}}, ("unsharpMaskOptions", "threshold")),
    ({"unsharpMaskOptions": {"threshold": 2.0}}, ("unsharpMaskOptions", "threshold")),
    ({"unsharpMaskOptions": {"monochrome": 2}}, ("unsharpMaskOptions", "monochrome")),
    ({"unsharpMaskOptions": {"monochrome": True}}, ("unsharpMaskOptions", "monochrome")),
    ({"knockoutBackgroundOptions": {"corner": "UpperLeft"}}, ("knockoutBackgroundOptions", "fillMethod")),
    ({"postScriptOptions": {}}, ("postScriptOptions",)),
    ({"postScriptOptions": {"process": "rasterize"}}, ("postScriptOptions", "process")),
    ({"illustratorOptions": {"resolution": 10_001}}, ("illustratorOptions", "resolution")),
    ({"illustratorOptions": {"alpha": 1}}, ("illustratorOptions", "alpha")),
    ({"colorManagementOptions": {"sourceProfileHandle": "Paper"}}, ("colorManagementOptions", "colorManagement")),
    ({"autoSetCreationOptions": {}}, ("autoSetCreationOptions",)),
    ({"autoSetCreationOptions": {"autoSetsArray": "Spin"}}, ("autoSetCreationOptions", "autoSetsArray")),
    ({"autoSetCreationOptions": {"autoSetsArray": ["p|6|Spin"]}}, ("autoSetCreationOptions", "autoSetsArray", 0)),
    ({"projectHandleArray": ["Spring", "ps|941"]}, ("projectHandleArray", 1)),
    ({"projectHandleArray": ["Spring", " "]}, ("projectHandleArray", 1)),
    ({"projectHandleArray": ["Spring", "Autumn", "Spring"]}, ("projectHandleArray",)),
    ({"postHttpUrl": "http://hooks.example.com/"}, ("postHttpUrl",)),
    ({"mediaOptions": {}}, ("mediaOptions",)),
    (
        {"mediaOptions": {"thumbnailOptions": {"thumbnailTime": -1}}},
        ("mediaOptions", "thumbnailOptions", "thumbnailTime"),
    ),
    ({"mediaOptions": {"thumbnailOptions": {}}}, ("mediaOptions", "thumbnailOptions", "thumbnailTime")),
    ({"inDesignOptions": {"process": "Rasterize"}}, ("inDesignOptions", "process")),
    ({"unCompressOptions": {}}, ("unCompressOptions", "process")),
    ({"unCompressOptions": {"process": "Uncompress"}}, ("unCompressOptions", "process")),
    ({"keywords": "spring"}, ("keywords",)),
    ({"keywords": ["spring", ""]}, ("keywords", 1)),
]


@pytest.mark.parametrize("options", GOOD)
def test_good_options_come_out_as_they_were_written(options: dict[str, Any]) -> None:
    assert Options.model_validate(options).stated() == options


@pytest.mark.parametrize("options", GOOD)
def test_good_options_can_be_written_for_the_server(options: dict[str, Any]) -> None:
    stated = Options.model_validate({"overwrite": True, **options}).stated()
    add_upload_options(etree.Element("parent"), canonical(complete(stated)))


@pytest.mark.parametrize(("options", "location"), BAD)
def test_wrong_options_are_refused_at_their_place(options: dict[str, Any], location: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(options)
    assert [error["loc"] for error in caught.value.errors()] == [location]


def test_two_ways_of_cropping_exclude_each_other() -> None:
    crop = {"autoTransparent": {"tolerance": 0}, "autoColor": {"corner": "UpperLeft", "tolerance": 0}}
    with pytest.raises(ValidationError, match='only one of "manual", "autoColor" or "autoTransparent"'):
        Options.model_validate({"crop": crop})


def test_unstated_options_have_the_defaults_that_we_always_send() -> None:
    assert complete({}) == {
        "readyForPublish": True,
        "preservePublishState": True,
        "createMask": False,
        "preserveCrop": True,
        "emailSetting": "None",
    }


def test_stated_options_win_over_defaults() -> None:
    assert complete({"createMask": True, "overwrite": False})["createMask"] is True
