"""The pages as HTML: everything there is to show, and nothing of what is in names counts as HTML."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.status.played import PlayedDaemon, settings_of
from tests.unit.status.test_server import Site, ask_app

from hotfolder.config.languages import catalogue
from hotfolder.core.journal import InsertDrops, InsertJob, InsertPost, InsertPublish
from hotfolder.core.messages import HoldAsked, PostProgressed, PublishFailed
from hotfolder.core.model import DropState, Job, JobState, Outcome, Post, PostState, Publish, PublishState
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import PublishWhen
from hotfolder.status.site import words
from hotfolder.status.site.routes import spoken
from hotfolder.status.sizes import size
from hotfolder.status.snapshot import JOB_STATES, PEOPLE
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.remote import COMPANY

VOID = {"meta", "link", "br", "input", "img"}
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} \u202egpj.exe"
FORBIDDEN = re.compile(r"\b(asset|job|handle|settle|settling)s?\b", re.IGNORECASE)


class Tree(HTMLParser):
    """Checks that every element is closed where it has to be, and keeps the texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        assert not {name for name, _ in attrs if name.startswith("on") or name == "style"}
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def page(site: Site, target: str, part: str = "", language: str = "") -> Tree:
    """Return a page that is well-formed and speaks to people."""
    headers = {"X-Part": part} if part else {}
    headers |= {"Accept-Language": language} if language else {}
    answer = asyncio.run(ask_app(site.app, "GET", target, b"", headers))
    assert answer.status == 200, answer
    tree = Tree(answer.body.decode())
    assert not FORBIDDEN.search(tree.text), FORBIDDEN.search(tree.text)
    return tree


def full_site() -> Site:
    """Return a site that has something of everything."""
    daemon = PlayedDaemon()
    site = Site(daemon=daemon, ledger=daemon.ledger)
    site.daemon.come_up()
    job = Job(
        id=7,
        name="catalog-7",
        folder="catalog",
        options="{}",
        state=JobState.CLOSED,
        created_at=MOMENT,
        handle="j|2101||x",
        first_post_at=MOMENT,
        ended_at=MOMENT,
        log='[{"rows": [{"log_type": "UploadSuccess", "message": "<b>", "asset_name": "a", "at": "2026"}]}]',
    )
    post = Post(
        job=7, number=1, state=PostState.ACCEPTED, ends_job=True, files=1, size_bytes=9, sent_at=MOMENT, reason="why"
    )
    drops = [
        replace(
            drop(1000 + number, f"spring/{HOSTILE}-{outcome}.jpg"),
            folder="catalog",
            state=DropState.FILED,
            outcome=outcome,
            job=7,
            filed_at=MOMENT,
            stored_at=MOMENT,
            target_path=f"_done/{number}.jpg",
            possible_second_copy=True,
            warnings="a remark",
            reason="because",
            retry_of=1000,
        )
        for number, outcome in enumerate(Outcome)
    ]
    site.ledger.commit([InsertJob(job), InsertPost(post), InsertDrops(tuple(drops))])
    for one in drops:
        site.recent.add(one, job)
    site.daemon.drop("Thumbs.db")
    site.daemon.drop("half.jpg")
    site.daemon.drop("chair.jpg", is_complete=True)
    site.daemon.drop("held.jpg", is_complete=True)
    site.daemon.step(HoldAsked("catalog", ("held.jpg",)))
    return site


def test_every_page_is_well_formed_and_has_everything() -> None:
    site = full_site()
    overview = page(site, "/")
    for word in (*words.OUTCOMES.values(), words.STATES["settling"], words.STATES["ready"], words.STATES["held"]):
        assert word.text in overview.text
    assert "There may be a second copy of it online." in overview.text
    assert "The website still shows the old image." in overview.text
    assert overview.tags.count("script") == 1
    folder = page(site, "/folder/catalog")
    assert "chair.jpg" in folder.text
    assert HOSTILE.replace("\u202e", r"\u202e") in folder.text
    file = page(site, "/file/1001")
    assert "catalog-7" in file.text
    assert "a remark" in file.text
    upload = page(site, "/upload/catalog-7")
    assert "UploadSuccess" in upload.text
    assert "<b>" in upload.text
    assert page(Site(), "/").text.count("Nothing") == 3


def test_every_page_speaks_the_language_of_the_browser() -> None:
    site = full_site()
    sentences = [text for text, french in catalogue("fr").items() if text != french and " " in text and "{" not in text]
    overview = page(site, "/", language="fr-CA,fr;q=0.9,en;q=0.1")
    for word in (
        "Envoyé",
        "A remplacé l'image précédente",
        "Le site montre encore l'ancienne image.",
        "Copie en cours",
    ):
        assert word in overview.text
    for target in ("/", "/folder/catalog", "/file/1001", "/upload/catalog-7", "/find?q=chair", "/find?q=none"):
        french = page(site, target, language="fr").text
        assert [english for english in sentences if english in french] == []
    assert "Why is my file not there yet?" in page(site, "/", language="de").text


def test_every_link_of_a_page_leads_somewhere() -> None:
    site = full_site()
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        target = waiting.pop()
        if target in seen or target.startswith(("#", "/page.", "/icon", "/api", "/metrics")):
            continue
        seen.add(target)
        waiting += page(site, target).links
    assert {"/", "/folder/catalog", "/upload/catalog-7", "/file/1001"} <= seen


def test_a_file_that_is_held_before_it_is_complete_is_told_with_the_rest() -> None:
    """It is no drop yet and has no page of its own; nor may it cost anybody the others' page."""
    site = full_site()
    site.daemon.coordinator.desks["catalog"].settling["half.jpg"].held = "the end of the JPEG is missing"
    site.daemon.clock.advance(1.0)
    overview = page(site, "/")
    assert "catalog/half.jpg" in overview.text
    assert "the end of the JPEG is missing" in overview.text


def test_a_part_is_the_middle_of_the_page_only() -> None:
    part = page(full_site(), "/", part="main")
    assert "html" not in part.tags
    assert "Uploaded" in part.text


def test_a_folder_is_searched_by_name_and_narrowed_by_outcome() -> None:
    site = full_site()
    assert "chair.jpg" not in page(site, "/folder/catalog?q=HALF").text
    assert "half.jpg" in page(site, "/folder/catalog?q=HALF").text
    failed = page(site, "/folder/catalog?outcome=failed").text
    assert "-failed.jpg" in failed
    assert "-stored.jpg" not in failed
    assert site.ask("/folder/catalog?outcome=nope").status == 404
    assert site.ask("/folder/nope").status == 404


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("chair", "Waiting"),
        ("HALF", "Still copying"),
        ("-stored", "Uploaded"),
        ("thumbs", "Windows keeps previews in it"),
        ("never seen", "No file with this in its name was seen."),
        ("/catalog/half.jpg", "Still copying"),
        ("/elsewhere/x.jpg", "in none of the hot folders"),
        ("", "Write a part of its name"),
    ],
)
def test_whoever_asks_for_a_file_is_told_how_it_stands(asked: str, told: str) -> None:
    assert told in page(full_site(), f"/find?q={quote(asked)}").text


@pytest.mark.parametrize("target", ["/file/5", "/file/99999999999999999999", "/upload/nope", "/thumb/5", "/folder/x"])
def test_what_is_not_there_is_told(target: str) -> None:
    assert Site().ask(target).status == 404


def test_every_state_has_its_words() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.STATES) == set(PEOPLE.values()) - {"done"} | {"settling"}
    assert set(words.UPLOADS) == set(JOB_STATES.values())
    every: list[words.Word] = [*words.STATES.values(), *words.OUTCOMES.values(), *words.FOLDERS.values()]
    for word in [*every, *words.SERVERS.values()]:
        assert word.sign, "nothing is told by colour alone"
        assert not FORBIDDEN.search(word.text + word.more)


def test_sizes_and_times_are_for_people() -> None:
    assert [size(number) for number in (0, 999, 1500, 2_000_000, 3_500_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.5 KB",
        "2.0 MB",
        "3500.0 GB",
    ]
    assert spoken(20) == "less than a minute left to send"
    assert spoken(200) == "about 3 minutes left to send"
    assert spoken(7200) == "about 2 hours left to send"


# --- buttons ---


def press(site: Site, target: str, body: str, **headers: str) -> Any:
    every = {"host": "127.0.0.1:8480"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(ask_app(site.app, "POST", target, body.encode(), every))


def state_of(site: Site) -> str:
    return site.daemon.coordinator.desks["catalog"].state


def token_of(site: Site) -> str:
    found = re.search(rb'name="token" value="([^"]+)"', site.ask("/folder/catalog").body)
    assert found
    return found[1].decode()


def test_buttons_do_what_they_say_and_lead_back_to_their_page() -> None:
    site = full_site()
    token = token_of(site)
    answer = press(site, "/do/hold", f"token={token}&folder=catalog", origin="http://127.0.0.1:8480")
    assert answer.status == 303
    assert answer.headers["location"].startswith("/folder/catalog?said=held")
    assert state_of(site) == "held"
    press(site, "/do/release", f"token={token}&folder=catalog")
    assert state_of(site) == "watching"
    assert press(site, "/do/release", f"token={token}&file=1").status in (303, 404)
    assert press(site, "/do/retry", f"token={token}&file=12345").status == 404
    assert press(site, "/do/retry", f"token={token}&folder=nope").status == 404


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("folder=catalog", {}),
        ("token=wrong&folder=catalog", {}),
        ("token={token}&folder=catalog", {"origin": "http://evil.example"}),
        ("token={token}&folder=catalog", {"origin": "null"}),
        ("token={token}&folder=catalog", {"sec-fetch-site": "cross-site"}),
        ("token={token}&folder=catalog", {"sec-fetch-site": "same-site"}),
    ],
)
def test_a_button_on_another_page_does_nothing(body: str, headers: dict[str, str]) -> None:
    site = full_site()
    answer = press(site, "/do/hold", body.format(token=token_of(site)), **headers)
    assert answer.status == 403
    assert state_of(site) == "watching"


def test_what_a_button_brought_is_only_text() -> None:
    assert "<script>x</script>" in page(full_site(), f"/folder/catalog?said={quote('<script>x</script>')}").text


def test_time_left_is_told_once_the_pace_is_known() -> None:
    site = full_site()
    sent = [0]
    site.view.sent_bytes = lambda: sent[0]
    assert "left to send" not in page(site, "/").text
    site.daemon.clock.advance(1.0)
    site.daemon.step(PostProgressed(1, 1, 5))
    assert "left to send" not in page(site, "/").text


def test_a_button_answers_in_the_language_of_the_browser() -> None:
    site = full_site()
    answer = press(site, "/do/hold", f"token={token_of(site)}&folder=catalog", **{"accept-language": "fr"})
    assert answer.headers["location"].startswith("/folder/catalog?said=en%20pause")


def publishing_site(when: PublishWhen | time) -> Site:
    """Return a site of a daemon in whose company three files wait to be published."""
    ledger = FakeLedger()
    wanted = json.dumps({"catalog": "" if when is PublishWhen.AFTER_JOB else "2026-03-01T22:00"})
    waiting = Publish(id=1, company=COMPANY.name, state=PublishState.WAITING, created_at=MOMENT, wanted=wanted, files=3)
    ledger.commit([InsertPublish(waiting)])
    given = settings_of("catalog")
    given = replace(given, folders=(replace(given.folders[0], publish=when),))
    daemon = PlayedDaemon(ledger=ledger, unfinished=ledger.unfinished(), given=given)
    daemon.come_up()
    return Site(daemon=daemon, ledger=ledger)


def test_files_that_wait_to_be_published_are_told_with_their_time() -> None:
    assert "Files that go live with the publish at 2026-03-01 22:00: 3." in page(publishing_site(time(22, 0)), "/").text


def test_publishing_that_is_not_allowed_needs_somebody() -> None:
    site = publishing_site(PublishWhen.AFTER_JOB)
    assert "Files being published: 3." in page(site, "/").text
    trouble = Trouble(kind=Kind.PERMANENT, text="this user may not publish", code=20003)
    site.daemon.step(PublishFailed(1, trouble))
    site.daemon.clock.advance(1.0)
    text = page(site, "/").text
    assert "Publishing 3 files are stored and do not go live. this user may not publish give the user a role" in text


def test_the_page_of_a_file_says_when_it_went_live() -> None:
    site = full_site()
    out = Publish(id=1, company=COMPANY.name, state=PublishState.PUBLISHED, created_at=MOMENT, files=1, ended_at=MOMENT)
    stored = replace(drop(99, "live.jpg"), state=DropState.FILED, outcome=Outcome.STORED, filed_at=MOMENT, job=99)
    done = Job(
        id=99, name="catalog-99", folder="catalog", options="{}", state=JobState.CLOSED, created_at=MOMENT, publish=1
    )
    site.ledger.commit([InsertPublish(out), InsertJob(done), InsertDrops((stored,))])
    text = page(site, "/file/99").text
    assert "Went live" in text
    assert "it went live on 2026-01-31 at 12:00 UTC" in text


def test_what_is_rendered_for_one_is_not_shown_to_who_wants_it_otherwise() -> None:
    site = full_site()
    whole, french, part = page(site, "/"), page(site, "/", language="fr"), page(site, "/", part="main")
    said = page(site, "/?said=the%20folder%20waits")
    assert "Folders" in whole.text
    assert "Dossiers" in french.text
    assert "html" in whole.tags
    assert "html" not in part.tags
    assert "the folder waits" in said.text
    assert "the folder waits" not in page(site, "/").text
    assert page(site, "/").text == whole.text
    site.daemon.drop("new.jpg", is_complete=True)
    site.daemon.clock.advance(1.0)
    assert "new.jpg" in page(site, "/").text


def test_what_is_held_is_above_the_rest_of_its_folder_with_what_to_do_and_once() -> None:
    site = full_site()
    folder = page(site, "/folder/catalog")
    assert folder.text.index("Needs somebody") < folder.text.index("held.jpg") < folder.text.index("On the way")
    assert folder.text.count("Let it go on held.jpg") == 1
    assert folder.text.count("held.jpg") == 2  # its name, and that of its button
    found = page(site, "/folder/catalog?q=held")
    assert "Needs somebody" not in found.text
    assert "held.jpg" in found.text


def test_what_was_not_uploaded_stays_on_top_with_what_to_do_until_it_is() -> None:
    site = Site()
    site.daemon.come_up()

    def end(number: int, path: str, outcome: Outcome) -> None:
        at = site.daemon.clock.now()
        one = replace(drop(number, path), folder="catalog", state=DropState.FILED, outcome=outcome, filed_at=at)
        site.recent.add(one, None)

    end(1, "bad.jpg", Outcome.UNKNOWN)
    for number in range(2, 60):
        end(number, f"{number}.jpg", Outcome.STORED)
    first = page(site, "/")
    assert first.text.count("bad.jpg") == 2  # its name, and that of its button
    assert first.text.index("Please look at these") < first.text.index("bad.jpg") < first.text.index("Latest")
    assert 'whether it is online as "' in first.text
    assert "À regarder" in page(site, "/", language="fr").text
    end(60, "bad.jpg", Outcome.STORED)
    site.daemon.clock.advance(1.0)
    assert "Please look at these" not in page(site, "/").text
