"""What can be found out about one file, in every state it may be in."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

from lxml import etree

from tests.acceptance.asking import command, daemon, explained, over_socket
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place
from tests.acceptance.process import PROGRAM

FOR_LONG = {"quiet": "1h", "limit": "2h"}


def test_of_a_file_that_settles_it_is_told_what_is_missing_and_when_it_is_looked_at_again(
    place: Place, images: list[bytes]
) -> None:
    with daemon(place, {"name": "hot", "settle": FOR_LONG}) as process:
        path = place.drop("hot/sub/chair.jpg", images[0])
        process.await_event("drop.seen")

        answer, text = explained(place, path)

    assert answer["state"] == "settling"
    assert answer["reason"] == "not yet unchanged for 60 minutes"
    assert answer["next_at"].endswith("Z")
    assert (answer["destination"], answer["asset"]) == ("hot/sub", "chair")
    assert re.match(r"chair\.jpg was seen (today|yesterday) \d\d:\d\d:\d\d ", text)
    story = " ".join(text.split())
    assert "It has not yet been unchanged for 60 minutes. It is looked at again at" in story
    assert re.search(r"\(in (59|60) minutes\)", story)


def test_of_a_file_that_stays_incomplete_it_is_told_why_and_what_to_do(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot", "settle": {"quiet": "100ms", "limit": "200ms"}}) as process:
        path = place.drop("hot/cut.jpg", images[0][:-20])
        process.await_event("drop.held")

        answer, text = explained(place, path)

    assert answer["state"] == "held"
    assert answer["reason"].startswith("the end of the JPEG is missing, and nothing has changed for")
    assert "goes on by itself when it changes" in answer["cure"]
    assert answer["next_at"]
    assert "\nWhat to do: put right what the reason says" in text


def test_of_a_complete_file_it_is_told_what_it_waits_for_and_until_when(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}, batch={"linger": "1h"}) as process:
        path = place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.ready")

        answer, text = explained(place, path)

    assert answer["state"] == "ready"
    assert answer["reason"] == "complete; waits for its batch to form"
    assert answer["next_at"] > answer["ready_at"]
    assert "JPEG end found" in answer["evidence"]
    assert "Its batch forms at" in " ".join(text.split())


def test_of_a_complete_file_it_is_told_that_the_server_is_away_and_when_it_is_tried_next(
    place: Place, images: list[bytes]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # nobody answers there, and nobody else gets it
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/scene7"
        taken.close()
        with daemon(place, {"name": "hot"}, server={"base_url": base_url}) as process:
            process.await_event("server.unreachable")
            path = place.drop("hot/chair.jpg", images[0])
            process.await_event("drop.ready")

            answer, _ = explained(place, path)
            ready = over_socket(place.root / "control.sock", "GET", "/readyz")
            status = place.status()

    assert answer["state"] == "ready"
    assert answer["reason"].startswith("waits for the server, which is unreachable: ")
    assert (ready.status, ready.data) == (200, {"ready": True, "reasons": []})
    assert status["server"]["state"] == "unreachable"
    assert status["server"]["error"]


def test_of_a_file_on_its_way_it_is_told_that_it_is_sent_and_then_that_the_server_works(
    make_place: MakePlace, images: list[bytes]
) -> None:
    place = make_place(speed=0.01)
    answering = place.box.add_fault(on="UploadFile", do="hold")
    with daemon(place, {"name": "hot"}) as process:
        path = place.drop("hot/chair.jpg", images[0])
        assert answering.met.wait(60)
        sending, _ = explained(place, path)
        at_work, _ = explained(place, Path(sending["now_at"]))
        job_sending = place.status()["jobs"][0]
        answering.release()
        process.await_event("job.posted")

        processing, text = explained(place, path)
        job_processing = place.status()["jobs"][0]

    assert (sending["state"], sending["reason"]) == ("working", "being sent")
    assert sending["now_at"].startswith(str(place.hot("hot") / "_working"))
    assert (at_work["state"], at_work["drop"]) == ("working", sending["drop"])
    assert (processing["state"], processing["reason"]) == ("processing", "sent; the server works on it")
    assert processing["job_handle"]
    assert f"  Job handle:    {processing['job_handle']}\n" in text
    assert "Adobe works on it" in " ".join(text.split())
    assert (job_sending["state"], job_sending["files_total"]) == ("sending", 1)
    assert (job_processing["state"], job_processing["files_sent"]) == ("processing", 1)
    assert job_processing["bytes_sent"] == job_processing["bytes_total"] == len(images[0])
    assert list(job_processing) == [
        *("name", "handle", "folder", "state", "progress", "files_total", "files_sent", "files_done"),
        *("bytes_total", "bytes_sent", "started_at"),
    ]


def test_of_a_file_that_is_done_it_is_told_what_became_of_it_where_it_is_and_when(
    place: Place, images: list[bytes]
) -> None:
    with daemon(place, {"name": "hot"}) as process:
        path = place.drop("hot/chair.jpg", images[0])
        broken = place.drop("hot/broken.jpg", b"no picture at all\n")
        process.await_event("drop.filed", times=2)

        stored, text = explained(place, path)
        failed, _ = explained(place, broken)
        failed_there, _ = explained(place, place.hot("hot") / "_failed" / "broken.jpg")
        there = Path(stored["now_at"]).read_bytes()

    assert (stored["state"], stored["outcome"]) == ("done", "stored")
    assert there == images[0]
    assert stored["filed_at"] >= stored["stored_at"] >= stored["seen_at"]
    assert "stored by Adobe" in " ".join(text.split())
    assert f"  Now at:        {stored['now_at']}\n" in text
    assert stored["is_there"] is True
    assert [moment["what"] for moment in stored["story"]][:4] == ["seen", "complete", "claimed", "sending"]
    assert failed["outcome"] == "failed"
    assert "not a readable JPG file" in failed["reason"]
    assert "'hotfolder retry'" in failed["cure"]
    assert failed["now_at"] == str(place.hot("hot") / "_failed" / "broken.jpg")
    assert failed_there["drop"] == failed["drop"]


def test_of_a_new_file_where_another_was_dropped_before_it_is_told_that_it_is_new(
    place: Place, images: list[bytes]
) -> None:
    with daemon(place, {"name": "hot"}) as process:
        path = place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")
        over_socket(place.root / "control.sock", "POST", "/api/hold", {"folder": "hot"})
        place.drop("hot/chair.jpg", images[2])

        answer, text = explained(place, path)

    assert answer["state"] == "settling"
    assert "the hot folder is held" in answer["reason"]
    assert answer["last_outcome"] == "stored"
    assert "Another file was dropped here before (stored" in " ".join(text.split())


def test_of_what_is_no_drop_it_is_told_why(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot", "include": ["*.jpg"], "exclude": ["draft-*"]}) as process:
        for name in ("Thumbs.db", "draft-1.jpg", "notes.txt"):
            place.drop(f"hot/{name}", b"anything")
        hot = place.hot("hot")
        (hot / "link.jpg").symlink_to(place.config)
        (hot / "sub").mkdir()
        place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")

        reasons = {
            name: explained(place, hot / name)[0]["reason"]
            for name in (
                "Thumbs.db",
                "draft-1.jpg",
                "notes.txt",
                "link.jpg",
                "sub",
                "_done",
                "_working",
                "never.jpg",
                "",
            )
        }
        outside = command(place, "explain", "/etc/passwd")

    assert reasons["Thumbs.db"] == "not a drop: Windows keeps previews in it"
    assert reasons["draft-1.jpg"] == "not a drop: excluded by draft-*"
    assert reasons["notes.txt"] == "not a drop: no include pattern matches"
    assert reasons["link.jpg"].startswith("not a drop: left in place: it is not a file but a link")
    assert reasons["sub"] == "a directory: each file below it is a drop of its own"
    assert reasons["_done"].startswith("a place of hotfolder's own: ")
    assert reasons["_working"].startswith("a place of hotfolder's own: ")
    assert reasons["never.jpg"] == "never seen: nothing is there, and nothing of this name ever was"
    assert reasons[""] == "this is the hot folder itself"
    assert outside.code == 1
    assert "in none of the hot folders" in outside.stdout


def test_a_path_is_known_however_it_is_written(place: Place, images: list[bytes]) -> None:
    """Relative, with "..", and through a link to the hot folder."""
    with daemon(place, {"name": "hot"}, batch={"linger": "1h"}) as process:
        path = place.drop("hot/sub/chair.jpg", images[0])
        process.await_event("drop.ready")
        (place.root / "desk").symlink_to(place.hot("hot"))

        answers = [
            json.loads(
                subprocess.run(
                    [PROGRAM, "-c", place.config, "explain", "--json", spelled],
                    cwd=place.hot("hot"),
                    check=True,
                    capture_output=True,
                ).stdout
            )
            for spelled in ("sub/chair.jpg", "../hot/sub/../sub/chair.jpg", place.root / "desk" / "sub" / "chair.jpg")
        ]

    assert {answer["path"] for answer in answers} == {str(path)}
    assert {answer["state"] for answer in answers} == {"ready"}


def test_options_as_xml_are_those_that_are_sent(place: Place, images: list[bytes]) -> None:
    """The account's handle, the job's name and the handles of names are the server's or the batch's to give."""
    sets = {"autoSetCreationOptions": {"autoSetsArray": ["ps|941"]}, "keywords": ["spring", "{subfolder}"]}
    place.configure(
        {"name": "hot", "options": {"overwrite": True, "crop": {"autoTransparent": {"tolerance": 0.5}}, **sets}}
    )
    path = place.drop("hot/sub/Tür & Tor.jpg", images[0])

    told = command(place, "explain", "--xml", path)
    assert place.run_once().code == 0

    assert told.code == 0, told
    (sent,) = (request for request in place.box.requests if request.operation == "UploadFile")
    assert sent.xml is not None
    before, after = etree.fromstring(told.stdout, etree.XMLParser(remove_blank_text=True)), etree.fromstring(sent.xml)
    for name in ("destFolder", "fileName", "uploadParams"):
        (told_element,), (sent_element,) = before.findall(f"{{*}}{name}"), after.findall(f"{{*}}{name}")
        assert etree.tostring(told_element) == etree.tostring(sent_element)
    assert before.findtext("{*}companyHandle") == "COMPANY-HANDLE"
    assert before.findtext("{*}jobName") == "JOB-NAME"


def test_options_as_xml_show_where_a_handle_goes(place: Place) -> None:
    place.configure(
        {"name": "hot", "options": {"overwrite": True, "projectHandleArray": ["Spring 2026", "p|6|Autumn"]}}
    )
    told = command(place, "explain", "--xml", place.hot("hot") / "chair.jpg")
    assert told.code == 0, told
    items = etree.fromstring(told.stdout).iterfind(".//{*}projectHandleArray/{*}items")
    assert [item.text for item in items] == ["p|HANDLE-OF-Spring 2026", "p|6|Autumn"]


def test_what_is_not_sent_has_no_xml(place: Place) -> None:
    place.configure({"name": "hot"})
    told = command(place, "explain", "--xml", place.hot("hot") / "Thumbs.db")
    assert (told.code, told.stdout) == (1, "")
    assert "not a drop: Windows keeps previews in it" in "".join(told.noise)
