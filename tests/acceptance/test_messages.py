"""What the daemon sends, by Adobe's own schema. Every other test here checks its own messages in the same way."""

from __future__ import annotations

import pytest

from tests.acceptance import messages
from tests.acceptance.place import Place


@pytest.mark.skipif(not messages.SCHEMA.is_file(), reason=f"no schema at {messages.SCHEMA}")
def test_every_message_of_a_run_with_all_options_fits_the_schema(place: Place, images: list[bytes]) -> None:
    place.configure(
        {
            "name": "everything",
            "options": {
                "overwrite": True,
                "readyForPublish": False,
                "preservePublishState": False,
                "createMask": True,
                "preserveCrop": False,
                "crop": {"autoColor": {"corner": "UpperLeft", "tolerance": 0.25}},
                "photoshopOptions": {
                    "process": "MaintainLayers",
                    "layerOptions": {
                        "layerNaming": "AppendName",
                        "anchor": "Center",
                        "createTemplate": False,
                        "extractText": True,
                        "extendLayers": False,
                    },
                },
                "pdfOptions": {
                    "process": "Rasterize",
                    "resolution": 150,
                    "colorspace": "Rgb",
                    "pdfCatalog": False,
                    "extractSearchWords": True,
                    "extractLinks": True,
                },
                "emailSetting": "ErrorAndWarning",
                "keywords": ["spring & <summer>", "a,b", "back\\slash", "Übergröße"],
                "unsharpMaskOptions": {"amount": 1.75, "radius": 0.00002, "threshold": 2, "monochrome": 1},
                "knockoutBackgroundOptions": {"corner": "UpperLeft", "tolerance": 0.1, "fillMethod": "MatchPixel"},
                "postScriptOptions": {
                    "process": "Rasterize",
                    "resolution": 300,
                    "colorspace": "Gray",
                    "alpha": True,
                    "extractSearchWords": True,
                },
                "illustratorOptions": {
                    "process": "Rasterize",
                    "resolution": 72.5,
                    "colorspace": "Cmyk",
                    "alpha": False,
                },
                "colorManagementOptions": {"colorManagement": "MaintainOriginal"},
                "autoSetCreationOptions": {"autoSetsArray": ["ps|941"]},
                "projectHandleArray": ["p|2101|Spring 2026", "p|2101|Autumn"],
                "postHttpUrl": "https://hooks.example.com/done?a=1&b=2",
                "mediaOptions": {
                    "videoEncodingPresetsArray": ["ps|17"],
                    "generateThumbnail": True,
                    "thumbnailOptions": {"thumbnailTime": 2000},
                },
                "inDesignOptions": {"process": "None"},
                "unCompressOptions": {"process": "None"},
            },
            "rule": [
                {
                    "match": ["*.png"],
                    "options": {
                        "crop": {"autoTransparent": {"tolerance": 0.5}},
                        "projectHandleArray": [],
                        "postHttpUrl": "",
                    },
                }
            ],
        },
        upload={"files_per_post": 3, "post_http_hosts": ["hooks.example.com"]},
    )
    for number in range(12):
        place.drop(f"everything/{'sub & <folder>/' if number > 8 else ''}n{number}.jpg", images[number * 2])
    place.drop("everything/Übung №1 & <so>.png", images[1])
    lost = place.box.add_fault(on="UploadFile", do="swallow-after", nth=2)

    ended = place.run_once()

    assert ended.code == 0, ended
    assert lost.hits == 1
    requests = place.box.requests
    assert {request.operation for request in requests} >= {"UploadFile", "getActiveJobs", "getJobLogDetails"}
    assert all(messages.documents(request) for request in requests)
    assert messages.misfits(requests) == []
    ruled = place.assets()["Übung №1  so"]["options"]
    assert ruled["autoTransparentCropOptions"] == {"tolerance": "0.5"}
    assert not {"autoColorCropOptions", "projectHandleArray", "postHttpUrl"} & set(ruled)
    assert place.assets()["n11"]["projects"] == ["p|2101|Autumn", "p|2101|Spring 2026"]
    options = place.assets()["n0"]["options"]
    assert options["xmpKeywords"] == r"spring & <summer>,a\,b,back\\slash,Übergröße"
    assert options["unsharpMaskOptions"]["radius"] == "0.00002"
    assert options["postHttpUrl"] == "https://hooks.example.com/done?a=1&b=2"
    assert options["mediaOptions"]["videoEncodingPresetsArray"] == ["ps|17"]
    assert len(options) == 21  # every element but two ways of cropping
