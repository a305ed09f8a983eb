"""
The sandbox's own page: assets and jobs for people to look at, escaped by the template engine, without scripts.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from hotfolder.sandbox.account import Account
from hotfolder.sandbox.views import View

STYLE_SHEET: Final = resources.files("hotfolder.sandbox").joinpath("templates/sandbox.css").read_bytes()

SHOWN: Final = 500
"""Assets and jobs on the page, newest first; a page of all would be of no use to a person. /api/ has all."""


class Page:
    """Renders the page."""

    def __init__(self, account: Account) -> None:
        self._account = account
        environment = Environment(autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_load))
        environment.filters["options"] = flat
        environment.filters["size"] = readable_size
        self._template = environment.get_template("page.html")

    def render(self, assets: Sequence[View], jobs: Sequence[View]) -> str:
        return self._template.render(
            company=self._account.company,
            assets=assets[: -SHOWN - 1 : -1],
            jobs=jobs[: -SHOWN - 1 : -1],
            asset_count=len(assets),
            job_count=len(jobs),
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
