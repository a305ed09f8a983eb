"""
What a browser can ask for, and the buttons: every page and every form, for whoever the door has let in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

import hotfolder
from hotfolder.core.model import Outcome
from hotfolder.core.wording import BY_PERSON
from hotfolder.ports import BusyError
from hotfolder.status.hands import Hands
from hotfolder.status.site import facts, words
from hotfolder.status.site.asked import form_of, is_part, language_of, query_of, said_to
from hotfolder.status.site.changes import Changes
from hotfolder.status.site.guard import EVERYBODY, SCOPE, Tokens, Visitor
from hotfolder.status.site.look import in_language
from hotfolder.status.site.rendered import Rendered
from hotfolder.status.site.thumbs import SIGN, Thumbs
from hotfolder.status.view import Taken, View
from hotfolder.status.voices import voice_of
from hotfolder.status.wishes import Result, Wish, Wishes

ANSWER_S: Final = 20.0
"""The loop's patience (5 s), a look into a share (2 s) and a ledger read fit into it."""

LATEST: Final = 30  # files on the first page
UNWELL: Final = 10  # of them that somebody should look at

PACE_S: Final = 30.0  # the rate of sending is that of the last half minute

Answer = Callable[[Request], Awaitable[Response]]


class Site:
    """Every page."""

    def __init__(self, view: View, wishes: Wishes, headers: dict[str, str], *, hands: Hands, lookers: Hands) -> None:
        self._view = view
        self._wishes = wishes
        self._headers = headers
        self._hands = hands
        self._lookers = lookers
        self._gathered: dict[frozenset[str] | None, tuple[Taken, dict[str, Any]]] = {}
        self._rendered = Rendered()
        self._painters = Hands("thumbnail", 1)
        self._thumbs = Thumbs(view.read_original)
        self._tokens = Tokens()
        self._changes = Changes(view.running, lambda: hands.do(view.latest, ANSWER_S))
        self._pace: deque[tuple[float, int]] = deque(maxlen=64)  # when, and bytes sent until then
        files = resources.files("hotfolder.status.site").joinpath("templates")
        self._style = files.joinpath("page.css").read_bytes()
        self._script = files.joinpath("page.js").read_bytes()

    def gets(self) -> dict[str, Answer]:
        """Return what can be looked at, by path."""
        return {
            "/": self._overview,
            "/folder/{name}": self._folder,
            "/file/{number:int}": self._file,
            "/upload/{name}": self._upload,
            "/find": self._find,
            "/live": self._live,
            "/thumb/{number:int}": self._thumb,
            "/page.css": self._style_sheet,
            "/icon.svg": self._icon,
            "/page.js": self._page_script,
        }

    def posts(self) -> dict[str, Answer]:
        """Return the buttons, by path."""
        return {
            "/do/hold": lambda request: self._act(request, self._wishes.hold),
            "/do/release": lambda request: self._act(request, self._wishes.release),
            "/do/retry": lambda request: self._act(request, self._wishes.retry),
        }

    # --- pages ---

    async def _overview(self, request: Request) -> Response:
        visitor = visitor_of(request)
        taken, stale = await self._hands.do(self._view.last_known, ANSWER_S)
        found: dict[str, Any] = {
            "latest": [],
            "unwell": [],
            "unwell_more": 0,
            "busy": [],
            "busy_more": 0,
            "servers": [],
            "publishing": None,
            "left": None,
        }
        if taken is not None:
            found = await self._hands.do(lambda: self._facts_of(taken, visitor), ANSWER_S)
        ledger_error = self._view.running.ledger_error if visitor.folders is None else None

        def render() -> bytes:
            return self._render(
                request,
                "overview.html",
                taken=taken,
                stale=stale,
                ledger_error=ledger_error,
                shown_folder=visitor.sees,
                folder_names=[] if taken is None else [name for name in _names(taken) if visitor.sees(name)],
                counts=words.COUNTS,
                uploads=words.UPLOADS,
                held_word=words.STATES["held"],
                **found,
            )

        if said_to(request):
            return self._answer(request, render())
        kind = (language_of(request), visitor, is_part(request), stale, ledger_error)
        return self._answer(request, self._rendered.of(taken, found, kind, render))

    def _facts_of(self, taken: Taken, visitor: Visitor) -> dict[str, Any]:
        """Return what is shown beside a snapshot: gathered once for all who look at the same one."""
        known = self._gathered.get(visitor.folders)
        if known is None or known[0] is not taken:
            try:
                known = self._gathered[visitor.folders] = taken, self._overview_facts(taken, visitor)
            except BusyError:
                if known is None:
                    raise
        return known[1]

    def _overview_facts(self, taken: Taken, visitor: Visitor) -> dict[str, Any]:
        busy = self._view.running.ask(
            lambda coordinator: list(
                islice(
                    (
                        row
                        for row in facts.under_way(coordinator)
                        if visitor.sees(row.folder) and row.word is not words.STATES["held"]
                    ),
                    LATEST,
                )
            )
        )
        states = ("settling", "ready", "working", "processing")
        total = sum(
            folder["counts"][state]
            for folder in taken.snapshot["folders"]
            if visitor.sees(folder["name"])
            for state in states
        )
        unwell = [facts.finished(drop, job) for drop, job in taken.unwell if visitor.sees(drop.folder)]
        latest = [facts.finished(drop, job) for drop, job in taken.latest if visitor.sees(drop.folder)]
        on_top = {row.number for row in unwell[:UNWELL]}
        return {
            "unwell": unwell[:UNWELL],
            "unwell_more": max(0, len(unwell) - UNWELL),
            "latest": [row for row in latest if row.number not in on_top][:LATEST],
            "busy": busy,
            "busy_more": max(0, total - len(busy)),
            "servers": _servers(taken, visitor),
            "publishing": taken.snapshot["publishing"] if visitor.folders is None else None,  # that of whole companies
            "left": self._time_left(taken),
        }

    def _time_left(self, taken: Taken) -> str | None:
        """Return how long sending will take at the pace of the last half minute; nothing until that is known."""
        now_s, sent = self._view.clock.monotonic(), self._view.sent_bytes()
        self._pace.append((now_s, sent))
        while self._pace and now_s - self._pace[0][0] > PACE_S:
            self._pace.popleft()
        began_s, before = self._pace[0]
        if now_s - began_s < 5.0 or sent <= before:
            return None
        left = sum(job["bytes_total"] - job["bytes_sent"] for job in taken.snapshot["jobs"])
        if left <= 0:
            return None
        return spoken(left * (now_s - began_s) / (sent - before))

    async def _folder(self, request: Request) -> Response:
        visitor = visitor_of(request)
        name = request.path_params["name"]
        taken = await self._hands.do(self._view.latest, ANSWER_S)
        folder = next((folder for folder in taken.snapshot["folders"] if folder["name"] == name), None)
        if folder is None or not visitor.sees(name):
            raise HTTPException(404, "there is no such folder")
        asked = query_of(request)
        needle, outcome = asked.get("q", ""), asked.get("outcome", "")
        if outcome not in {"", *(outcome.value for outcome in Outcome)}:
            raise HTTPException(404, "there is no such outcome")
        busy, ended, has_more = await self._hands.do(
            lambda: facts.of_folder(self._view, name, needle, outcome or None), ANSWER_S
        )
        held = [drop for drop in taken.attention["held"] if drop["folder"] == name]
        if needle or outcome or len(held) < folder["counts"]["held"]:  # then they are with the others, and only there
            held = []
        trouble = next((one for one in taken.attention["folders"] if one["folder"] == name), None)
        return self._page(
            request,
            "folder.html",
            folder=folder,
            held=held,
            held_word=words.STATES["held"],
            busy=[row for row in busy if not held or row.word is not words.STATES["held"]],
            ended=ended,
            has_more=has_more,
            needle=needle,
            outcome=outcome,
            outcomes=[(one.value, word.text) for one, word in words.OUTCOMES.items()],
            trouble=trouble,
            ignored=[file for file in taken.attention["ignored"] if file["folder"] == name],
        )

    async def _file(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number >= 2**63:
            raise HTTPException(404, "there is no file of this number")
        file = await self._hands.do(lambda: facts.of_file(self._view, number), ANSWER_S)
        if file is None or not visitor_of(request).sees(file.row.folder):
            raise HTTPException(404, "there is no file of this number")
        return self._page(
            request,
            "file.html",
            file=file,
            held_by_person=file.waits_for == BY_PERSON,
            may_hold=file.waits_for is not None and file.row.word is words.STATES["ready"],
        )

    async def _upload(self, request: Request) -> Response:
        name = request.path_params["name"]
        upload = await self._hands.do(lambda: facts.of_upload(self._view, name), ANSWER_S)
        if upload is None or not visitor_of(request).sees(upload.job.folder):
            raise HTTPException(404, "there is no such upload")
        return self._page(request, "upload.html", upload=upload, posts=words.POSTS)

    async def _find(self, request: Request) -> Response:
        visitor = visitor_of(request)
        asked = query_of(request).get("q", "").strip()
        explained, rows, ignored = None, [], []
        if asked.startswith("/") and "\0" not in asked and visitor.folders is None:
            explained = await self._lookers.do(lambda: self._view.explain(Path(asked)), ANSWER_S)
            if explained.get("state"):
                explained["word"] = words.of_drop(explained["state"], explained.get("outcome"))
        elif asked:
            rows = await self._hands.do(lambda: facts.search(self._view, asked, visitor.folders), ANSWER_S)
            taken = await self._hands.do(self._view.latest, ANSWER_S)
            ignored = [
                file
                for file in taken.attention["ignored"]
                if asked.casefold() in file["path"].casefold() and visitor.sees(file["folder"])
            ]
        none: dict[str, Any] = {"word": None, "reason": None, "cure": None, "next_at": None, "drop": None}
        return self._page(
            request,
            "find.html",
            asked=asked,
            explained=None if explained is None else none | explained,
            rows=rows,
            ignored=ignored,
        )

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        return self._answer(request, self._render(request, template, **values))

    def _render(self, request: Request, template: str, **values: Any) -> bytes:
        visitor = visitor_of(request)
        common: dict[str, Any] = {
            "part": is_part(request),
            "asked": "",
            "said": said_to(request),
            "token": self._tokens.token if visitor.may_act else "",
            "guest": visitor.folders is not None,
            "version": hotfolder.__version__,
            "folder_word": lambda state: words.FOLDERS.get(state, words.ELSE),
        }
        text = in_language(language_of(request)).get_template(template).render(common | values)
        return text.encode("utf-8", "backslashreplace")

    def _answer(self, request: Request, page: bytes) -> Response:
        headers = {**self._headers, "Content-Language": language_of(request), "Vary": "Accept-Language"}
        return Response(page, headers=headers, media_type="text/html")

    async def _live(self, request: Request) -> Response:
        headers = {**self._headers, "X-Accel-Buffering": "no"}
        return StreamingResponse(self._changes.stream(), headers=headers, media_type="text/event-stream")

    async def _thumb(self, request: Request) -> Response:
        number, visitor = request.path_params["number"], visitor_of(request)
        found = await self._hands.do(lambda: self._view.ledger.drop(number) if number < 2**63 else None, ANSWER_S)
        if found is None or not visitor.sees(found[0].folder):
            raise HTTPException(404, "there is no file of this number")
        drop = found[0]
        picture, media_type = await self._painters.do(lambda: self._thumbs.of(drop), ANSWER_S)
        headers = {**self._headers, "Cache-Control": "private, max-age=86400"}
        return Response(picture, headers=headers, media_type=media_type)

    async def _icon(self, request: Request) -> Response:
        headers = {**self._headers, "Cache-Control": "max-age=86400"}
        return Response(SIGN, headers=headers, media_type="image/svg+xml")

    async def _style_sheet(self, request: Request) -> Response:
        return Response(self._style, headers={**self._headers, "Cache-Control": "max-age=3600"}, media_type="text/css")

    async def _page_script(self, request: Request) -> Response:
        headers = {**self._headers, "Cache-Control": "max-age=3600"}
        return Response(self._script, headers=headers, media_type="text/javascript")

    # --- buttons ---

    async def _act(self, request: Request, carry_out: Callable[..., list[Result]]) -> Response:
        """Do what a button says, and show the page that it was on, with what came of it."""
        visitor = visitor_of(request)
        form = await form_of(request)
        objection = self._tokens.objection(request.headers, request.headers.get("host", ""), form.get("token", ""))
        if objection is not None or not visitor.may_act:
            raise HTTPException(403, objection or "this page is for looking only")

        def act() -> tuple[str, list[Result]]:
            settings = self._view.settings()
            if "folder" in form:
                if settings.folder(form["folder"]) is None:
                    raise HTTPException(404, "there is no such folder")
                return f"/folder/{quote(form['folder'], safe='')}", carry_out(settings, Wish(folder=form["folder"]))
            number = form.get("file", "")
            found = self._view.ledger.drop(int(number)) if number.isascii() and number.isdecimal() else None
            folder = None if found is None else settings.folder(found[0].folder)
            if found is None or folder is None:
                raise HTTPException(404, "there is no file of this number")
            path = folder.path / (found[0].target_path or found[0].path)
            return f"/file/{number}", carry_out(settings, Wish(paths=(path,)))

        place, results = await self._lookers.do(act, ANSWER_S)
        voice = voice_of(language_of(request))
        texts = dict.fromkeys(result["text"] for result in results)
        said = "; ".join(voice.told(text) for text in texts) or voice.say(words.NOTHING_TO_DO)
        location = f"{place}?said={quote(said.encode('utf-8', 'backslashreplace')[:280])}"
        return Response(status_code=303, headers={**self._headers, "Location": location})


def visitor_of(request: Request) -> Visitor:
    """Return who looks."""
    found = request.scope.get(SCOPE, EVERYBODY)
    return found if isinstance(found, Visitor) else EVERYBODY


def _names(taken: Taken) -> list[str]:
    return [folder["name"] for folder in taken.snapshot["folders"]]


def _servers(taken: Taken, visitor: Visitor) -> list[dict[str, Any]]:
    """Return each server with its word; guests are not told what it said."""
    servers = taken.attention["servers"]
    untold = {"error": None, "cure": None, "name": "", "password_cure": None} if visitor.folders is not None else {}
    if len(servers) == 1:
        untold["name"] = ""
    return [server | {"word": words.SERVERS.get(server["state"], words.ELSE)} | untold for server in servers]


def spoken(seconds: float) -> str:
    """Return a remaining time as nobody could blame us for."""
    if seconds < 60:
        return words.LEFT_A_MINUTE
    if seconds < 5400:
        return words.LEFT_MINUTES.format(minutes=round(seconds / 60))
    return words.LEFT_HOURS.format(hours=f"{seconds / 3600:.1f}".removesuffix(".0"))
