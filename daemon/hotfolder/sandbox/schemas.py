"""
The documents of IPS 2014-04-03 that the sandbox reads, as data: names, order, which are required, what they may hold.

Sources: authHeader PROTOCOL 1.4, uploadPostParam 2.2, UploadPostJob 2.3 and 3, calls 4.
"""

from typing import Final

from hotfolder.sandbox.documents import (
    BOOLEAN,
    DATE_TIME,
    INT,
    ITEMS,
    LONG,
    STRING,
    Array,
    Record,
    Tree,
    decimal,
    integer,
    matching,
    one_of,
    opt,
    req,
)
from hotfolder.sandbox.errors import invalid_parameter

AUTH_HEADER: Final = Record(
    opt("user", STRING),
    opt("password", STRING),
    opt("accessToken", STRING),
    opt("locale", STRING),
    req("appName", STRING),
    req("appVersion", STRING),
    opt("gzipResponse", BOOLEAN),
    opt("faultHttpStatusCode", integer(100, 599)),
)
"""The versioned, ordered header (PROTOCOL 1.4); user and password are left to the credentials check."""

_CORNER: Final = one_of("UpperLeft", "UpperRight", "BottomLeft", "BottomRight")
_FRACTION: Final = decimal(0, 1)
_PIXELS: Final = integer(0, 2**31 - 1)
_DPI: Final = decimal(0, 100_000)  # no upper bound is documented; this one only catches nonsense
_COLORSPACE: Final = one_of("Auto", "Rgb", "Cmyk", "Gray")
_EMAIL_SETTING: Final = one_of("All", "Error", "ErrorAndWarning", "JobCompletion", "None")
_RASTERIZE: Final = one_of("None", "Rasterize")
_PROJECTS: Final = Array(matching(r"p\|[0-9]+\|.+", "the handle of a project"))
_PROPERTY_SETS: Final = Array(matching(r"ps\|[0-9]+", "the handle of a property set"))
_ASSET: Final = matching(r"a(\|[0-9]+)+", "the handle of an asset")
_KEYWORDS: Final = matching(
    r"([^\\]|\\[,\\])*", "keywords with commas between them, backslashes only before commas and backslashes"
)
_URL: Final = matching(r"https?://[^\s/?#]+[^\s]*", "an address")

UPLOAD_POST_JOB: Final = Record(
    req("overwrite", BOOLEAN),
    req("readyForPublish", BOOLEAN),
    opt("preservePublishState", BOOLEAN),
    req("createMask", BOOLEAN),
    opt("preserveCrop", BOOLEAN),
    opt(
        "knockoutBackgroundOptions",
        Record(
            req("corner", _CORNER), opt("tolerance", _FRACTION), req("fillMethod", one_of("FloodFill", "MatchPixel"))
        ),
    ),
    opt(
        "manualCropOptions",
        Record(req("left", _PIXELS), req("right", _PIXELS), req("top", _PIXELS), req("bottom", _PIXELS)),
    ),
    opt("autoColorCropOptions", Record(req("corner", _CORNER), req("tolerance", _FRACTION))),
    opt("autoTransparentCropOptions", Record(req("tolerance", _FRACTION))),
    opt(
        "photoshopOptions",
        Record(
            opt("process", one_of("None", "MaintainLayers")),
            opt(
                "layerOptions",
                Record(
                    opt("layerNaming", one_of("LayerName", "AppendNumber", "AppendName", "Folders")),
                    opt(
                        "anchor",
                        one_of(
                            "Center",
                            "North",
                            "Northwest",
                            "West",
                            "Southwest",
                            "South",
                            "Southeast",
                            "East",
                            "Northeast",
                        ),
                    ),
                    opt("createTemplate", BOOLEAN),
                    opt("extractText", BOOLEAN),
                    opt("extendLayers", BOOLEAN),
                ),
            ),
        ),
    ),
    opt(
        "postScriptOptions",
        Record(
            opt("process", _RASTERIZE),
            opt("resolution", _DPI),
            opt("colorspace", _COLORSPACE),
            opt("alpha", BOOLEAN),
            opt("extractSearchWords", BOOLEAN),
        ),
    ),
    opt(
        "pdfOptions",
        Record(
            opt("process", one_of("None", "Rasterize", "Thumbnail")),
            opt("resolution", _DPI),
            opt("colorspace", _COLORSPACE),
            opt("pdfCatalog", BOOLEAN),
            opt("extractSearchWords", BOOLEAN),
            opt("extractLinks", BOOLEAN),
        ),
    ),
    opt(
        "illustratorOptions",
        Record(
            opt("process", _RASTERIZE), opt("resolution", _DPI), opt("colorspace", _COLORSPACE), opt("alpha", BOOLEAN)
        ),
    ),
    opt(
        "colorManagementOptions",
        Record(
            req("colorManagement", one_of("Default", "MaintainOriginal", "Convert")),
            opt("sourceProfileHandle", _ASSET),
            opt("outputProfileHandle", _ASSET),
        ),
    ),
    opt("autoSetCreationOptions", Record(opt("autoSetsArray", _PROPERTY_SETS))),
    opt("projectHandleArray", _PROJECTS),
    req("emailSetting", _EMAIL_SETTING),
    opt("postHttpUrl", _URL),
    opt(
        "mediaOptions",
        Record(
            opt("videoEncodingPresetsArray", _PROPERTY_SETS),
            opt("generateThumbnail", BOOLEAN),
            opt("thumbnailOptions", Record(opt("thumbnailTime", LONG))),
        ),
    ),
    opt("inDesignOptions", Record(opt("process", one_of("None")))),
    opt("xmpKeywords", _KEYWORDS),
    opt(
        "unsharpMaskOptions",
        Record(
            opt("amount", decimal(0, 5)),
            opt("radius", decimal(0, 250)),
            opt("threshold", integer(0, 255)),
            opt("monochrome", integer(0, 1)),
        ),
    ),
    opt("unCompressOptions", Record(req("process", one_of("None", "UnCompress")))),
    opt("excludeMasterVideoFromAVS", BOOLEAN),
)
"""Rows 1 to 24 of PROTOCOL 2.3; handles have the forms of 2.7. Elements of later versions are unknown here."""

UPLOAD_POST_PARAM: Final = Record(
    req("companyHandle", STRING),
    opt("jobName", STRING),
    opt("jobHandle", STRING),
    opt("locale", STRING),
    opt("description", STRING),
    opt("destFolder", STRING),
    opt("fileName", STRING),
    opt("endJob", BOOLEAN),
    opt("uploadParams", UPLOAD_POST_JOB),
)

_IMAGE_SERVING_PUBLISH_JOB: Final = Record(
    req("publishType", one_of("Full", "FullWithSearch", "Incremental")),
    req("emailSetting", _EMAIL_SETTING),
    opt("httpCompletionUrl", STRING),
    opt("contextHandle", STRING),
)

_SORT_DIRECTION: Final = one_of("Ascending", "Descending")

OPERATIONS: Final[dict[str, Record]] = {
    "getCompanyInfo": Record(opt("companyHandle", STRING), opt("companyName", STRING)),
    "getCompanyMembership": Record(opt("userHandle", STRING)),
    "checkLogin": Record(opt("companyHandle", STRING), req("email", STRING), req("password", STRING)),
    "getUserInfo": Record(opt("userHandle", STRING), opt("email", STRING)),
    "getProperty": Record(req("name", STRING)),
    "getActiveJobs": Record(opt("companyHandle", STRING), opt("jobHandle", STRING), opt("originalName", STRING)),
    "getJobLogDetails": Record(
        req("companyHandle", STRING),
        opt("jobHandle", STRING),
        opt("originalName", STRING),
        opt("logTypeArray", ITEMS),
        opt("recordsPerPage", integer(1, 1000)),
        opt("resultsPage", integer(1, 2**31 - 1)),
        opt("sortBy", one_of("Date", "LogType")),
        opt("sortDirection", _SORT_DIRECTION),
    ),
    "getJobLogs": Record(
        opt("companyHandle", STRING),
        opt("userHandle", STRING),
        opt(
            "sortBy",
            one_of(
                "JobName",
                "LogType",
                "StartDate",
                "CompanyName",
                "UserId",
                "Email",
                "FileErrorCount",
                "FileWarningCount",
                "FileSuccessCount",
            ),
        ),
        opt("sortDirection", _SORT_DIRECTION),
        opt("startDate", DATE_TIME),
        opt("endDate", DATE_TIME),
        opt("numRows", INT),
    ),
    "getAssetsByName": Record(
        req("companyHandle", STRING),
        opt("accessUserHandle", STRING),
        opt("accessGroupHandle", STRING),
        req("nameArray", ITEMS),
        opt("assetTypeArray", ITEMS),
        opt("excludeAssetTypeArray", ITEMS),
        opt("assetSubTypeArray", ITEMS),
        opt("strictSubTypeCheck", BOOLEAN),
        opt("responseFieldArray", ITEMS),
        opt("excludeFieldArray", ITEMS),
    ),
    "submitJob": Record(
        req("companyHandle", STRING),
        opt("userHandle", STRING),
        req("jobName", STRING),
        opt("locale", STRING),
        opt("execTime", DATE_TIME),
        opt("execSchedule", STRING),
        opt("description", STRING),
        opt("imageServingPublishJob", _IMAGE_SERVING_PUBLISH_JOB),
    ),
    "checkAssetNames": Record(req("companyHandle", STRING), req("assetNameArray", ITEMS)),
    "searchAssets": Record(  # the conditions on keywords, fields, tags and metadata are not offered
        req("companyHandle", STRING),
        opt("accessUserHandle", STRING),
        opt("accessGroupHandle", STRING),
        opt("folder", STRING),
        req("includeSubfolders", BOOLEAN),
        opt("assetTypeArray", ITEMS),
        opt("excludeAssetTypeArray", ITEMS),
        opt("recordsPerPage", integer(1, 1000)),
        opt("resultsPage", integer(1, 2**31 - 1)),
        opt("responseFieldArray", ITEMS),
        opt("excludeFieldArray", ITEMS),
    ),
    "getProjects": Record(req("companyHandle", STRING)),
    "getPropertySetTypes": Record(opt("companyHandle", STRING)),
    "getPropertySets": Record(
        req("typeHandle", STRING), req("primaryOwnerHandle", STRING), opt("secondaryOwnerHandle", STRING)
    ),
}
"""SOAP operations by name: the record of `<name>Param` (PROTOCOL 3.5, 4.1, 4.3, 4.5)."""


def check_options(options: Tree) -> None:
    """What UploadPostJob's sequence cannot say: crop options are exclusive (PROTOCOL 3)."""
    crops = [
        name for name in ("manualCropOptions", "autoColorCropOptions", "autoTransparentCropOptions") if name in options
    ]
    if len(crops) > 1:
        raise invalid_parameter(f"Crop options are exclusive, found {' and '.join(crops)}")
