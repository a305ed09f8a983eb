"""
Log lines: structlog to stderr, JSON off a terminal, with secrets taken out by name and by value.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import datetime
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


class Lines:
    """
    Writes whole lines to a stream: the logger that structlog ends in; safe for several threads.

    Each write lets other threads have the interpreter, and getting it back can take milliseconds while they compute;
    so the lines of one turn leave together.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._kept: list[str] | None = None  # None = every line leaves at once

    def msg(self, text: str) -> None:
        """Write one line."""
        with self._lock:
            if self._kept is not None:
                self._kept.append(text)
            else:
                self._write([text])

    debug = info = warning = error = critical = msg  # structlog calls what the level is called

    @contextmanager
    def together(self) -> Iterator[None]:
        """Have the lines that come meanwhile leave in one write."""
        with self._lock:
            self._kept = []
        try:
            yield
        finally:
            with self._lock:
                kept, self._kept = self._kept, None
                if kept:
                    self._write(kept)

    def _write(self, lines: Sequence[str]) -> None:
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()


class Redaction:
    """Takes secrets out of events; values that become known later are taken out from then on."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        self._is_secret: dict[str, bool] = {}  # by name of a field; there are a few dozen

    def hide(self, value: str) -> None:
        """Never show this value again, nor its form in XML."""
        escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        forms = {*self._values, value, escaped, escaped.replace('"', "&quot;")} - {""}
        self._values = tuple(sorted(forms, key=len, reverse=True))

    def __call__(self, logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Fit structlog's chain of processors."""
        for name, value in event.items():
            is_secret = self._is_secret.get(name)
            if is_secret is None:
                lower = name.lower()
                is_secret = self._is_secret[name] = any(word in lower for word in _SECRET_NAMES)
            if is_secret:
                event[name] = HIDDEN
            elif type(value) is not int:
                event[name] = self._clean(value)
        return event

    def redacted(self, text: str) -> str:
        """Return a text without what is never shown."""
        for secret in self._values:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redacted(value)
        match value:
            case Mapping():
                return {name: self._clean(item) for name, item in value.items()}
            case list() | tuple():
                return [self._clean(item) for item in value]
            case _:
                return value


class NoticeLog:
    """
    Fits `services.supervisor.Log`: structlog to a stream, JSON off a terminal.

    Made, it also brings the libraries' own logging into line. Libraries may only warn: zeep would log whole envelopes,
    passwords and all, at DEBUG (PROTOCOL 5.2).
    """

    def __init__(
        self,
        redaction: Redaction,
        *,
        stream: Stream,
        level: str = "info",
        listen: Callable[[Notice], None] | None = None,
    ) -> None:
        _calm_libraries(stream)
        self._lines = Lines(stream)
        self._level = _LEVELS[level]
        self._listen = listen
        self._stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        self._finish = _finish(redaction, on_terminal=stream.isatty())
        self.logger: Any = structlog.wrap_logger(
            self._lines,
            processors=[structlog.processors.add_log_level, self._stamp, *self._finish],
            wrapper_class=structlog.make_filtering_bound_logger(self._level),
        ).bind()  # unbound, it would make a new logger for every line

    def notices(self, notices: Sequence[Notice]) -> None:
        """Log events of the coordinator's: the same lines as `logger` makes, at a third of the price."""
        if not notices:
            return
        stamp = self._stamp(self.logger, "info", {})
        with self._lines.together():
            for notice in notices:
                if _LEVELS[notice.level] >= self._level:
                    line: Any = {**notice.fields, "event": notice.event, "level": notice.level, **stamp}
                    for processor in self._finish:
                        line = processor(self.logger, notice.level, line)
                    self._lines.msg(line)
        if self._listen is not None:
            for notice in notices:
                self._listen(notice)

    def delivered(self, name: str, title: str) -> None:
        """Log that a message to people is on its way to them."""
        self.logger.info("message.delivered", to=name, title=title)

    def caution(self, text: str) -> None:
        """Log what works in another way than it was set up."""
        self.logger.warning("daemon.trouble", reason=text)

    def trouble(self, text: str, error: BaseException | None = None) -> None:
        """Log what nobody foresaw."""
        self.logger.error("daemon.trouble", reason=text, exc_info=error)


def _calm_libraries(stream: Stream) -> None:
    logging.basicConfig(
        stream=cast(TextIO, stream), level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for name in ("zeep", "urllib3", "watchdog", "alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.ERROR)


_FOR_MACHINES = frozenset({"job_handle", "job", "drop", "asset", "size_bytes", "bytes", "post", "control"})
"""Fields that a person who looks on does not miss: files are known by their paths, and commands tell the rest."""


def _shortened(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make a line fit a terminal: by the clock on the wall, and what is told in passing without names for machines."""
    at = event.get("timestamp")
    if isinstance(at, str):
        event["timestamp"] = f"{datetime.fromisoformat(at).astimezone():%H:%M:%S}"
    if event.get("level") == "info":
        for name in ("level", *_FOR_MACHINES):
            event.pop(name, None)
    return event


def _finish(redaction: Redaction, *, on_terminal: bool) -> list[Any]:
    """Return the processors that make a line of an event with level and time."""
    if on_terminal:
        # rich's tracebacks would show local variables; names only stand in fields, where they are escaped
        console = structlog.dev.ConsoleRenderer(
            colors=not os.environ.get("NO_COLOR"),
            pad_event_to=0,
            sort_keys=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
        return [redaction, _shortened, console]
    encode = json.JSONEncoder(ensure_ascii=True, default=repr).encode
    renderer = structlog.processors.JSONRenderer(serializer=lambda event, **_: encode(event))
    return [structlog.processors.format_exc_info, redaction, renderer]
