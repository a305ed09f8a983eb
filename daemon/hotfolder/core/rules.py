"""
Which files a hot folder takes, and with what options and to which place each of them goes.

Owns the groups of extensions, the templates, and the router compiled from one hot folder's settings.
Knows nothing of the files themselves: paths and a day go in, decisions come out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hotfolder.core import wording
from hotfolder.core.globs import Globs, folded
from hotfolder.core.litter import is_reserved, litter_directory_reason, litter_reason
from hotfolder.core.naming import sent_name, sent_text
from hotfolder.core.settings import FolderSettings, OptionValues

GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(extensions.split())
    for name, extensions in {
        # Pixels and drawings, Photoshop and camera raw ("Camera Raw" is all that Adobe says of the latter; these are
        # the extensions of the makers that its converter reads). PSB is not taken (PROTOCOL 6.3): it is in here so that
        # whoever drops one is told, and not left to wait.
        "@images": "bmp fpx gif jpg jpeg png pict tif tiff psd psb fxg svg svgx "
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

GROUPS["@media"] = frozenset[str]().union(*GROUPS.values(), ["icc", "icm", "fla", "swf", "vnc", "vnt", "vnw"]) - {
    "js"  # taken only from companies with a domain of their own (PROTOCOL 6.3)
}
"""All asset files that Adobe takes, and PSB: every other group, colour profiles and authoring files."""

TEMPLATE_NAMES = ("folder", "subfolder", "date", "year", "month", "day", "stem", "ext")
"""What may stand between braces in a template."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of one path, by a hot folder's rules."""

    rule: int | None  # index of the rule that matched, None = the hot folder's own settings
    options: str  # canonical JSON of the resolved options: the key of a batch
    destination: str  # below the company root, no slash at either end; "" = the root itself
    overwrite: bool  # as in the options


class Router:
    """The rules of one hot folder, compiled once; it may be shared, for all that it remembers are its own answers."""

    def __init__(self, folder: FolderSettings) -> None:
        self._folder = folder
        self._include = Globs(folder.include, GROUPS)
        self._exclude = Globs(folder.exclude, GROUPS)
        self._rules = [Globs(rule.match, GROUPS) for rule in folder.rules]
        own = _Plan(folder, None)
        self._plans: dict[int | None, _Plan] = {None: own}
        self._plans |= {number: _Plan(folder, number) for number in range(len(folder.rules))}
        self._directories: dict[str, str | None] = {}

    def ignored(self, path: str) -> str | None:
        """Return why a path inside the hot folder is never sent, in words for people, or None when it may be."""
        cut = path.rfind("/")
        reason = self._ignored_directory(path[:cut]) if cut >= 0 else None
        if reason is None:
            reason = litter_reason(path[cut + 1 :])
        if reason is not None:
            return reason
        if cut < 0 and is_reserved(path):
            return wording.OURS
        comparable = folded(path)
        if (glob := self._exclude.match(comparable)) is not None:
            return wording.EXCLUDED.format(pattern=glob)
        if self._include.match(comparable) is None:
            return wording.NOT_INCLUDED
        return None

    def route(self, path: str, day: date) -> Route:
        """Return rule, options and destination for a file by the path where it was first dropped, and the day."""
        comparable = folded(path)
        rule = next((number for number, globs in enumerate(self._rules) if globs.match(comparable)), None)
        return self._plans[rule].route(path, day)

    def _ignored_directory(self, directory: str) -> str | None:
        """Return why nothing below a directory is sent; a tree has far fewer directories than files, so remember."""
        try:
            return self._directories[directory]
        except KeyError:
            pass
        reason = None
        for depth, name in enumerate(directory.split("/")):
            if depth == 0 and is_reserved(name):
                reason = wording.OURS
            elif (litter := litter_directory_reason(name)) is not None:
                reason = wording.IN_DIRECTORY.format(directory=name, why=litter)
            if reason is not None:
                break
        if len(self._directories) >= _REMEMBERED:
            self._directories.clear()
        self._directories[directory] = reason
        return reason


_REMEMBERED = 10_000
"""Directories whose answers are kept: a few MB at most, and more than a walk has open at one time."""

_Key = tuple[str, date]


class _Plan:
    """What one rule, or none, makes of paths."""

    def __init__(self, folder: FolderSettings, rule: int | None) -> None:
        self._folder = folder.name
        self._rule = rule
        settings = None if rule is None else folder.rules[rule]
        self._options: dict[str, Any] = dict(folder.options)
        self._destination = folder.destination
        if settings is not None:
            self._options |= settings.options
            if settings.destination is not None:
                self._destination = settings.destination
        self._options = without_nothing(self._options)
        keywords = self._options.pop("keywords", ())
        self._keywords: tuple[str, ...] = (keywords,) if isinstance(keywords, str) else tuple(keywords)
        self._by_file = any(_names_file(template) for template in (self._destination, *self._keywords))
        self._routes: dict[_Key, Route] = {}

    def route(self, path: str, day: date) -> Route:
        """Expand for one path; unless a template names the file, all files of a directory share the answer."""
        if self._by_file:
            return self._expanded(path, day)
        key = (path[: max(path.rfind("/"), 0)], day)
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= _REMEMBERED:
                self._routes.clear()
            route = self._routes[key] = self._expanded(path, day)
        return route

    def _expanded(self, path: str, day: date) -> Route:
        subfolder, _, name = path.rpartition("/")
        stem, dot, extension = name.rpartition(".")
        values = {
            "folder": self._folder,
            "subfolder": subfolder,
            "date": day.isoformat(),
            "year": f"{day.year:04}",
            "month": f"{day.month:02}",
            "day": f"{day.day:02}",
            "stem": stem if dot else name,
            "ext": extension.lower() if dot else "",
        }
        options = self._options
        # The same word twice, or none at all, would only split batches.
        keywords = dict.fromkeys(
            word for template in self._keywords if (word := sent_text(_expand(template, values)).strip())
        )
        if keywords:
            options = {**options, "keywords": list(keywords)}
        return Route(
            self._rule,
            canonical(options),
            _folder_path(_expand(self._destination, values)),
            bool(options.get("overwrite")),
        )


def canonical(options: OptionValues) -> str:
    """Return options as JSON that is equal exactly when they are: sorted keys, no blanks, ASCII."""
    return json.dumps(
        dict(options), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=dict
    )


def without_nothing(options: OptionValues) -> dict[str, Any]:
    """
    Return options without empty texts, lists and tables.

    They say "none", as a rule does that takes off what its folder says; to the server nothing is said of them.
    """
    inner = {key: without_nothing(value) if isinstance(value, Mapping) else value for key, value in options.items()}
    return {key: value for key, value in inner.items() if value not in ("", [], (), {})}


def _expand(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), template)


def _names_file(template: str) -> bool:
    return any(found.group(1) in ("stem", "ext") for found in _PLACEHOLDER.finditer(template))


def _folder_path(text: str) -> str:
    """
    Return a folder path as the server can keep it.

    Characters that it removes are dropped here already (PROTOCOL 6.2), so that two destinations that would become one
    are one; ".." and empty parts never leave the company root, whatever a directory was called.
    """
    parts = (sent_name(part).strip() for part in text.split("/"))
    return "/".join(part for part in parts if part not in ("", ".", ".."))
