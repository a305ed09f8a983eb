"""
HTTP/1.1 to one address over kept-alive urllib3 connections, telling for every failure whether a byte may have left.

urllib3's own pool hides that border (a TLS failure may be from the handshake or from the middle of a body), so this one
works on urllib3's connections directly. It never repeats a request or follows a redirect; how a connection is made says
`way`. A connection is used again only after a whole exchange without any trouble.

A server may close a kept-alive connection just while the next request is on its way; then nobody can tell whether that
was processed. To make this rare, a connection is dropped before use when it is readable (the server has closed it, or
said something nobody asked for) and when it has been idle for longer than servers usually wait.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from hotfolder.core import line_troubles
from hotfolder.edges.remote.pace import Pace, TooSlowError, send, time_answer
from hotfolder.edges.remote.way import Way, is_not_ours, refusal_of_proxy
from hotfolder.ips.answers import Answer

MAX_IDLE_S = 3.0
"""Common servers close after 5 s (Apache, uvicorn) or later; inside a job the next POST follows in milliseconds."""

EARLY_ANSWER_S = 2.0
"""How long to look for an answer after sending has failed: if there is one, it has been there for a round trip."""

READ_BYTES = 64 * 1024

WHOLE_ANSWER_FACTOR = 5
"""An answer may take this many read time-outs in all: a guess, against servers that drip."""

_TROUBLES = (OSError, http.client.HTTPException, HTTPError)
"""What a connection raises: sockets and TLS, malformed answers, and urllib3's view of both."""

Block = bytes | bytearray | memoryview


class NotSentError(Exception):
    """There is no connection: the server cannot have got anything."""


class AddressGoneError(NotSentError):
    """The address of ours that a job was begun from is no longer there; from another one it must not go on."""


class BrokenError(Exception):
    """The exchange broke after the first byte may have left; whether the server acted on it is unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLimits:
    """How long the network may be silent, in seconds."""

    connect_s: float  # DNS excluded, TLS included
    read_s: float  # between two bytes, in either direction; and each stretch of it is held to the least rate (`pace`)


class Connections:
    """Connections to the host of one URL; safe for several threads, each exchange has a connection of its own."""

    def __init__(
        self,
        url: str,
        *,
        way: Way,
        limits: TimeLimits,
        keep: int,
        monotonic: Callable[[], float],
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._scheme = parts.scheme
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        self._way = way
        self._limits = limits
        self._keep = keep
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._idle: list[tuple[float, HTTPConnection]] = []  # the latest used is last

    def exchange(
        self,
        headers: Mapping[str, str],
        content_length: int,
        body: Iterable[Block],
        *,
        answer_limit: int,
        source: str | None = None,
    ) -> Answer:
        """
        POST a body of exactly `content_length` bytes and return the answer, of which at most `answer_limit` is read.

        With a `source` it leaves from that address of ours, or not at all: `AddressGoneError`.
        Raises `NotSentError` or `BrokenError`; what the body raises while it is iterated passes through. In all these
        cases the connection is closed, and the body's iterator stands where sending stopped.
        """
        connection = self._take(source)
        try:
            address = self._way.address_seen(connection)
            answer = self._exchange(connection, headers, content_length, body, answer_limit)
        except BaseException:
            connection.close()
            raise
        if answer.request_was_sent and not answer.is_too_large:
            self._give_back(connection)
        else:
            connection.close()
        return replace(answer, our_address=address)

    def close(self) -> None:
        """Close the idle connections; a second call is harmless."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _take(self, source: str | None) -> HTTPConnection:
        """Return an idle connection that is still good, else a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                since, connection = self._idle.pop()
            is_good = self._monotonic() - since <= MAX_IDLE_S and connection.is_connected
            if is_good and source in (None, self._way.address_seen(connection)):
                return connection
            connection.close()
        return self._connect(source)

    def _give_back(self, connection: HTTPConnection) -> None:
        if connection.is_closed:  # the server asked for it
            return
        with self._lock:
            if len(self._idle) < self._keep:
                self._idle.append((self._monotonic(), connection))
                return
        connection.close()

    def _connect(self, source: str | None) -> HTTPConnection:
        connection = self._way.connection(
            self._scheme, self._host, self._port, source=source, timeout_s=self._limits.connect_s
        )
        try:
            connection.connect()
        except _TROUBLES as error:
            connection.close()
            if source is not None and is_not_ours(error):
                raise AddressGoneError(line_troubles.SOURCE_GONE.format(address=source)) from error
            raise NotSentError(self._no_connection(error)) from error
        connection.timeout = self._limits.read_s
        return connection

    def _no_connection(self, error: Exception) -> str:
        """Say why there is no connection."""
        proxy = self._way.proxy
        status = refusal_of_proxy(error)
        if proxy is not None and status is not None:
            why = line_troubles.PROXY_LOGIN if status == 407 else line_troubles.HTTP.format(status=status)
            return line_troubles.PROXY_REFUSES.format(host=proxy.host, server=self._host, why=why)
        first = self._host if proxy is None else line_troubles.PROXY.format(host=proxy.host)
        match error:
            case NameResolutionError():
                return line_troubles.NO_NAME.format(host=proxy.host if proxy else self._host)
            case NewConnectionError() if self._way.source_address is not None and is_not_ours(error):
                why = line_troubles.NO_SUCH_SOURCE.format(address=self._way.source_address)
                return line_troubles.NO_CONNECTION.format(host=first, why=why)
            case NewConnectionError():  # urllib3 derives it from ConnectTimeoutError, so it comes first
                return line_troubles.NO_CONNECTION.format(host=first, why=_short(error.__cause__ or error))
            case ConnectTimeoutError() | TimeoutError():
                time = f"{self._limits.connect_s:g}"
                return line_troubles.NO_CONNECTION_IN_TIME.format(host=first, time=time)
            case ssl.SSLCertVerificationError():
                return line_troubles.BAD_CERTIFICATE.format(host=self._host, error=error.verify_message)
            case ssl.SSLError():
                return line_troubles.NOT_SECURE.format(host=self._host, error=error.reason or line_troubles.TLS_FAILED)
            case _:
                return line_troubles.NO_CONNECTION.format(host=self._host, why=_short(error))

    def _exchange(
        self,
        connection: HTTPConnection,
        headers: Mapping[str, str],
        content_length: int,
        body: Iterable[Block],
        answer_limit: int,
    ) -> Answer:
        try:
            connection.request(
                "POST",
                self._path,
                headers={**headers, "Content-Length": str(content_length)},
                preload_content=False,
            )
        except _TROUBLES as error:
            return self._early_answer(connection, error, answer_limit)
        pace = Pace(self._limits.read_s)
        for block in body:
            try:
                send(connection, block, pace, self._monotonic)
            except _TROUBLES as error:
                return self._early_answer(connection, error, answer_limit)
        try:
            return self._read(connection, answer_limit, request_was_sent=True)
        except _TROUBLES as error:
            raise BrokenError(self._no_answer(error)) from error

    def _early_answer(self, connection: HTTPConnection, error: Exception, limit: int) -> Answer:
        """Return what the server said before it stopped reading, if it said something; else raise `BrokenError`."""
        connection.timeout = EARLY_ANSWER_S
        try:
            return self._read(connection, limit, request_was_sent=False)
        except (*_TROUBLES, AttributeError):  # AttributeError: the connection has no socket any more
            raise BrokenError(self._not_taken(error)) from error

    def _not_taken(self, error: Exception) -> str:
        if isinstance(error, TooSlowError):
            return line_troubles.TAKEN_TOO_SLOWLY.format(host=self._host, why=error)
        if isinstance(error, TimeoutError):
            return line_troubles.NOTHING_TAKEN.format(host=self._host, time=f"{self._limits.read_s:g}")
        return line_troubles.BROKE_WHILE_SENDING.format(error=_short(error))

    def _no_answer(self, error: Exception) -> str:
        slow = error.__cause__ if isinstance(error, ReadTimeoutError) else error  # urllib3 wraps it in the body
        if isinstance(slow, TooSlowError):
            return line_troubles.ANSWERED_TOO_SLOWLY.format(host=self._host, why=slow)
        if isinstance(error, TimeoutError):
            return line_troubles.NO_ANSWER_IN_TIME.format(host=self._host, time=f"{self._limits.read_s:g}")
        if isinstance(error, http.client.RemoteDisconnected):
            return line_troubles.NO_ANSWER.format(host=self._host)
        return line_troubles.BROKE_BEFORE_THE_ANSWER.format(error=_short(error))

    def _read(self, connection: HTTPConnection, limit: int, *, request_was_sent: bool) -> Answer:
        """Read an answer, unpacked, up to the limit and within the time for all of it."""
        silence_s = self._limits.read_s if request_was_sent else EARLY_ANSWER_S
        whole_s = WHOLE_ANSWER_FACTOR * self._limits.read_s
        time_answer(connection, silence_s=silence_s, whole_s=whole_s, monotonic=self._monotonic)
        response = connection.getresponse()
        body = bytearray()
        with closing(response):  # it holds the socket too
            while len(body) <= limit:
                chunk = response.read(READ_BYTES, decode_content=True)
                if not chunk:
                    break
                body += chunk
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=bytes(body[:limit]),
            is_too_large=len(body) > limit,
            request_was_sent=request_was_sent,
        )


def _short(error: BaseException) -> str:
    """Return a few words on an error without what it quotes of an answer."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
