"""
The page for people: everything of a snapshot, as HTML without scripts.

Names come from whoever can write to a share. The template engine escapes them, `<bdi>` keeps those that run from right
to left from turning their surroundings round, and what cannot be seen is shown as an escape.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

import hotfolder
from hotfolder.core.model import Outcome
from hotfolder.core.wording import shown
from hotfolder.status import cures
from hotfolder.status.snapshot import COUNTS
from hotfolder.status.view import Taken

REFRESH_S = 5  # a page is some 20 KB and costs a few milliseconds

MARKS = {
    "ok": "✓",
    "watching": "✓",
    "polling": "✓",
    "unreachable": "✗",
    "refused": "✗",
    "degraded": "✗",
    "held": "‖",
    "stored": "✓",
    "updated": "✓",
    "renamed": "?",
    "unknown": "?",
    "duplicate": "✗",
    "failed": "✗",
    "rejected": "✗",
    "withdrawn": "–",
}
"""A sign beside each word, so that nothing is told by colour alone."""

KINDS = {"✓": "good", "✗": "bad", "‖": "wait", "?": "wait", "–": "plain"}


def render(taken: Taken | None, *, stale: str | None, ledger_error: str | None, is_paused: bool) -> str:
    """Return the page; `stale` says why `taken` is not the latest, None while it is."""
    return _ENVIRONMENT.get_template("page.html").render(
        taken=taken,
        stale=stale,
        ledger_error=ledger_error,
        is_paused=is_paused,
        refresh_s=REFRESH_S,
        zone=datetime.now(UTC).astimezone().tzname(),
        count_names=COUNTS,
        version=hotfolder.__version__,
        cure_of=lambda outcome: cures.of_outcome(Outcome(outcome)) if outcome else None,
    )


def _load(name: str) -> str:
    return resources.files("hotfolder.status").joinpath("templates", name).read_text("utf-8")


def size(size_bytes: int) -> str:
    """Return a size for people."""
    value = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def local(moment: str | datetime | None) -> str:
    """Return a moment by the machine's own clock, with its zone; today's without the date."""
    if moment is None:
        return ""
    at = (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)).astimezone()
    today = datetime.now(UTC).astimezone().date()
    return f"{at:%H:%M:%S}" if at.date() == today else f"{at:%Y-%m-%d %H:%M}"


def mark(state: str) -> str:
    """Return the sign beside a state or an outcome."""
    return MARKS.get(state, "")


def kind(state: str) -> str:
    """Return the style of a state or an outcome."""
    return KINDS.get(mark(state), "plain")


def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_load),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.filters |= {"size": size, "local": local, "mark": mark, "kind": kind}
    return environment


_ENVIRONMENT = _environment()
