"""
What TCP lets through to the application: by a name that can only mean us, and from whoever may look.

The API is for reading here; what changes something in it is taken from the control socket only, whose file says who
may. Other names than this machine's are refused: otherwise a web page anywhere could have its visitor's browser read
ours under a name of its own (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hotfolder.config.languages import preferred
from hotfolder.status.answers import HEADERS, failure
from hotfolder.status.filters import quoted
from hotfolder.status.site import words
from hotfolder.status.site.access import COOKIE, Access
from hotfolder.status.site.guard import SCOPE
from hotfolder.status.site.look import in_language

OPEN = ("/healthz", "/readyz", "/page.css", "/page.js", "/icon.svg")
"""What anybody may ask for: it tells nothing of what is uploaded."""

FORM_MAX_BYTES = 4096


class PublicDoor:
    """An application before the application."""

    def __init__(self, app: ASGIApp, host: str, own_name: str, access: Access) -> None:
        """`host` is that of `[web] listen`, `own_name` this machine's."""
        self._app = app
        self._names = {"localhost", host.lower(), *([own_name.lower()] if not _is_loopback(host) else [])}
        self._takes_any_address = not _is_loopback(host)
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, log in, or pass on."""
        if scope["type"] != "http":
            return
        response = self._objection(scope) or await self._let_in(Request(scope, receive))
        await (self._app if response is None else response)(scope, receive, send)

    def _objection(self, scope: Scope) -> Response | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self.is_ours(hosts[0]):
            wanted = ", ".join(sorted(self._names)) + " or a loopback address"
            return failure(421, f"Host: found {quoted(', '.join(hosts))}, wanted {wanted}")
        if scope["method"] not in ("GET", "HEAD") and not scope["path"].startswith(("/do/", "/login", "/logout")):
            text = "over TCP the API is for reading; what changes something goes by the control socket"
            return failure(405, text, {"Allow": "GET, HEAD"})
        return None

    async def _let_in(self, request: Request) -> Response | None:
        """Return an answer of ours, None where the application is to answer; the scope then says who asks."""
        path, cookie = request.scope["path"], request.headers.get("cookie", "")
        if path.startswith("/link/"):
            session = await self._access.follow(path.removeprefix("/link/"))
            return _to("/", session) if session else self._login(request, 404, words.NO_LINK)
        if path == "/login" and self._access.asks:
            return await self._log_in(request)
        if path == "/logout":
            self._access.log_out(cookie)
            return _to("/", f"{COOKIE}=; Path=/; Max-Age=0")
        visitor = await self._access.visitor(cookie, request.headers.get("authorization", ""))
        if visitor is None:
            if path in OPEN:
                return None
            if "text/html" in request.headers.get("accept", ""):
                return _to("/login")
            return failure(401, "log in first", {"WWW-Authenticate": 'Basic realm="hotfolder"'})
        request.scope[SCOPE] = visitor
        if visitor.folders is not None and path.startswith(("/api/", "/metrics")):
            return failure(403, "a link shows pages only")
        return None

    async def _log_in(self, request: Request) -> Response:
        if request.method != "POST":
            return self._login(request, 200, "")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > FORM_MAX_BYTES:
                return self._login(request, 413, words.TOO_LONG)
        given = dict(parse_qsl(body.decode("ascii", "replace"), errors="surrogateescape", max_num_fields=5))
        session = await self._access.log_in(given.get("password", ""))
        return _to("/", session) if session else self._login(request, 403, words.WRONG_WORD)

    def _login(self, request: Request, status: int, said: str) -> Response:
        language = preferred(request.headers.get("accept-language"))
        text = in_language(language).get_template("login.html").render(said=said)
        headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
        return Response(text, status_code=status, headers=headers, media_type="text/html")

    def is_ours(self, host: str) -> bool:
        """
        Return whether a Host header names this machine.

        An address proves it: names can be made to point at us, addresses cannot. Those that are not loopback are taken
        only where we listen on others, too.
        """
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name or (port and not (port.isascii() and port.isdecimal())):
            name = host
        name = name.lower().removesuffix(".").strip("[]")
        if name in self._names or _is_loopback(name):
            return True
        return self._takes_any_address and _is_address(name)


def _to(place: str, cookie: str | None = None) -> Response:
    headers = {**HEADERS, "Location": place} | ({"Set-Cookie": cookie} if cookie else {})
    return Response(status_code=303, headers=headers)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host.lower() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
