"""
Serves the application in a thread of its own, by uvicorn, on listeners that are open already.

What connects before the thread is ready waits in the kernel. So the libraries are only imported when somebody comes for
the first time: a start, and a single pass, do not pay a third of a second for a page that nobody looks at.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotfolder.core.settings import WebLink
from hotfolder.status.view import View

if TYPE_CHECKING:
    import uvicorn

CONNECTIONS_MAX = 512
"""
On each listener; beyond it the answer is 503.

A browser that shows the page keeps a stream of events, and takes up to five more connections for a few seconds when
something changed; so fifty of them are served, and half of the 1,024 files that a process may open is left for work.
"""

PARTING_S = 2.0  # for answers that are on their way when the end comes

REQUEST_MAX_BYTES = 64 * 1024  # request line and headers: a path of 4096 bytes, each written as %XX, several times


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """Where to serve."""

    control: socket.socket
    public: Sequence[socket.socket] = ()
    host: str = ""  # of [web] listen
    own_name: str = ""  # this machine's
    read_password: Callable[[], str] | None = None  # that people log in with over TCP; None = nobody is asked
    links: Sequence[WebLink] = ()
    read_secret: Callable[[Path], str] = Path.read_text  # of a link's token


class StatusServer:
    """Begins to serve when it is made; whoever opened the listeners closes them."""

    def __init__(self, view: View, listeners: Listeners, warn: Callable[[str, BaseException | None], None]) -> None:
        self._view = view
        self._listeners = listeners
        self._warn = warn
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._woken, self._waker = socket.socketpair()  # ends the wait for the first connection
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no longer; a second call is harmless."""
        with contextlib.suppress(OSError):  # closed by an earlier call
            self._waker.send(b"\0")
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PARTING_S)
        self._woken.close()
        self._waker.close()

    def _run(self) -> None:
        try:
            if self._wait_for_somebody():
                self._loop.run_until_complete(self._serve())
        except Exception as error:  # noqa: BLE001 # the daemon goes on without its page, and says so
            self._warn("the page and the control socket are not served any more", error)
        finally:
            self._loop.close()

    def _wait_for_somebody(self) -> bool:
        """Return whether somebody has connected, and not the end come first."""
        with selectors.DefaultSelector() as selector:
            for waited_for in (self._listeners.control, *self._listeners.public, self._woken):
                selector.register(waited_for, selectors.EVENT_READ)
            return all(key.fileobj is not self._woken for key, _ in selector.select())

    async def _serve(self) -> None:
        from hotfolder.status.door import PublicDoor
        from hotfolder.status.server import Api
        from hotfolder.status.site.access import Access, Link

        app = Api(self._view, self._warn).app()
        servers = [_server(app, self._stop).serve([self._listeners.control])]
        if self._listeners.public:
            read = self._listeners.read_secret
            access = Access(
                read_password=self._listeners.read_password,
                links=[
                    Link(name=link.name, folders=frozenset(link.folders), read_token=partial(read, link.token_file))
                    for link in self._listeners.links
                ],
                monotonic=self._view.clock.monotonic,
            )
            door = PublicDoor(app, self._listeners.host, self._listeners.own_name, access)
            servers.append(_server(door, self._stop).serve(list(self._listeners.public)))
        await asyncio.gather(*servers)


def _server(app: Any, stop: asyncio.Event) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn without its clock: it would wake ten times a second to look whether it should end."""

        async def main_loop(self) -> None:
            await stop.wait()

    return Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            loop="none",  # the one that runs this
            log_config=None,
            log_level="critical",  # what goes wrong in an answer is logged by the application
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=REQUEST_MAX_BYTES,
        )
    )
