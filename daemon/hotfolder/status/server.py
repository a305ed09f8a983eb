"""
The page and the API of a running daemon, on TCP and on the control socket.

Who is let in over TCP, and to what, is the business of `door`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotfolder.ports import BusyError, LedgerError
from hotfolder.status.answers import HEADERS, answer, failure
from hotfolder.status.filters import FilterError, history_query, quoted
from hotfolder.status.hands import Hands
from hotfolder.status.metrics import Metrics
from hotfolder.status.site.routes import ANSWER_S, Site
from hotfolder.status.view import View
from hotfolder.status.wishes import Wishes, read_wish

HISTORY_MAX = 10_000  # entries of one answer, some 10 MB; the command has no such limit

BODY_MAX_BYTES = 32 * 1024**2  # of a wish: a hundred thousand paths

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

Trouble = Callable[[str, BaseException | None], None]


class Api:
    """Every path of the server."""

    def __init__(self, view: View, warn: Trouble) -> None:
        self._view = view
        self._warn = warn
        self._metrics = Metrics(view)
        self._wishes = Wishes(view.running, view.ledger, view.look_at)
        self._hands = Hands("page", 4)
        self._lookers = Hands("look", 2)  # of their own, so that a share that hangs holds up no page
        self._site = Site(view, self._wishes, HEADERS, hands=self._hands, lookers=self._lookers)

    def app(self) -> Starlette:
        """Return the application; everything that can go wrong in it is answered as JSON."""
        gets: dict[str, Callable[[Request], Awaitable[Response]]] = {
            **self._site.gets(),
            "/api/status": self._status,
            "/api/attention": self._attention,
            "/api/history": self._history,
            "/api/explain": self._explain,
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._numbers,
        }
        posts: dict[str, Callable[[Request], Awaitable[Response]]] = {
            **self._site.posts(),
            "/api/hold": self._hold,
            "/api/release": self._release,
            "/api/retry": self._retry,
        }
        app = Starlette(
            routes=[
                *(Route(path, self._answering(answer), methods=["GET"]) for path, answer in gets.items()),
                *(Route(path, self._answering(answer), methods=["POST"]) for path, answer in posts.items()),
            ],
            exception_handlers={HTTPException: _http_error},
        )
        app.router.redirect_slashes = False  # it would redirect to whatever the Host header says
        return app

    def _answering(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Turn every error into an answer; the one place where all are caught, so that none ends the server."""

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except FilterError as error:
                return failure(400, str(error))
            except (BusyError, LedgerError) as error:
                return failure(503, str(error))
            except TimeoutError:
                return failure(503, f"no answer within {ANSWER_S:.0f} s: the daemon is busy, or a hot folder hangs")
            except HTTPException:
                raise
            except Exception as error:  # noqa: BLE001 # logged, and told without its inside
                self._warn(f"{request.scope['path']} failed", error)
                return failure(500, "an error of ours; the log has it")

        return answered

    # --- reading ---

    async def _status(self, request: Request) -> Response:
        return answer((await self._hands.do(self._view.latest, ANSWER_S)).snapshot)

    async def _attention(self, request: Request) -> Response:
        taken = await self._hands.do(self._view.latest, ANSWER_S)
        return answer({"ledger": self._view.running.ledger_error, **taken.attention})

    async def _history(self, request: Request) -> Response:
        given = parameters(request, "folder", "since", "outcome", "job", "limit")
        limit = given.pop("limit", "1000")
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 9 and 1 <= int(limit) <= HISTORY_MAX):
            raise FilterError(f"limit: found {quoted(limit)}, wanted a number from 1 to {HISTORY_MAX}")

        def entries() -> list[dict[str, Any]]:
            taken = self._view.latest()
            folders = dict.fromkeys([*(folder.name for folder in taken.settings.folders), *taken.totals])
            query = history_query(folders=folders, now=self._view.clock.now(), limit=int(limit), **given)
            return self._view.history(query)

        return answer(await self._hands.do(entries, ANSWER_S))

    async def _explain(self, request: Request) -> Response:
        path = parameters(request, "path").get("path", "")
        if not path.startswith("/") or "\0" in path:
            raise FilterError(
                f"path: found {quoted(path)}, wanted an absolute path, as in /api/explain?path=/srv/a.jpg"
            )
        return answer(await self._lookers.do(lambda: self._view.explain(Path(path)), ANSWER_S))

    # --- how the daemon is ---

    async def _healthz(self, request: Request) -> Response:
        """The loop turns, or it waits for the ledger and says so."""
        running = self._view.running
        await self._hands.do(lambda: running.ask(lambda coordinator: None), ANSWER_S)
        return answer({"healthy": True, "turns": running.turns})

    async def _readyz(self, request: Request) -> Response:
        """An unreachable server is no reason: what is dropped waits, and goes on by itself."""
        ledger_error = self._view.running.ledger_error
        servers = (await self._hands.do(self._view.latest, ANSWER_S)).attention["servers"]
        reasons = []
        if ledger_error is not None:
            reasons.append(f"the ledger cannot be written: {ledger_error}")
        for server in servers:
            if server["state"] == "refused":
                name = f" {server['name']}" if len(servers) > 1 else ""
                reasons.append(f"the server{name} refuses us: {server['error']}")
        return answer({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def _numbers(self, request: Request) -> Response:
        page = await self._hands.do(self._metrics.page, ANSWER_S)
        return Response(page, headers={**HEADERS, "Content-Type": PROMETHEUS})

    # --- wishes ---

    async def _hold(self, request: Request) -> Response:
        return await self._wish(request, self._wishes.hold, may_be_all=False)

    async def _release(self, request: Request) -> Response:
        return await self._wish(request, self._wishes.release, may_be_all=True)

    async def _retry(self, request: Request) -> Response:
        return await self._wish(request, self._wishes.retry, may_be_all=True)

    async def _wish(self, request: Request, carry_out: Callable[..., Any], *, may_be_all: bool) -> Response:
        document = await _document(request)

        def results() -> list[dict[str, Any]]:
            ledger_error = self._view.running.ledger_error
            if ledger_error is not None:
                raise BusyError(f"nothing can be changed while the ledger cannot be written: {ledger_error}")
            settings = self._view.settings()
            wish = read_wish(document, [folder.name for folder in settings.folders], may_be_all=may_be_all)
            results: list[dict[str, Any]] = carry_out(settings, wish)
            return results

        return answer({"results": await self._lookers.do(results, ANSWER_S)})


# --- what comes in and goes out ---


def parameters(request: Request, *known: str) -> dict[str, str]:
    """
    Return the query, where a path may hold bytes that are not UTF-8; with names given, raise for any other.

    The HTTP parser has refused what is longer than 64 KiB.
    """
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("latin-1"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=100,
            separator="&",
        )
    except ValueError:
        raise FilterError("more than 100 parameters") from None
    for name, _ in pairs:
        if known and name not in known:
            raise FilterError(f"found the parameter {quoted(name)}, wanted one of {', '.join(known)}")
    return dict(pairs)


async def _document(request: Request) -> object:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise HTTPException(413, f"wanted at most {BODY_MAX_BYTES} bytes")
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise FilterError("wanted a JSON object") from None
    return document


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    texts = {404: "there is nothing at this path", 405: "this path does not take that method"}
    return failure(error.status_code, texts.get(error.status_code, error.detail), error.headers)
