"""
Which files a hot folder takes, and with what options and to which place each of them goes.

Owns the groups of extensions, the templates, and the router compiled from one hot folder's settings.
Knows nothing of the files themselves: paths and a day go in, decisions come out.
"""

from __future__ import annotations

import re

GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(extensions.split())
    for name, extensions in {
        # Pixels and drawings, Photoshop and camera raw ("Camera Raw" is all that Adobe says of the latter; these are
        # the extensions of the makers that its converter reads).
        "@images": "bmp fpx gif jpg jpeg png pict tif tiff psd fxg svg svgx "
        "3fr arw cr2 cr3 crw dcr dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f",
        "@documents": "pdf eps ps ai indd indt doc ppt rtf xls",
        # Captions belong to their video.
        "@video": "3gp 3g2 asf avi f4v flv m2p m2t m2ts m2v m4v mov mp4 mpeg mpg mts ogv ts vob vtt webm wmv",
        "@audio": "aac ac3 aiff mp3 wav wma",
        "@archives": "gz tar tgz zip",
        "@fonts": "afm otf pfb pfm ttc ttf",
        "@web": "css js xml xsl",
    }.items()
}
"""
Groups of extensions, lower case, that may stand where a glob may (PROTOCOL 6.3).

Lists age: a file that no group knows can always be named by a glob.
"""

GROUPS["@media"] = frozenset[str]().union(*GROUPS.values(), "icc icm fla swf vnc vnt vnw".split()) - {
    "js"  # taken only from companies with a domain of their own (PROTOCOL 6.3)
}
"""All asset files that Adobe takes: every other group, colour profiles and authoring files."""

TEMPLATE_NAMES = ("folder", "subfolder", "date", "year", "month", "day", "stem", "ext")
"""What may stand between braces in a template."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def template_problems(template: str) -> list[str]:
    """Say in words what is wrong with a template; an empty list means that it can be expanded."""
    known = ", ".join(f"{{{name}}}" for name in TEMPLATE_NAMES)
    problems = [
        f"{found.group()} is not known; known are {known}"
        for found in _PLACEHOLDER.finditer(template)
        if found.group(1) not in TEMPLATE_NAMES
    ]
    if set(_PLACEHOLDER.sub("", template)) & set("{}"):
        problems.append("a brace has no partner: braces only enclose names, such as {subfolder}")
    return problems
