"""
The sandbox's own page: assets and jobs for people to look at, escaped by the template engine, without scripts.
"""

import sqlite3
from collections.abc import Mapping
from importlib import resources
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from hotfolder.sandbox.account import Account
from hotfolder.sandbox.catalogue import CatalogueFile
from hotfolder.sandbox.errors import IpsFaultError
from hotfolder.sandbox.views import asset_views, job_views

STYLE_SHEET: Final = resources.files("hotfolder.sandbox").joinpath("templates/sandbox.css").read_bytes()

SHOWN_ASSETS: Final = 200
SHOWN_JOBS: Final = 50
SHOWN_ROWS: Final = 100
"""What the page shows at most, the newest first: more would be of no use to a person. /api/ has all."""


class Page:
    """Renders the page."""

    def __init__(self, account: Account, catalogue: CatalogueFile) -> None:
        self._account = account
        self._catalogue = catalogue
        self._environment = Environment(autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_load))
        self._environment.filters["options"] = flat
        self._environment.filters["size"] = readable_size

    def render(self, db: sqlite3.Connection, *, is_paused: bool) -> str:
        """The page as of now; it comes again by itself unless it is paused."""
        asset_count, job_count = db.execute(
            "select (select count(*) from live_asset), (select count(*) from job)"
        ).fetchone()
        catalogue = trouble = None
        try:
            catalogue = self._catalogue.now()
        except IpsFaultError as fault:
            trouble = fault.reason
        return self._environment.get_template("page.html").render(
            company=self._account.company,
            catalogue=catalogue,
            catalogue_file=self._catalogue.path,
            catalogue_trouble=trouble,
            is_paused=is_paused,
            assets=reversed(asset_views(db, SHOWN_ASSETS)),
            jobs=reversed(job_views(db, SHOWN_JOBS)),
            shown_rows=SHOWN_ROWS,
            asset_count=asset_count,
            job_count=job_count,
        )


def _load(name: str) -> str:
    return resources.files("hotfolder.sandbox").joinpath("templates", name).read_text("utf-8")


def flat(options: Mapping[str, object], path: str = "") -> list[tuple[str, str]]:
    """Nested options as lines of dotted name and text."""
    lines: list[tuple[str, str]] = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            lines.extend(flat(value, f"{path}{name}."))
        else:
            lines.append((path + name, ", ".join(value) if isinstance(value, list) else str(value)))
    return lines


def readable_size(size_bytes: int) -> str:
    """A size for people."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
