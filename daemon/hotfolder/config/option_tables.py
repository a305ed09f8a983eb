"""
The upload options that are tables: one model each, with the types and limits of PROTOCOL 3.

Names are Adobe's, but for those of `crop`. Where the server takes handles, people may write names.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hotfolder.config.names import Distinct, name_of
from hotfolder.config.table import Table
from hotfolder.core.option_names import NameKind

Pixels = Annotated[int, Field(ge=0, le=2**31 - 1)]  # xsd:int
Fraction = Annotated[float, Field(ge=0, le=1)]
Resolution = Annotated[float, Field(gt=0, le=10_000)]  # dpi; no limit is documented, beyond this it is a slip
Milliseconds = Annotated[int, Field(ge=0, le=2**63 - 1)]  # xsd:long
Corner = Literal["UpperLeft", "UpperRight", "BottomLeft", "BottomRight"]
Colorspace = Literal["Auto", "Rgb", "Cmyk", "Gray"]
Rasterizing = Literal["None", "Rasterize"]
Projects = Annotated[list[Annotated[str, name_of(NameKind.PROJECT)]], Distinct()]
Sets = Annotated[list[Annotated[str, name_of(NameKind.SET)]], Distinct()]
Presets = Annotated[list[Annotated[str, name_of(NameKind.PRESET)]], Distinct()]
Profile = Annotated[str, name_of(NameKind.PROFILE)]


class KnockoutBackgroundOptions(Table):
    """Makes the background of images transparent."""

    corner: Corner = Field(description="The corner whose colour is the background's.", examples=["UpperLeft"])
    tolerance: Fraction | None = Field(
        None, description="Colour distance that is still background; 0 = exactly it.", examples=[0.1]
    )
    fillMethod: Literal["FloodFill", "MatchPixel"] = Field(  # noqa: N815 - as Adobe spells it, here and below
        description="FloodFill = only what hangs together with the corner; MatchPixel = everywhere.",
        examples=["FloodFill"],
    )


class ManualCrop(Table):
    """Pixels cut off each side; all 0 = no new crop."""

    left: Pixels = Field(description="Pixels cut off the left side.", examples=[10])
    right: Pixels = Field(description="Pixels cut off the right side.", examples=[10])
    top: Pixels = Field(description="Pixels cut off the top.", examples=[0])
    bottom: Pixels = Field(description="Pixels cut off the bottom.", examples=[0])


class AutoColorCrop(Table):
    """Cuts off a border of one colour."""

    corner: Corner = Field(description="The corner whose colour is the border's.", examples=["UpperLeft"])
    tolerance: Fraction = Field(description="Colour distance that is still border; 0 = exactly it.", examples=[0.5])


class AutoTransparentCrop(Table):
    """Cuts off a transparent border."""

    tolerance: Fraction = Field(description="Transparency that is still border; 0 = only full.", examples=[0.5])


class Crop(Table):
    """Cuts images in one of three ways: by hand, or along a border of one colour or of transparency."""

    exactly_one: ClassVar = (("manual", "autoColor", "autoTransparent"),)

    manual: ManualCrop | None = None
    autoColor: AutoColorCrop | None = None  # noqa: N815
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


class PostScriptOptions(Table):
    """PostScript files (EPS, PS)."""

    never_empty: ClassVar = True

    process: Rasterizing | None = Field(None, description="Rasterize = also an image of it.", examples=["Rasterize"])
    resolution: Resolution | None = Field(None, description="Dots per inch.", examples=[150.0])
    colorspace: Colorspace | None = Field(None, description="Colours of the image.", examples=["Auto"])
    alpha: bool | None = Field(None, description="Keep transparency.", examples=[False])
    extractSearchWords: bool | None = Field(  # noqa: N815
        None, description="Make the words searchable.", examples=[False]
    )


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


class IllustratorOptions(Table):
    """Illustrator files."""

    never_empty: ClassVar = True

    process: Rasterizing | None = Field(None, description="Rasterize = also an image of it.", examples=["Rasterize"])
    resolution: Resolution | None = Field(None, description="Dots per inch.", examples=[150.0])
    colorspace: Colorspace | None = Field(None, description="Colours of the image.", examples=["Auto"])
    alpha: bool | None = Field(None, description="Keep transparency.", examples=[False])


class ColorManagementOptions(Table):
    """The colours of images."""

    colorManagement: Literal["Default", "MaintainOriginal", "Convert"] = Field(  # noqa: N815
        description="Default = keep them, but CMYK without a profile becomes sRGB; Convert = by the profiles here.",
        examples=["Convert"],
    )
    sourceProfileHandle: Profile | None = Field(  # noqa: N815
        None,
        description="The ICC profile that images are taken to have, by name or handle; used with Convert.",
        examples=["CoatedPaper"],
    )
    outputProfileHandle: Profile | None = Field(  # noqa: N815
        None, description="The ICC profile to convert to, by name or handle; used with Convert.", examples=["ScreenRgb"]
    )


class AutoSetCreationOptions(Table):
    """Builds sets of images by their names."""

    never_empty: ClassVar = True

    autoSetsArray: Sets | None = Field(  # noqa: N815
        None,
        description="Batch set presets, by name or handle, each applied to all files of a job; [] = none.",
        examples=[["Spin sets"]],
    )


class ThumbnailOptions(Table):
    """The thumbnail of a video."""

    thumbnailTime: Milliseconds = Field(  # noqa: N815
        description="Milliseconds from the start of the video.", examples=[2000]
    )


class MediaOptions(Table):
    """Videos."""

    never_empty: ClassVar = True

    videoEncodingPresetsArray: Presets | None = Field(  # noqa: N815
        None,
        description="Video encoding presets, by name or handle; one video each; [] = none.",
        examples=[["Wide for phones"]],
    )
    generateThumbnail: bool | None = Field(  # noqa: N815
        None, description="true = a thumbnail of the first frame.", examples=[True]
    )
    thumbnailOptions: ThumbnailOptions | None = None  # noqa: N815


class InDesignOptions(Table):
    """InDesign files."""

    never_empty: ClassVar = True

    process: Literal["None"] | None = Field(None, description="They are stored as they are.", examples=["None"])


class UnsharpMaskOptions(Table):
    """Sharpens images."""

    never_empty: ClassVar = True

    amount: Annotated[float, Field(ge=0, le=5)] | None = Field(None, description="Strength.", examples=[1.75])
    radius: Annotated[float, Field(ge=0, le=250)] | None = Field(None, description="Width in pixels.", examples=[0.2])
    threshold: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="Contrast from which an edge is sharpened.", examples=[2]
    )
    monochrome: Annotated[int, Field(ge=0, le=1)] | None = Field(None, description="1 = brightness only.", examples=[0])


class UnCompressOptions(Table):
    """Archives (ZIP, TAR, gzip)."""

    process: Literal["None", "UnCompress"] = Field(
        description="UnCompress = store what is in an archive, each file under its own name. Each archive is a job of "
        "its own then, and stored when everything in it is.",
        examples=["None"],
    )
