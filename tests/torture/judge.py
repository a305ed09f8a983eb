"""
The judge: looks at what is left after a history and says what is wrong. It shares no code with the daemon.

It takes what users dropped, what lies in the share, what the server holds, and the ledger as plain SQLite; and it asks

- conservation: everything dropped is at exactly one place, or its user took it away;
- truth: what the ledger states is what the server holds, and every further copy is stated as possible;
- progress: nothing lies in its place or in `_working` any more, and nothing failed without a reason;
- containment: what was not dropped is not on the wire, and the password is nowhere.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

STORED: Final = ("stored", "updated", "renamed")

PLACES: Final = {
    **dict.fromkeys(("stored", "updated"), "_done"),
    **dict.fromkeys(("renamed", "unknown"), "_check"),
    **dict.fromkeys(("failed", "duplicate", "rejected"), "_failed"),
}

COMPANIONS: Final = (" - NOT SENT.txt", " - PLEASE CHECK.txt", ".receipt.toml")

_UNSAFE_NOTE: Final = re.compile(r"(^|/)\.hotfolder-[0-9a-f]{16}\.tmp$")
"""
What a crash leaves of a note about a link that its user then took away: hidden, and cleared when there is one again.
"""

LOST, COPY, UNTRUE, LEAK, STUCK, LITTER = "lost", "unnoticed copy", "untrue", "leak", "stuck", "litter"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(slots=True)
class Dropped:
    """One version of one file that a user put into a hot folder; no two have the same bytes."""

    folder: str
    path: str
    sha256: str
    inode: int
    mtime_ns: int
    is_taken: bool = False  # by its user: deleted, replaced or written over
    is_afterthought: bool = False  # written into a file that had left its place: kept, but no drop of its own
    is_unsafe: bool = False  # a link or something else that is left in its place
    excuses: set[str] = field(default_factory=set)  # why it may not be stored


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger states of one drop."""

    id: int
    folder: str
    inode: int
    mtime_ns: int
    state: str
    outcome: str | None
    reason: str
    sha256: str | None
    target: str | None
    possible_second_copy: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What is left of one history."""

    dropped: Sequence[Dropped]
    share: Mapping[str, Mapping[str, str]]  # by hot folder: path to SHA-256, of every file
    copies: Sequence[tuple[str, str]]  # asset and SHA-256, each time that something was stored
    rows: Sequence[Row]
    keeps: Collection[str] = ()  # hot folders whose originals stay in their places
    deletes: Collection[str] = ()  # those whose stored originals are deleted
    may_be_unfinished: bool = False  # the daemon was not given the time to come to its end


def read_rows(ledger: Path) -> list[Row]:
    """Read what a ledger states, without the daemon's help."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return [
            Row(
                id=row["id"],
                folder=row["folder"],
                inode=row["inode"] % 2**64,
                mtime_ns=row["mtime_s"] * 10**9 + row["mtime_part_ns"],
                state=row["state"],
                outcome=row["outcome"],
                reason=row["reason"],
                sha256=row["sha256"],
                target=None if row["target_path"] is None else bytes(row["target_path"]).decode("utf-8", "replace"),
                possible_second_copy=bool(row["possible_second_copy"]),
            )
            for row in db.execute("select * from drops order by id")
        ]


def judge(evidence: Evidence) -> list[Finding]:
    """Return everything that is wrong."""
    places: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for folder, files in evidence.share.items():
        for path, digest in files.items():
            places[digest].append((folder, path))
    rows: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in evidence.rows:
        rows[row.inode, row.mtime_ns].append(row)
    copies = Counter(digest for _, digest in evidence.copies)
    findings: list[Finding] = []
    for drop in evidence.dropped:
        findings += _judge_drop(
            drop, places[drop.sha256], rows[drop.inode, drop.mtime_ns], copies[drop.sha256], evidence
        )
    findings += _strangers(evidence)
    return findings


def _judge_drop(
    drop: Dropped, places: Sequence[tuple[str, str]], rows: Sequence[Row], copies: int, evidence: Evidence
) -> list[Finding]:
    what = f"{drop.folder}/{drop.path} ({drop.sha256[:8]})"
    findings: list[Finding] = []
    last = rows[-1] if rows else None
    is_deleted = drop.folder in evidence.deletes and last is not None and last.outcome in ("stored", "updated")
    if drop.is_unsafe:
        if copies:
            findings.append(Finding(LEAK, f"{what} was sent, and should have been left alone"))
        return findings
    if len(places) > 1:
        findings.append(Finding(LITTER, f"{what} is at {len(places)} places: {places}"))
    if not places and not drop.is_taken and not (is_deleted and copies):
        findings.append(Finding(LOST, f"{what} is nowhere; the ledger says {_said(rows)}"))
    findings += _judge_truth(what, rows, copies)
    if not evidence.may_be_unfinished and places and not (drop.is_taken or drop.is_afterthought):
        findings += _judge_progress(what, drop, places[0], last, evidence)
    return findings


def _judge_truth(what: str, rows: Sequence[Row], copies: int) -> list[Finding]:
    stated = sum(row.outcome in STORED for row in rows)
    may_be = sum(row.outcome == "unknown" for row in rows)
    may_be += sum(row.state not in ("filed", "withdrawn") and row.outcome is None for row in rows)
    if any(row.possible_second_copy for row in rows):
        may_be = copies
    if copies > stated + may_be:
        return [Finding(COPY, f"{what} is {copies} times on the server; the ledger says {_said(rows)}")]
    if copies < stated:
        return [Finding(UNTRUE, f"{what} is {copies} times on the server; the ledger says {_said(rows)}")]
    return []


def _judge_progress(
    what: str, drop: Dropped, place: tuple[str, str], last: Row | None, evidence: Evidence
) -> list[Finding]:
    folder, path = place
    if last is None or last.state != "filed" or last.outcome is None:
        return [Finding(STUCK, f"{what} lies at {path}; the ledger says {_said([] if last is None else [last])}")]
    findings = []
    top = path.partition("/")[0]
    if folder not in evidence.keeps and top != PLACES[last.outcome]:
        findings.append(Finding(STUCK, f"{what} lies at {path}; the ledger says {_said([last])}"))
    if last.outcome not in ("stored", "updated") and not drop.excuses:
        findings.append(Finding(STUCK, f"{what} was not stored, for no reason: {_said([last])}"))
    return findings


def _strangers(evidence: Evidence) -> list[Finding]:
    """Look for what nobody dropped: on the server, and in the share beside our own notes and receipts."""
    known = {drop.sha256 for drop in evidence.dropped}
    findings = [
        Finding(LEAK, f"the server has something that nobody dropped, as {asset}")
        for asset, digest in evidence.copies
        if digest not in known
    ]
    for folder, files in evidence.share.items():
        findings += [
            Finding(LITTER, f"{folder}/{path} is nobody's")
            for path, digest in files.items()
            if digest not in known
            and not (path.endswith(COMPANIONS) or path == "_status.html" or _UNSAFE_NOTE.search(path))
        ]
    return findings


def _said(rows: Sequence[Row]) -> str:
    if not rows:
        return "nothing of it"
    return "; ".join(
        f"{row.id}: {row.state} {row.outcome or ''} {row.reason!r}"
        + (" (possible second copy)" if row.possible_second_copy else "")
        for row in rows
    )


# --- receipts ---


def judge_receipts(evidence: Evidence, receipts: Mapping[str, bytes]) -> list[Finding]:
    """
    Compare receipts, by "FOLDER/PATH", with what lies beside them.

    The digest is of the bytes sent and comes with the POST's result, so one who was killed before never learnt it.
    """
    afterthoughts = {drop.sha256 for drop in evidence.dropped if drop.is_afterthought}
    findings: list[Finding] = []
    for place, data in receipts.items():
        try:
            receipt: dict[str, Any] = tomllib.loads(data.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            findings.append(Finding(UNTRUE, f"{place} cannot be read: {error}"))
            continue
        if not {"sha256", "outcome"} <= receipt.keys():
            findings.append(Finding(UNTRUE, f"{place} is cut short"))
            continue
        folder, _, path = place.partition("/")
        original = evidence.share[folder].get(path.removesuffix(".receipt.toml"))
        if original is None or original in afterthoughts or receipt["outcome"] not in STORED:
            continue
        if receipt["sha256"] not in ("", original):
            findings.append(Finding(UNTRUE, f"{place} tells of other bytes than lie beside it"))
    return findings


# --- secrets ---


def judge_secrets(secrets: Mapping[str, bytes], outputs: Mapping[str, bytes]) -> list[Finding]:
    """Look for secrets, each also as JSON, XML and URLs write it, in everything that the daemon put out."""
    findings = []
    for name, secret in secrets.items():
        forms = {form for form in _forms(secret) if form}
        findings += [
            Finding(LEAK, f"{name} is in {where}") for where, data in outputs.items() if any(f in data for f in forms)
        ]
    return findings


def _forms(secret: bytes) -> Iterable[bytes]:
    from html import escape
    from urllib.parse import quote

    text = secret.decode("utf-8", "replace")
    yield secret
    yield json.dumps(text)[1:-1].encode()
    yield escape(text).encode()
    yield escape(text, quote=False).encode()
    yield quote(text).encode()
