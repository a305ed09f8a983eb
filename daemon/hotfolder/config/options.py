"""
The upload options, in the order of the wire (PROTOCOL 2.3).

To add one: name it in `Options`, if it is a table with a model of its own in `option_tables`.
Names are Adobe's, but for `crop` (their three crop options in one, since they exclude each other) and `keywords`.
How they are written for the server is the business of `ips`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hotfolder.config.addresses import POST_URL
from hotfolder.config.option_tables import (
    AutoSetCreationOptions,
    ColorManagementOptions,
    Crop,
    IllustratorOptions,
    InDesignOptions,
    KnockoutBackgroundOptions,
    MediaOptions,
    PdfOptions,
    PhotoshopOptions,
    PostScriptOptions,
    Projects,
    UnCompressOptions,
    UnsharpMaskOptions,
)
from hotfolder.config.table import Table
from hotfolder.config.templates import KEYWORD


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
    knockoutBackgroundOptions: KnockoutBackgroundOptions | None = None  # noqa: N815
    crop: Crop | None = None
    photoshopOptions: PhotoshopOptions | None = None  # noqa: N815
    postScriptOptions: PostScriptOptions | None = None  # noqa: N815
    pdfOptions: PdfOptions | None = None  # noqa: N815
    illustratorOptions: IllustratorOptions | None = None  # noqa: N815
    colorManagementOptions: ColorManagementOptions | None = None  # noqa: N815
    autoSetCreationOptions: AutoSetCreationOptions | None = None  # noqa: N815
    projectHandleArray: Projects | None = Field(  # noqa: N815
        None,
        description="Projects that every file joins, by name or handle; [] = none.",
        examples=[["Spring 2026"]],
    )
    emailSetting: Literal["All", "Error", "ErrorAndWarning", "JobCompletion", "None"] = Field(  # noqa: N815
        "None", description="When the server writes mail to the user."
    )
    postHttpUrl: Annotated[str, POST_URL] | None = Field(  # noqa: N815
        None,
        description="An address that the server may call when a job ends, at a host that [upload] post_http_hosts "
        'lists; "" = none. Receipts and the page show it: no place for a secret.',
        examples=["https://hooks.example.com/done"],
    )
    mediaOptions: MediaOptions | None = None  # noqa: N815
    inDesignOptions: InDesignOptions | None = None  # noqa: N815
    keywords: list[Annotated[str, KEYWORD]] | None = Field(
        None,
        description="Keywords for every file; placeholders as in destination. One job per resulting set of options.",
        examples=[["spring"]],
    )
    unsharpMaskOptions: UnsharpMaskOptions | None = None  # noqa: N815
    unCompressOptions: UnCompressOptions | None = None  # noqa: N815

    def stated(self) -> dict[str, Any]:
        """Return the options that were written down, as they were written."""
        return self.model_dump(exclude_unset=True)


def complete(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the options with every default filled in that we always send (DESIGN 4.2)."""
    return {**Options().model_dump(exclude_none=True), **stated}
