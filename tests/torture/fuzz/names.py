"""
Names of files, as people, Macs, Windows and attackers make them: through looking, claiming, sending and filing on a
real file system, and through everything that is written about them.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
import os
import random
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lxml import etree

from hotfolder.core import naming
from hotfolder.core.companions import note_name, receipt_name
from hotfolder.core.messages import (
    ClaimItem,
    ClaimStatus,
    Fate,
    FilingItem,
    FilingStatus,
    LookItem,
    LookStatus,
    Notice,
)
from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.core.notes import note, receipt_text
from hotfolder.core.rules import Router
from hotfolder.core.server import Company
from hotfolder.edges.files import FolderFiles
from hotfolder.edges.logs import NoticeLog, Redaction
from hotfolder.ips.documents import upload_document
from hotfolder.ips.multipart import frame
from tests.torture.fuzz.mutation import demand
from tests.torture.settings import OPTIONS, folder

LETTERS: Final = (
    "abAB01-_. ~#()[]!^",
    "\\;:?@&=+$,*\"<>|'{}%`",
    "äÄéßİıſK字𝒳אب",
    "\u0301\u0308\u0338\u037e\u0958\u202e\u200d\ufe0f\uf021\uf022\uf028\uf029\uf03a",
    "\n\r\t\x01\x1b\x7f\x85\u2028\ufffe",
)
ENDINGS: Final = (".jpg", ".PSD", ".tar.gz", ".tif", ".", "", ".jpg ", ".…", ".receipt.toml", " - NOT SENT.txt")
STARTS: Final = ("", "", "", ".", "..", "-rf ", "~$", "_", "CON", "=cmd|' /C calc'!A0", "$(id)", "_working", "%n")
COMPANY: Final = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")
MOMENT: Final = datetime(2026, 3, 1, tzinfo=UTC)
CONTENT: Final = b"content of a name"


def made(number: int) -> str:
    """Return the name of a number, as Python has it: bytes that are not UTF-8 as surrogates."""
    chance = random.Random(f"name {number}")
    if chance.random() < 0.15:
        raw = bytes(
            chance.choice((chance.randint(1, 255), chance.randint(97, 122))) for _ in range(chance.randint(1, 40))
        )
    else:
        alphabet = "".join(chance.sample(LETTERS, chance.choice((1, 1, 2, 3)), counts=(5, 5, 5, 4, 1)))
        length = chance.choice((1, 3, 8, 20, 100, 255))
        stem = "".join(chance.choice(alphabet) for _ in range(length))
        raw = (chance.choice(STARTS) + stem + chance.choice(ENDINGS)).encode()
    raw = raw.replace(b"/", b"_").replace(b"\0", b"_")[: chance.choice((255, 255, 254, 250))]
    return os.fsdecode(raw if raw not in (b".", b"..") else b"x")


def try_one(number: int, place: Path) -> None:
    """Try one name."""
    name = made(number)
    root = place / "names"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    _try_words(name)
    if name.casefold() not in ("_working", "_done", "_check", "_failed", "_status.html"):
        _try_files(name, root)


def _try_words(name: str) -> None:
    sent = naming.sent_name(name)
    demand(naming.sent_name(sent) == sent, "sending a name twice gives another one")
    header = naming.header_name(name, 7)
    demand(header.isascii() and header.isprintable() and not set(header) & set('"\\/\r\n'), f"{header!a} in a header")
    for companion in (note_name(name), receipt_name(name)):
        demand(len(os.fsencode(companion)) <= 255 and companion != name, f"{companion!a} for a companion")
    Router(folder("catalog")).route(name, MOMENT.replace(tzinfo=None))
    if naming.unusable(name) is None:
        _try_post(sent, header)
    _try_log(name)


def _try_post(sent: str, header: str) -> None:
    """The POST is framed so that an independent reader finds one file under the right name, and nothing else."""
    parameters = upload_document(
        company=COMPANY,
        destination="Catalog",
        job_name="j",
        job_handle=None,
        options=json.dumps({**OPTIONS, "overwrite": True}),
        file_name=None if naming.is_plain(sent) else sent,
        end_job=True,
    )
    told = etree.fromstring(parameters, etree.XMLParser(resolve_entities=False))
    file_name = told.findtext("{*}fileName")
    demand((file_name or header) == sent, f"{file_name or header!a} is sent for {sent!a}")
    framing = frame(boundary="b" * 20, auth=b"<a/>", parameters=parameters, files=[(header, len(CONTENT))])
    body = framing.before[0] + CONTENT + framing.closing
    demand(len(body) == framing.content_length, "the length is another one")
    message = email.message_from_bytes(
        b"Content-Type: " + framing.content_type.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    parts = list(message.iter_parts())
    demand(len(parts) == 3, f"{len(parts)} parts")
    demand(parts[2].get_filename() == header, f"{parts[2].get_filename()!a} for {header!a}")
    demand(parts[2].get_payload(decode=True) == CONTENT, "other bytes")


def _try_log(name: str) -> None:
    """A log line stays one line, and tells the name."""
    stream = io.StringIO()
    NoticeLog(Redaction(), stream=stream).notices([Notice("drop.seen", {"path": name})])
    lines = stream.getvalue().splitlines()
    demand(len(lines) == 1 and lines[0].isprintable(), f"log lines {lines!a}")
    demand("path" in json.loads(lines[0]), "no path in the log")


def _try_files(name: str, root: Path) -> None:
    """It is looked at, claimed, read and filed with its note and receipt, or left where it is."""
    (root / name).write_bytes(CONTENT)
    files = FolderFiles(root)
    (looked,) = files.look([LookItem(name, evidence_always=True)])
    if looked.status is LookStatus.UNSAFE:
        demand((root / name).read_bytes() == CONTENT, "an unsafe name was touched")
        return
    demand(looked.status is LookStatus.PRESENT and looked.observation is not None, f"a look finds {looked}")
    assert looked.observation is not None
    identity = looked.observation.identity
    work = f"_working/job/{name}"
    (claimed,) = files.claim([ClaimItem(1, name, work, identity)])
    demand(claimed.status is ClaimStatus.CLAIMED, f"the claim comes to {claimed}")
    reader = files.open_for_sending(work, identity)
    demand(b"".join(bytes(block) for block in reader.blocks()) == CONTENT, "other bytes are sent")
    reader.close()
    drop = Drop(
        id=1,
        folder="catalog",
        path=name,
        state=DropState.FILING,
        identity=identity,
        seen_at=MOMENT,
        outcome=Outcome.FAILED,
        reason=f"because of {name}",
        asset=naming.asset_id(name),
        sent_name=naming.sent_name(name),
        target_path=f"_failed/{name}",
        stored_at=MOMENT,
    )
    suffix, text = note(drop, folder("catalog"))
    receipt = receipt_text(drop, None)
    tomllib.loads(receipt)
    item = FilingItem(
        drop=1,
        source_path=work,
        identity=identity,
        fate=Fate.MOVE,
        target_path=f"_failed/{name}",
        note=(f"_failed/{note_name(name, suffix)}", text),
        receipt=(f"_failed/{receipt_name(name)}", receipt),
    )
    (filed,) = files.file_away([item])
    demand(filed.status is FilingStatus.FILED, f"filing comes to {filed}")
    left = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    demand(len(left) == 3 and (root / "_failed" / name).read_bytes() == CONTENT, f"left are {sorted(left)!a}")
    for path in left.values():
        if path != root / "_failed" / name:
            path.read_bytes().decode()
