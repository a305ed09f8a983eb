"""
Templates, and what turns values into text for people.

Names come from whoever can write to a share. The template engine escapes them, `<bdi>` keeps those that run from right
to left from turning their surroundings round, and what cannot be seen is shown as an escape.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from hotfolder.core.saying import Voice
from hotfolder.core.wording import shown
from hotfolder.status.sizes import size
from hotfolder.status.voices import voice_of


def load(name: str) -> str:
    """Return one of our templates."""
    return resources.files("hotfolder.status.site").joinpath("templates", name).read_text("utf-8")


def local(moment: str | datetime | None) -> str:
    """Return a moment by the machine's own clock; today's without the date."""
    if moment is None:
        return ""
    at = (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)).astimezone()
    today = datetime.now(UTC).astimezone().date()
    return f"{at:%H:%M:%S}" if at.date() == today else f"{at:%Y-%m-%d %H:%M}"


def minute(moment: str) -> str:
    """Return a moment to come by the machine's own clock, to the minute; today's without the date."""
    return local(moment)[:5] if len(local(moment)) == len("22:00:00") else local(moment)


def whole(moment: datetime) -> str:
    """Return a moment by the machine's own clock, with its date, for what may be read on another day."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def in_url(text: str) -> str:
    """Return text as one part of a URL's path or query; bytes of a name that are not UTF-8 survive."""
    return quote(text.encode("utf-8", "surrogateescape"), safe="")


@cache
def in_language(language: str) -> Environment:
    """Return the templates in one of our languages."""
    return environment(voice_of(language))


def environment(voice: Voice) -> Environment:
    """Return the templates in one language."""

    def finalize(value: Any) -> Any:
        return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(load),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )

    def spoken_size(size_bytes: int) -> str:
        return size(size_bytes, voice.say)

    made.filters |= {"size": spoken_size, "local": local, "minute": minute, "whole": whole, "in_url": in_url}
    made.globals |= {"_": voice.say, "told": voice.told, "language": voice.language}
    return made
