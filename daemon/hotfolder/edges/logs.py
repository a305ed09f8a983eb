"""
Log lines: structlog to stderr, JSON off a terminal, with secrets taken out by name and by value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Protocol, TextIO, cast

import structlog

from hotfolder.core.messages import Notice

HIDDEN = "***"
_SECRET_NAMES = ("password", "secret", "token", "authorization", "credential")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> int:
        """Write."""

    def flush(self) -> None:
        """Flush."""

    def isatty(self) -> bool:
        """Return whether people read it."""


class Redaction:
    """Takes secrets out of events; values that become known later are taken out from then on."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def hide(self, value: str) -> None:
        """Never show this value again, nor its form in XML."""
        escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for form in (value, escaped, escaped.replace('"', "&quot;")):
            if form and form not in self._values:
                self._values.append(form)
        self._values.sort(key=len, reverse=True)

    def __call__(self, logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Fit structlog's chain of processors."""
        for name in event:
            event[name] = HIDDEN if any(word in name.lower() for word in _SECRET_NAMES) else self._clean(event[name])
        return event

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                for secret in self._values:
                    value = value.replace(secret, HIDDEN)
                return value
            case Mapping():
                return {name: self._clean(item) for name, item in value.items()}
            case list() | tuple():
                return [self._clean(item) for item in value]
            case _:
                return value


class NoticeLog:
    """Fits `services.supervisor.Log`."""

    def __init__(self, logger: Any, listen: Callable[[Notice], None] | None = None) -> None:
        self._logger = logger
        self._listen = listen

    def notice(self, notice: Notice) -> None:
        """Log one event of the coordinator's."""
        self._logger.log(_LEVELS[notice.level], notice.event, **notice.fields)
        if self._listen is not None:
            self._listen(notice)

    def trouble(self, text: str, error: BaseException | None = None) -> None:
        """Log what nobody foresaw."""
        self._logger.error("daemon.trouble", reason=text, exc_info=error)


def make_logger(redaction: Redaction, *, stream: Stream, level: str = "info") -> Any:
    """
    Return the logger, and bring the libraries' own logging into line with it.

    Libraries may only warn: zeep would log whole envelopes, passwords and all, at DEBUG (PROTOCOL 5.2).
    """
    out = stream
    logging.basicConfig(
        stream=cast(TextIO, out), level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for name in ("zeep", "urllib3", "watchdog", "alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.ERROR)
    on_terminal = out.isatty()
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if on_terminal:
        # rich's tracebacks would show local variables; names only stand in fields, where they are escaped
        renderer: Any = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        processors += [redaction, renderer]
    else:
        processors += [
            structlog.processors.format_exc_info,
            redaction,
            structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=False),
        ]
    return structlog.wrap_logger(
        structlog.PrintLogger(cast(TextIO, out)),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
    )
