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
            },
            "rule": [{"match": ["*.png"], "options": {"crop": {"autoTransparent": {"tolerance": 0.5}}}}],
        },
        upload={"files_per_post": 3},
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
    assert place.assets()["Übung №1  so"]["options"]["autoTransparentCropOptions"] == {"tolerance": "0.5"}
    options = place.assets()["n0"]["options"]
    assert options["xmpKeywords"] == r"spring & <summer>,a\,b,back\\slash,Übergröße"
    assert options["unsharpMaskOptions"]["radius"] == "0.00002"
