"""
The upload options: one model per option, in the order of the wire (PROTOCOL 2.3).

To add one: write its model with the types and limits of PROTOCOL 3, and name it in `Options`.
Names are Adobe's, but for `crop` (their three crop options in one, since they exclude each other) and `keywords`.
How they are written for the server is the business of `ips`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from hotfolder.config.table import Table
from hotfolder.config.templates import KEYWORD

Pixels = Annotated[int, Field(ge=0, le=2**31 - 1)]  # xsd:int
Tolerance = Annotated[float, Field(ge=0, le=1)]
Resolution = Annotated[float, Field(gt=0, le=10_000)]  # dpi; no limit is documented, beyond this it is a slip
Corner = Literal["UpperLeft", "UpperRight", "BottomLeft", "BottomRight"]
Colorspace = Literal["Auto", "Rgb", "Cmyk", "Gray"]


class ManualCrop(Table):
    """Pixels cut off each side; all 0 = no new crop."""

    left: Pixels = Field(description="Pixels cut off the left side.", examples=[10])
    right: Pixels = Field(description="Pixels cut off the right side.", examples=[10])
    top: Pixels = Field(description="Pixels cut off the top.", examples=[0])
    bottom: Pixels = Field(description="Pixels cut off the bottom.", examples=[0])


class AutoColorCrop(Table):
    """Cuts off a border of one colour."""

    corner: Corner = Field(description="The corner whose colour is the border's.", examples=["UpperLeft"])
    tolerance: Tolerance = Field(description="Colour distance that is still border; 0 = exactly it.", examples=[0.5])


class AutoTransparentCrop(Table):
    """Cuts off a transparent border."""

    tolerance: Tolerance = Field(description="Transparency that is still border; 0 = only full.", examples=[0.5])


class Crop(Table):
    """Cuts images in one of three ways: by hand, or along a border of one colour or of transparency."""

    exactly_one: ClassVar = (("manual", "autoColor", "autoTransparent"),)

    manual: ManualCrop | None = None
    autoColor: AutoColorCrop | None = None  # noqa: N815 - as Adobe spells it in autoColorCropOptions
    autoTransparent: AutoTransparentCrop | None = None  # noqa: N815


class LayerOptions(Table):
    """How the layers of a Photoshop file become images."""

    never_empty: ClassVar = True

    layerNaming: Literal["LayerName", "AppendNumber", "AppendName", "Folders"] | None = Field(  # noqa: N815
        None,
        description="Names of layer images: AppendName = FILE_LAYER, AppendNumber = FILE_1.",
        examples=["AppendName"],
    )
    anchor: (
        Literal["Center", "North", "Northwest", "West", "Southwest", "South", "Southeast", "East", "Northeast"] | None
    ) = Field(None, description="Anchor point of layer images.", examples=["Center"])
    createTemplate: bool | None = Field(  # noqa: N815
        None, description="Also build a template of the layers.", examples=[False]
    )
    extractText: bool | None = Field(None, description="Keep text as text.", examples=[False])  # noqa: N815
    extendLayers: bool | None = Field(  # noqa: N815
        None, description="Extend layers to the size of the whole image.", examples=[False]
    )


class PhotoshopOptions(Table):
    """Photoshop files."""

    never_empty: ClassVar = True

    process: Literal["None", "MaintainLayers"] | None = Field(
        None, description="MaintainLayers = one image per layer.", examples=["None"]
    )
    layerOptions: LayerOptions | None = None  # noqa: N815


class PdfOptions(Table):
    """PDF files."""

    never_empty: ClassVar = True

    process: Literal["None", "Rasterize", "Thumbnail"] | None = Field(
        None, description="What becomes of the pages.", examples=["Rasterize"]
    )
    resolution: Resolution | None = Field(None, description="Dots per inch.", examples=[150.0])
    colorspace: Colorspace | None = Field(None, description="Colours of the page images.", examples=["Auto"])
    pdfCatalog: bool | None = Field(None, description="Also build an eCatalog.", examples=[False])  # noqa: N815
    extractSearchWords: bool | None = Field(  # noqa: N815
        None, description="Make the words searchable.", examples=[False]
    )
    extractLinks: bool | None = Field(None, description="Keep links as image maps.", examples=[False])  # noqa: N815


class UnsharpMaskOptions(Table):
    """Sharpens images."""

    never_empty: ClassVar = True

    amount: Annotated[float, Field(ge=0, le=5)] | None = Field(None, description="Strength.", examples=[1.75])
    radius: Annotated[float, Field(ge=0, le=250)] | None = Field(None, description="Width in pixels.", examples=[0.2])
    threshold: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="Contrast from which an edge is sharpened.", examples=[2]
    )
    monochrome: Annotated[int, Field(ge=0, le=1)] | None = Field(None, description="1 = brightness only.", examples=[0])


class Options(Table):
    """
    What the server shall do with the files.

    Names are Adobe's own, but for crop and keywords.
    """

    overwrite: bool | None = Field(
        None,
        description="true: replace what has the same name; false: then send nothing. "
        "No default: say it for each hot folder, or in [defaults.options].",
        examples=[True],
    )
    readyForPublish: bool = Field(  # noqa: N815
        True, description="Mark new files for publishing; where the company publishes instantly, they go live."
    )
    preservePublishState: bool = Field(  # noqa: N815
        True, description="A replaced file keeps its mark for publishing."
    )
    createMask: bool = Field(False, description="Make a mask of an image's clipping path.")  # noqa: N815
    preserveCrop: bool = Field(True, description="A replaced image keeps the crop made by hand.")  # noqa: N815
    crop: Crop | None = None
    photoshopOptions: PhotoshopOptions | None = None  # noqa: N815
    pdfOptions: PdfOptions | None = None  # noqa: N815
    emailSetting: Literal["All", "Error", "ErrorAndWarning", "JobCompletion", "None"] = Field(  # noqa: N815
        "None", description="When the server writes mail to the user."
    )
    keywords: list[Annotated[str, KEYWORD]] | None = Field(
        None,
        description="Keywords for every file; placeholders as in destination. One job per resulting set of options.",
        examples=[["spring"]],
    )
    unsharpMaskOptions: UnsharpMaskOptions | None = None  # noqa: N815

    def stated(self) -> dict[str, Any]:
        """Return the options that were written down, as they were written."""
        return self.model_dump(exclude_unset=True)


def complete(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the options with every default filled in that we always send (DESIGN 4.2)."""
    return {**Options().model_dump(exclude_none=True), **stated}
